import * as assert from 'uvu/assert';
import { ledgerExport } from '../../../controller/commands/ledger.ts';
import { exportClearing } from '../../../controller/ledger/export.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import type { LedgerRecord } from '../../../controller/ledger/records.ts';
import { hashOfRecord, writeSettled } from '../../../controller/ledger/settlement.ts';
import { readStories } from '../../../controller/ledger/stories.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { fileOf, open, rest, tap, usedBytes } from './books.ts';
import { authorised, debited, intent, outcome, passage, sighting, TRIP } from './samples.ts';

const exports = feature('ledger export');
const directory = '/ledger';

async function lines(records: readonly LedgerRecord[], format: 'jsonl' | 'csv'): Promise<string[]> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ disk, directory });
  if (!ledger.ok) throw new Error(ledger.fault.detail);
  for (const record of records) assert.ok((await ledger.value.append(record)).ok);
  const written: string[] = [];
  const options = { format, software: 'tapway 0.1.0' };
  for await (const line of exportClearing(readStories({ disk, directory }), options)) {
    written.push(line);
  }
  return written;
}

const TAP = [intent(), authorised(1), debited(1), outcome(1), passage(1)];

exports.test('GIVEN a paid exit THEN the JSON row is, to the letter', async () => {
  assert.equal(await lines([...TAP, sighting()], 'jsonl'), [
    '{"record_seq":1,"card":"03104399900000000099","issuer":"01133320FFFFFFFF",' +
      '"acquirer_city":"3320","acquirer":"9999333200008888","card_kind":"01","industry":"01",' +
      '"counter":7,"counter_after":8,"txn_type":"09","kind":"04","amount_fen":200,' +
      '"balance_before_fen":10000,"balance_after_fen":9800,"terminal":"332099000001",' +
      '"psam":"33209900000000000001","term_seq":"00000102",' +
      '"place":"01020003","at":"20260701083000",' +
      '"tac":"4FE3D8DD","mac2":"046BF062","key_version":"01","algorithm":"04",' +
      '"fare_rule":"distance:2","entry_terminal":"332099000007","entry_place":"01020009",' +
      '"entry_at":"20260701080500","status":"done","reason":"9000","passed":true,' +
      '"software":"tapway 0.1.0"}\n',
  ]);
});

exports.test('GIVEN the same THEN the CSV has a header and one row', async () => {
  assert.equal(await lines(TAP, 'csv'), [
    'record_seq,card,issuer,acquirer_city,acquirer,card_kind,industry,counter,counter_after,' +
      'txn_type,kind,amount_fen,balance_before_fen,balance_after_fen,terminal,psam,term_seq,' +
      'place,at,' +
      'tac,mac2,key_version,algorithm,fare_rule,entry_terminal,entry_place,entry_at,status,' +
      'reason,passed,software\r\n',
    '1,03104399900000000099,01133320FFFFFFFF,3320,9999333200008888,01,01,7,8,' +
      '09,04,200,10000,9800,332099000001,33209900000000000001,00000102,01020003,20260701083000,' +
      '4FE3D8DD,046BF062,01,04,distance:2,332099000007,01020009,20260701080500,done,' +
      '9000,true,tapway 0.1.0\r\n',
  ]);
});

exports.test('CSV cells with commas, quotes and line ends are quoted', async () => {
  const records = [intent({ fare_rule: 'a,"b"' }), outcome(1, 'grey', 'one\r\ntwo')];
  const [, row = ''] = await lines(records, 'csv');
  assert.match(row, ',"a,""b""",');
  assert.match(row, ',grey,"one\r\ntwo",false,');
});

exports.test('a flat single ride has no entry', async () => {
  const trip = `06${TRIP.slice(2)}`;
  const [row = ''] = await lines([intent({ kind: '06', entry: null, trip })], 'jsonl');
  assert.match(row, '"kind":"06"');
  assert.match(row, '"entry_terminal":null,"entry_place":null,"entry_at":null');
});

const endings: readonly {
  name: string;
  records: readonly LedgerRecord[];
  status: string;
  after: readonly [number | null, number | null];
  tac: string | null;
}[] = [
  { name: 'no outcome', records: [], status: 'grey', after: [null, null], tac: null },
  {
    name: 'no outcome, but a TAC',
    records: [debited(1)],
    status: 'grey',
    after: [8, 9_800],
    tac: '4FE3D8DD',
  },
  {
    name: 'the outcome grey',
    records: [outcome(1, 'grey', '805A 9406')],
    status: 'grey',
    after: [null, null],
    tac: null,
  },
  {
    name: 'the outcome not-debited',
    records: [outcome(1, 'not-debited', '9401')],
    status: 'not-debited',
    after: [7, 10_000],
    tac: null,
  },
  {
    name: 'the outcome recovered',
    records: [debited(1), outcome(1, 'recovered', '805A')],
    status: 'recovered',
    after: [8, 9_800],
    tac: '4FE3D8DD',
  },
  {
    name: 'the outcome mac2-unverified',
    records: [debited(1), outcome(1, 'mac2-unverified', 'no session')],
    status: 'mac2-unverified',
    after: [8, 9_800],
    tac: '4FE3D8DD',
  },
  {
    name: 'the outcome mac2-wrong',
    records: [debited(1), outcome(1, 'mac2-wrong', '9302')],
    status: 'mac2-wrong',
    after: [8, 9_800],
    tac: '4FE3D8DD',
  },
];

for (const { name, records, status, after, tac } of endings) {
  exports.test(`GIVEN a story with ${name} THEN its row says ${status}`, async () => {
    const [row = ''] = await lines([intent(), ...records], 'jsonl');
    const parsed = JSON.parse(row);
    assert.is(parsed.status, status);
    assert.equal([parsed.counter_after, parsed.balance_after_fen], after);
    assert.is(parsed.tac, tac);
    assert.is(parsed.passed, false);
  });
}

async function booksOf(records: readonly LedgerRecord[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ disk, directory });
  if (!ledger.ok) throw new Error(ledger.fault.detail);
  for (const record of records) await ledger.value.append(record);
  return disk;
}

async function exported(disk: MemoryDisk) {
  const rows: string[] = [];
  const errors: string[] = [];
  const code = await ledgerExport(
    {
      ...{ disk, clock: createFakeClock(), env: {}, out: () => {} },
      write: async (text) => void rows.push(text),
      err: (line) => errors.push(line),
    },
    directory,
    'jsonl',
  );
  return { code, rows, errors };
}

const LACKS = 'rows may be missing: tapway ledger verify says more of the books; keep them';

exports.test('GIVEN books in order THEN the command is content', async () => {
  const { code, rows, errors } = await exported(await booksOf(TAP));
  assert.equal([code, rows.length, errors], [0, 1, []]);
});

exports.test('GIVEN damaged books THEN the command says so, and what it lacks', async () => {
  const disk = await booksOf(TAP);
  const bytes = disk.peek(fileOf(1));
  disk.poke(fileOf(1), bytes.fill(0x58, 100, 110));
  const { code, rows, errors } = await exported(disk);
  const [first = ''] = errors;
  assert.is(code, 1);
  assert.equal(rows, [], 'its intent was damaged');
  assert.match(first, /ledger-000001\.log at 0: \d+ damaged bytes; the records in them are lost/);
  assert.is(errors.at(-1), LACKS);
});

/** Eight taps in files so small that there are three. */
async function manyBooks(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const ledger = await open(disk, { segment_bytes: 4_000 });
  for (let n = 1; n <= 8; n += 1) await tap(ledger, n);
  await rest();
  await ledger.close();
  return disk;
}

const losses: readonly { name: string; lose: (disk: MemoryDisk) => unknown; lacks: RegExp }[] = [
  {
    name: 'the end of a file',
    lose: (disk) =>
      disk.poke(fileOf(1), disk.peek(fileOf(1)).fill(0, usedBytes(disk, fileOf(1)) - 99)),
    lacks: /ledger-000002\.log at 0: records \d+ to \d+ are missing/,
  },
  {
    name: 'a file amid others',
    lose: (disk) => disk.remove(fileOf(2)),
    lacks: /ledger-000003\.log at 0: records \d+ to \d+ are missing/,
  },
  {
    name: 'the first file, which nobody retired',
    lose: (disk) => disk.remove(fileOf(1)),
    lacks: /ledger-000002\.log at 0: records 1 to \d+ are missing/,
  },
];
for (const { name, lose, lacks } of losses) {
  exports.test(`GIVEN books that lack ${name} THEN the command says so`, async () => {
    const disk = await manyBooks();
    assert.is((await exported(disk)).code, 0);
    await lose(disk);
    const { code, errors } = await exported(disk);
    assert.is(code, 1);
    assert.match(errors[0] ?? '', lacks);
  });
}

exports.test('GIVEN a file that was retired THEN the command is content', async () => {
  const disk = await manyBooks();
  const through = 30;
  const hash = await hashOfRecord({ disk, directory }, through);
  await writeSettled(disk, directory, { through, hash: hash ?? '' });
  const ledger = await open(disk, { segment_bytes: 4_000 });
  for (let n = 1; n <= 8; n += 1) await tap(ledger, n, '20260831083000');
  await rest();
  const wall_ms = Date.UTC(2026, 8, 1);
  await ledger.tidy({ keep_days: 2, wall_ms, utc_offset_minutes: 480 });
  await ledger.close();
  assert.not((await disk.list(directory)).includes('ledger-000001.log'));
  const { code, errors } = await exported(disk);
  assert.equal([code, errors], [0, []]);
});

exports.test('GIVEN a disk that cannot read THEN the command says so', async () => {
  const disk = await booksOf(TAP);
  disk.readTrouble = { in: 1, code: 'EIO', stays: true };
  const { code, errors } = await exported(disk);
  assert.is(code, 1);
  assert.match(errors[0] ?? '', /ledger-000001\.log at 0: the disk cannot read it: .*EIO/);
  assert.is(errors.at(-1), LACKS);
});

exports.test('GIVEN a disk that cannot sync THEN the command says so', async () => {
  const disk = await booksOf(TAP);
  disk.syncTrouble = { in: 1, code: 'EIO', stays: false };
  const { code, rows, errors } = await exported(disk);
  assert.equal([code, rows.length], [1, 1]);
  assert.match(errors[0] ?? '', /ledger-000001\.log is not durable: .*EIO/);
});

exports.test('WHEN the power goes THEN nothing is taken back that was exported', async () => {
  const written = await booksOf(TAP);
  const disk = await booksOf(TAP.slice(0, 3));
  // The lane has written the outcome, and its sync is still under way.
  const lane = await disk.open(fileOf(1), 'append');
  await lane.write(0, written.peek(fileOf(1)));
  const { rows } = await exported(disk);
  assert.match(rows[0] ?? '', /"status":"done"/);
  disk.crash();
  assert.equal((await exported(disk)).rows, rows);
});

exports.run();
