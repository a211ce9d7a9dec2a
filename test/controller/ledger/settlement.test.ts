/** Retention: what the host has settled may go, and the books still tell a whole story. */

import * as assert from 'uvu/assert';
import {
  ledgerSettle,
  ledgerVerify,
  type SettleOptions,
} from '../../../controller/commands/ledger.ts';
import type { Ledger } from '../../../controller/ledger/ledger.ts';
import type { LedgerRecord } from '../../../controller/ledger/records.ts';
import { readSettled } from '../../../controller/ledger/settlement.ts';
import { explainReport, verifyLedger } from '../../../controller/ledger/verify.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import {
  answers,
  cardOf,
  DIRECTORY,
  diskIndex,
  fileOf,
  open,
  rest,
  tap,
  usedBytes,
} from './books.ts';
import { intent, passage } from './samples.ts';

const settlement = feature('ledger settlement');
const SMALL = { segment_bytes: 4_000 };
/** Days since 1 July 2026, at noon in China. */
const noon = (day: number) => ({
  wall_ms: Date.UTC(2026, 6, 1 + day, 4),
  utc_offset_minutes: 480,
  keep_days: 7,
});

/** Taps of 1 to 9 July over several segments. */
async function nineDays(disk = new MemoryDisk()) {
  const ledger = await open(disk, { ...SMALL, index: diskIndex(disk) });
  for (let n = 0; n < 18; n += 1) await tap(ledger, n, `2026070${1 + Math.floor(n / 2)}083000`);
  await rest();
  return { disk, ledger };
}

function command(disk: MemoryDisk) {
  const told: string[] = [];
  const errors: string[] = [];
  const io = {
    out: (line: string) => told.push(line),
    write: async () => {},
    err: (line: string) => errors.push(line),
    env: {},
    disk,
    clock: createFakeClock(),
  };
  return { io, told, errors };
}

async function settle(disk: MemoryDisk, through: number, more: Partial<SettleOptions> = {}) {
  const { io, told, errors } = command(disk);
  const code = await ledgerSettle(io, DIRECTORY, { through, ...more });
  return { code, told, errors };
}

async function tidied(ledger: Ledger, day: number): Promise<number> {
  const reply = await ledger.tidy(noon(day));
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

const logs = async (disk: MemoryDisk) =>
  (await disk.list(DIRECTORY)).filter((name) => name.endsWith('.log')).length;

settlement.test('GIVEN nothing settled THEN nothing goes, however old', async () => {
  const { disk, ledger } = await nineDays();
  const files = await logs(disk);
  assert.is(await tidied(ledger, 400), 0);
  assert.is(await logs(disk), files);
});

settlement.test('GIVEN settled and old segments THEN they go and the books are whole', async () => {
  const { disk, ledger } = await nineDays();
  const files = await logs(disk);
  const { code, told } = await settle(disk, 60);
  assert.is(code, 0);
  assert.match(told[0] ?? '', /^settled through record 60 \(hash [0-9a-f]{32}\)$/);
  assert.match(told[1] ?? '', /^ledger-00000\d.log stays, and all behind it: it goes on to record/);
  const gone = await tidied(ledger, 11);
  assert.ok(gone > 0 && gone < files - 2, 'what is younger than keep_days stays');
  assert.is(await logs(disk), files - gone);
  assert.is(await tidied(ledger, 11), 0);

  const report = await verifyLedger(disk, DIRECTORY);
  assert.ok(report.ok, JSON.stringify(report.findings));
  assert.is(report.settledThrough, 60);
  assert.is(report.retired.length, gone);
  assert.is(report.firstSeq, (report.retired.at(-1)?.last_seq ?? 0) + 1);
  const text = explainReport(report).join('\n');
  assert.match(text, /settled every record up to 60/);
  assert.match(text, /segment 1, records 1 to \d+, was retired at 20260712120000/);

  const before = answers(ledger, 18);
  await ledger.close();
  for (const options of [SMALL, { ...SMALL, index: diskIndex(disk) }]) {
    const again = await open(disk, options);
    assert.equal(answers(again, 18), before);
    await again.close();
  }
});

settlement.test('GIVEN a retired segment THEN its removal survives every later one', async () => {
  const { disk, ledger } = await nineDays();
  await settle(disk, 90);
  let gone = 0;
  for (let day = 8; day < 20; day += 1) gone += await tidied(ledger, day);
  for (let n = 0; n < 30; n += 1) await tap(ledger, n, '20260801083000');
  await rest();
  await settle(disk, 120);
  gone += await tidied(ledger, 300);
  assert.ok(gone >= 5, `${gone} segments`);
  await ledger.close();
  const report = await verifyLedger(disk, DIRECTORY);
  assert.ok(report.ok, JSON.stringify(report.findings));
  const again = await open(disk, SMALL);
  assert.equal(again.problems, []);
  assert.is(again.lastTermSeq, 29);
});

settlement.test(
  'GIVEN a story open for ever THEN it ends as grey and its segment goes',
  async () => {
    const disk = new MemoryDisk();
    const ledger = await open(disk, { ...SMALL, index: diskIndex(disk) });
    await ledger.append(intent({ card: cardOf(90), at: '20260701080000' }));
    await nineMore(ledger);
    await settle(disk, 30);
    assert.is(await tidied(ledger, 3), 0);
    assert.is(ledger.unsettled().length, 1, 'while it is young it stays open');
    const outcomes: LedgerRecord[] = [];
    ledger.onAppend(({ record }) => record.type === 'outcome' && outcomes.push(record));
    assert.ok((await tidied(ledger, 400)) > 0);
    assert.equal(outcomes, [
      { type: 'outcome', ref: 1, status: 'grey', reason: 'settled by the host' },
    ]);
    assert.is(ledger.openStory(cardOf(90)), undefined);
    assert.is(ledger.lastClosed(cardOf(90)), undefined, 'no right comes of it');
    assert.ok((await verifyLedger(disk, DIRECTORY)).ok);
    const before = answers(ledger, 91);
    await ledger.close();
    for (const options of [SMALL, { ...SMALL, index: diskIndex(disk) }]) {
      const again = await open(disk, options);
      assert.equal(answers(again, 91), before);
      await again.close();
    }
  },
);

settlement.test('GIVEN a story open behind the settlement THEN it stays open', async () => {
  const { disk, ledger } = await nineDays();
  const late = await ledger.append(intent({ card: cardOf(90), at: '20260701080000' }));
  await settle(disk, 60);
  assert.ok((await tidied(ledger, 400)) > 0);
  assert.is(ledger.openStory(cardOf(90))?.ref, late.ok && late.value);
});

settlement.test('GIVEN a power cut at any step THEN the grey story is told once', async () => {
  for (let cut = 1, over = false; !over; cut += 1) {
    const disk = new MemoryDisk();
    const ledger = await open(disk, SMALL);
    await ledger.append(intent({ card: cardOf(90), at: '20260701080000' }));
    await nineMore(ledger);
    await settle(disk, 30);
    let steps = 0;
    disk.onStep = () => {
      steps += 1;
      if (steps >= cut) throw new Error('power cut');
    };
    const reply = await ledger.tidy(noon(400));
    over = reply.ok;
    disk.onStep = () => {};
    disk.crash();
    const again = await open(disk, SMALL);
    const gone = await tidied(again, 400);
    assert.ok(over || gone > 0, `cut before step ${cut}`);
    await again.close();
    const report = await verifyLedger(disk, DIRECTORY);
    assert.ok(report.ok, `cut before step ${cut}: ${JSON.stringify(report.findings)}`);
  }
});

async function nineMore(ledger: Ledger): Promise<void> {
  for (let n = 0; n < 9; n += 1) await tap(ledger, n, `2026070${1 + n}083000`);
  await rest();
}

settlement.test('GIVEN a part of it unsettled, or too young THEN a segment stays', async () => {
  const { disk, ledger } = await nineDays();
  await settle(disk, 10);
  assert.is(await tidied(ledger, 400), 0, 'record 11 is in the first segment');
  await settle(disk, 60);
  assert.is(await tidied(ledger, 5), 0);
  assert.ok((await tidied(ledger, 400)) > 0);
});

/** Damage amid the first segment, or at its last record. */
const damages = [
  { name: 'amid', at: () => 1_500 },
  { name: 'at the end of', at: (disk: MemoryDisk) => usedBytes(disk, fileOf(1)) - 20 },
  { name: 'at the beginning of', at: () => 30 },
];

for (const { name, at } of damages) {
  settlement.test(`GIVEN damage ${name} a segment THEN it stays until accepted`, async () => {
    const first = await nineDays();
    await first.ledger.close();
    const { disk } = first;
    const bytes = disk.peek(fileOf(1));
    bytes.writeUInt8(bytes.readUInt8(at(disk)) ^ 1, at(disk));
    disk.poke(fileOf(1), bytes);
    const ledger = await open(disk, SMALL);
    assert.match(
      (await settle(disk, 60)).told[1] ?? '',
      /^ledger-000001.log stays.*\(at \d+: .*damaged bytes.*--accept-damage/,
    );
    assert.is(await tidied(ledger, 400), 0);
    assert.is(ledger.counters().held_by_damaged_segment, 1);

    await settle(disk, 60, { acceptDamage: true });
    await settle(disk, 61);
    assert.ok((await tidied(ledger, 400)) > 2, 'what was accepted stays accepted');
    assert.is(ledger.counters().held_by_damaged_segment, 0);
    const report = await verifyLedger(disk, DIRECTORY);
    assert.ok(report.ok, JSON.stringify(report.findings));
    assert.equal(report.retired.map(({ damaged }) => damaged).slice(0, 2), [
      true,
      name === 'at the end of' ? true : undefined,
    ]);
    assert.match(explainReport(report).join('\n'), /segment 1, records .*, damaged$/m);
    await ledger.close();
    const again = await open(disk, SMALL);
    assert.equal(again.problems, []);
    await again.close();
  });
}

settlement.test('GIVEN damage accepted up to a record THEN later damage stays', async () => {
  const { disk, ledger } = await nineDays();
  await ledger.close();
  const bytes = disk.peek(fileOf(2));
  bytes.writeUInt8(0x20, 1_500);
  disk.poke(fileOf(2), bytes);
  const again = await open(disk, SMALL);
  await settle(disk, 10, { acceptDamage: true });
  const { told } = await settle(disk, 60);
  assert.match(told[1] ?? '', /^ledger-000002.log stays.*--accept-damage/);
  assert.is(await tidied(again, 400), 1);
  assert.is(again.counters().held_by_damaged_segment, 2);
});

settlement.test('GIVEN a settlement of another ledger THEN nothing goes', async () => {
  const other = new MemoryDisk();
  const stranger = await open(other, SMALL);
  for (let n = 20; n < 38; n += 1) await tap(stranger, n);
  await settle(other, 60);
  const { disk, ledger } = await nineDays();
  disk.poke(`${DIRECTORY}/settled.json`, other.peek(`${DIRECTORY}/settled.json`));
  const reply = await ledger.tidy(noon(400));
  assert.match(reply.ok ? '' : reply.fault.detail, /record 60 of another ledger/);
  const report = await verifyLedger(disk, DIRECTORY);
  assert.equal(
    report.findings.map(({ kind, file }) => [kind, file]),
    [['settlement', 'settled.json']],
  );
});

settlement.test('GIVEN a damaged settled.json THEN it is named and nothing goes', async () => {
  const { disk, ledger } = await nineDays();
  await settle(disk, 60);
  const path = `${DIRECTORY}/settled.json`;
  for (const text of ['', '{', '{"through":80}', disk.peek(path).toString().replace('60', '80')]) {
    disk.poke(path, Buffer.from(text));
    const reply = await ledger.tidy(noon(400));
    assert.match(reply.ok ? '' : reply.fault.detail, /settled.json.*repeat/);
    assert.is((await verifyLedger(disk, DIRECTORY)).ok, false);
  }
});

const refusals: readonly { name: string; through: number; hash?: string; says: RegExp }[] = [
  { name: 'a number beyond the books', through: 5_000, says: /no record 5000 here/ },
  { name: 'a hash of other books', through: 30, hash: 'ab'.repeat(16), says: /has the hash/ },
  { name: 'less than before', through: 19, says: /settled through 20 already/ },
];

for (const { name, through, hash, says } of refusals) {
  settlement.test(`GIVEN ${name} THEN settle refuses and changes nothing`, async () => {
    const { disk } = await nineDays();
    assert.is((await settle(disk, 20)).code, 0);
    const { code, errors } = await settle(disk, through, { ...(hash && { hash }) });
    assert.is(code, 2);
    assert.match(errors.join(), says);
    const settled = await readSettled(disk, DIRECTORY);
    assert.is(settled.ok && settled.value?.through, 20);
  });
}

settlement.test('GIVEN the right hash THEN settle accepts it, in either case', async () => {
  const { disk } = await nineDays();
  await settle(disk, 30);
  const settled = await readSettled(disk, DIRECTORY);
  const hash = settled.ok ? (settled.value?.hash ?? '') : '';
  assert.is((await settle(disk, 30, { hash: hash.toUpperCase() })).code, 0);
  assert.is((await settle(disk, 31)).code, 0);
});

settlement.test('GIVEN a first segment taken away by hand THEN the books are broken', async () => {
  const { disk, ledger } = await nineDays();
  await ledger.close();
  await disk.remove(fileOf(1));
  const report = await verifyLedger(disk, DIRECTORY);
  assert.is(report.ok, false);
  assert.match(report.findings.map(({ text }) => text).join(), /records 1 to \d+ are missing/);
  const again = await open(disk, SMALL);
  assert.match(again.problems.join(), /records 1 to \d+ are missing/);
});

settlement.test('GIVEN a passage long after THEN the retired story is no finding', async () => {
  const { disk, ledger } = await nineDays();
  await ledger.append(passage(1));
  await rest();
  await settle(disk, 60);
  assert.ok((await tidied(ledger, 400)) > 0);
  assert.ok((await verifyLedger(disk, DIRECTORY)).ok);
  const { io, told } = command(disk);
  assert.is(await ledgerVerify(io, DIRECTORY), 0);
  assert.match(told[0] ?? '', /^IN ORDER: \d+ records in \d+ files$/);
});

settlement.test('GIVEN a full disk THEN settled segments can still be retired', async () => {
  const { disk, ledger } = await nineDays();
  disk.capacity_bytes = 0;
  for (;;) if (!(await ledger.append(intent())).ok) break;
  disk.capacity_bytes = 10_000_000;
  await settle(disk, 60);
  disk.capacity_bytes = 0;
  assert.ok((await tidied(ledger, 400)) > 0);
  disk.capacity_bytes = 10_000_000;
  assert.ok((await ledger.recover()).ok);
  assert.ok((await ledger.append(intent())).ok);
});

settlement.run();
