/** A process that opens a ledger with its LevelDB index, or dies over it, and tells the answers. */

import { openLedger } from '../../../controller/ledger/ledger.ts';
import { levelIndex } from '../../../controller/ledger/level-index.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { answers } from './books.ts';

const [, , directory = '', dies] = process.argv;
const level = levelIndex(`${directory}/index`);
const index = dies ? { ...level, load: () => process.abort() } : level;
const ledger = await openLedger({ disk: systemDisk, directory, segment_bytes: 4_000, index });
if (!ledger.ok) process.stdout.write(`FAULT ${ledger.fault.detail}\n`);
else {
  process.stdout.write(JSON.stringify(answers(ledger.value, 20)));
  await ledger.value.close();
}
