/**
 * A whole session of a planted person in a process of its own: card, PIN, full print, payment. Then
 * the card leaves, garbage is collected, and the heap is written to the file that was named.
 * Prints the log and the last view, as a parent may search them. Run with --expose-gc.
 */

import { writeHeapSnapshot } from 'node:v8';
import type { CardReport } from '../../controller/kiosk/report.ts';
import { report as sample } from '../controller/kiosk/slip/samples.ts';
import { KioskBench } from './kiosk-bench.ts';

const [, , file = ''] = process.argv;
/** Put together at run time: a constant of the program would stay in the heap for ever. */
const planted = (parts: readonly number[]) => String.fromCodePoint(...parts);

async function session(): Promise<void> {
  const bench = new KioskBench();
  await bench.start();
  await visit(bench);
  process.stdout.write(`${bench.log.join('\n')}\n${JSON.stringify(bench.view)}\n`);
  process.stdout.write(
    `${bench.disk.memory.peek('ledger/ledger-000001.log').toString('latin1')}\n`,
  );
  // What the bench itself remembers of the person is not the kiosk's.
  bench.report = { ok: true, value: sample };
  bench.pins.length = 0;
  bench.slips.length = 0;
  kept.push(bench);
}

async function visit(bench: KioskBench): Promise<void> {
  const card = bench.purse();
  const { ssc, purse } = sample;
  if (!ssc?.holder || !purse) throw new Error('the sample has a holder and a purse');
  const name = planted([0x9a8a, 0x9a89, 0x9a81]);
  const citizenNumber =
    planted([...'330203'].map(codeOf)) + planted([...'19660909771X'].map(codeOf));
  const photo = Buffer.alloc(600, planted([0x50, 0x4c, 0x41, 0x4e, 0x54, 0x45, 0x44]));
  const person: CardReport = {
    ...sample,
    purse: { ...purse, serial: card.serial, balance_fen: 5_000 },
    ssc: {
      ...ssc,
      holder: { ...ssc.holder, name, citizenNumber },
      photo: { type: 'jpeg', bytes: photo },
    },
  };
  await bench.lay(card, person);
  await bench.do({ type: 'reveal', on: true }, { type: 'service', service: 'insurance' });
  await bench.type(planted([55, 51, 57, 49, 56, 50, 52, 54, 53, 48]));
  await bench.do({ type: 'print', what: 'information', full: true }, { type: 'back' });
  await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' });
  if (bench.pins.length !== 1) throw new Error('no PIN was tried');
  bench.screen('paid');
  await bench.lift(card);
  await bench.moment(15_000);
  bench.screen('welcome');
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** Stay in the heap: the parent must find them, or it searches in vain. */
const control = [planted([0x9a8a, 0x9a80]), planted([...'CONTROL-7'].map(codeOf))];
const kept: KioskBench[] = [];
await session();
for (let round = 0; round < 5; round += 1) {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}
writeHeapSnapshot(file);
process.stdout.write(`kept ${kept.length} ${control.length}\n`);
