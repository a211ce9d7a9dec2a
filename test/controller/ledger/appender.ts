/** A process that appends until it is killed; prints the number of each confirmed record. */

import { openLedger } from '../../../controller/ledger/ledger.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { intent } from './samples.ts';

const ledger = await openLedger({
  disk: systemDisk,
  directory: process.argv[2] ?? '',
  segment_bytes: 20_000,
});
if (!ledger.ok) {
  process.stdout.write(`FAULT ${ledger.fault.detail}\n`);
} else {
  process.stdout.write('READY\n');
  for (let counter = 0; ; counter = (counter + 1) % 65_536) {
    const replies = await Promise.all(
      [0, 1, 2].map(() => ledger.value.append(intent({ counter }))),
    );
    for (const reply of replies) process.stdout.write(`${reply.ok ? reply.value : 'FAULT'}\n`);
  }
}
