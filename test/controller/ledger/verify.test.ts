import * as assert from 'uvu/assert';
import { encodeFrame, frameHash, NO_PREVIOUS } from '../../../controller/ledger/frame.ts';
import { explainReport, verifyLedger } from '../../../controller/ledger/verify.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { authorised, debited, intent, outcome, passage, sighting } from './samples.ts';

const verify = feature('ledger verify');
const directory = '/ledger';
const FILE = `${directory}/ledger-000001.log`;

function frames(records: readonly object[], firstSeq = 1): Buffer[] {
  let prev = NO_PREVIOUS;
  return records.map((record, index) => {
    const frame = encodeFrame({ seq: firstSeq + index, prev }, record);
    prev = frameHash(frame);
    return frame;
  });
}

async function reportOn(bytes: Buffer) {
  const disk = new MemoryDisk();
  disk.poke(FILE, bytes);
  return verifyLedger(disk, directory);
}

const TAP = [intent(), authorised(1), debited(1), outcome(1), passage(1), sighting()];

verify.test('GIVEN a sound ledger THEN it is in order and the numbers are right', async () => {
  const bytes = Buffer.concat(frames([...TAP, intent()]));
  const report = await reportOn(bytes);
  assert.equal(report, {
    ok: true,
    files: [{ name: 'ledger-000001.log', bytes: bytes.length, room: 0, records: 7 }],
    records: 7,
    firstSeq: 1,
    lastSeq: 7,
    chainWhole: true,
    retired: [],
    free: [],
    settledThrough: null,
    stories: 2,
    grey: [7],
    greyCount: 1,
    findings: [],
    findingsOmitted: 0,
  });
  assert.match(
    explainReport(report).join('\n'),
    /IN ORDER: 7 records in 1 files[\s\S]*1 of them grey/,
  );
});

verify.test('GIVEN an empty or absent directory THEN it is in order', async () => {
  const report = await verifyLedger(new MemoryDisk(), directory);
  assert.ok(report.ok);
  assert.is(report.firstSeq, null);
  assert.ok(explainReport(report).length > 2);
});

const rules: readonly { name: string; records: readonly object[]; says: RegExp | null }[] = [
  { name: 'a whole tap', records: TAP, says: null },
  {
    name: 'an outcome without an intent',
    records: [sighting(), outcome(1)],
    says: /no known inte/,
  },
  { name: 'a debit without an intent', records: [sighting(), debited(1)], says: /no known intent/ },
  {
    name: 'a debit before its intent',
    records: [debited(2), intent()],
    says: /comes before recor/,
  },
  { name: 'a record that names itself', records: [passage(1)], says: /comes before record 1/ },
  {
    name: 'two outcomes',
    records: [intent(), outcome(1, 'grey'), debited(1), outcome(1)],
    says: /debited after its outcome grey\n.*two outcomes: grey, then done/,
  },
  {
    name: 'done without a debit',
    records: [intent(), outcome(1)],
    says: /without a debited record/,
  },
  {
    name: 'not-debited with a TAC',
    records: [intent(), debited(1), outcome(1, 'not-debited')],
    says: /although the card gave its TAC/,
  },
  {
    name: 'two debits of different TACs',
    records: [intent(), debited(1), { ...debited(1), tac: '00000000' }],
    says: /debited twice/,
  },
  {
    name: 'a debit confirmed by 805A after a restart',
    records: [intent(), debited(1), { ...debited(1), by: '805A' }, outcome(1, 'recovered')],
    says: null,
  },
  {
    name: 'two authorisations',
    records: [intent(), authorised(1), authorised(1)],
    says: /authorised twice/,
  },
  {
    name: 'a passage of a grey story',
    records: [intent(), passage(1)],
    says: /passed with status g/,
  },
  {
    name: 'a passage after a wrong MAC2',
    records: [intent(), debited(1), outcome(1, 'mac2-wrong'), passage(1)],
    says: /passed with status mac2-wrong/,
  },
];

for (const { name, records, says } of rules) {
  verify.test(`GIVEN ${name} THEN ${says ? 'the rule is named' : 'nothing is found'}`, async () => {
    const report = await reportOn(Buffer.concat(frames(records)));
    assert.is(report.ok, says === null);
    assert.match(report.findings.map(({ text }) => text).join('\n'), says ?? /^$/);
    assert.ok(report.findings.every(({ kind }) => kind === 'rule'));
    assert.ok(report.chainWhole);
  });
}

verify.test(
  'GIVEN a passage on an unverified proof THEN it is a note: a policy allows it',
  async () => {
    const records = [intent(), debited(1), outcome(1, 'mac2-unverified'), passage(1)];
    const report = await reportOn(Buffer.concat(frames(records)));
    assert.ok(report.ok);
    assert.is(report.findings[0]?.kind, 'unverified-passage');
  },
);

const list = frames(TAP);
const whole = Buffer.concat(list);
const second = list[0]?.length ?? 0;
const third = second + (list[1]?.length ?? 0);
const changed = Buffer.from(whole);
changed.writeUInt8(changed.readUInt8(second + 20) ^ 4, second + 20);
// An edit by somebody who knows the format: the sum is right, the chain is not.
const forged = [
  list[0],
  encodeFrame({ seq: 2, prev: frameHash(list[0] ?? whole) }, authorised(1, '0000FFFF')),
];

const damages = [
  {
    name: 'a flipped bit',
    bytes: changed,
    findings: [
      ['damage', second],
      ['gap', third],
      ['chain', third],
    ],
  },
  { name: 'a torn tail', bytes: whole.subarray(0, whole.length - 5), findings: [['torn', 0]] },
  {
    name: 'a record edited with its sum put right',
    bytes: Buffer.concat([...forged, ...list.slice(2)].filter((part) => part !== undefined)),
    findings: [['chain', third]],
  },
  {
    name: 'the first file lost',
    bytes: Buffer.concat(frames([sighting(), sighting()], 5)),
    findings: [['gap', 0]],
  },
  {
    name: 'a record of a later version',
    bytes: Buffer.concat(frames([{ type: 'refund', ref: 1 }])),
    findings: [['not-understood', 0]],
  },
] as const;

for (const { name, bytes, findings } of damages) {
  verify.test(`GIVEN ${name} THEN the finding names kind and place`, async () => {
    const report = await reportOn(bytes);
    const last = whole.length - (list[5]?.length ?? 0);
    assert.equal(
      report.findings.filter(({ kind }) => kind !== 'rule').map((f) => [f.kind, f.offset]),
      findings.map(([kind, offset]) => [kind, kind === 'torn' ? last : offset]),
    );
    const kinds: string[] = findings.map(([kind]) => kind);
    assert.is(report.ok, !kinds.some((kind) => ['damage', 'gap', 'chain'].includes(kind)));
    assert.is(report.chainWhole, !kinds.includes('chain'));
  });
}

verify.test(
  'GIVEN thousands of findings THEN the list is bounded and the rest counted',
  async () => {
    const records = Array.from({ length: 1_500 }, () => outcome(1_000_000));
    const report = await reportOn(Buffer.concat(frames(records)));
    assert.is(report.findings.length, 1_000);
    assert.is(report.findingsOmitted, 500);
    assert.match(explainReport(report).at(-1) ?? '', /and 500 more/);
  },
);

verify.test('GIVEN a file that cannot be read THEN that is a finding', async () => {
  const disk = new MemoryDisk();
  disk.poke(FILE, whole);
  Object.assign(disk.readTrouble, { in: 1, stays: true });
  const report = await verifyLedger(disk, directory);
  assert.is(report.ok, false);
  assert.is(report.findings[0]?.kind, 'unreadable');
});

verify.run();
