import * as assert from 'uvu/assert';
import type { Ledger } from '../../../controller/ledger/ledger.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import type { LedgerRecord, Story } from '../../../controller/ledger/records.ts';
import { StoryIndex } from '../../../controller/ledger/story-index.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { authorised, CARD, debited, intent, outcome, passage, sighting } from './samples.ts';

const ledgers = feature('ledger');
const directory = '/ledger';
const OTHER = '03104399900000000077';

async function open(disk: MemoryDisk): Promise<Ledger> {
  const reply = await openLedger({ disk, directory });
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

/** Appends, and checks that a fresh opening answers the same questions alike. */
async function holding(records: readonly LedgerRecord[], check: (ledger: Ledger) => void) {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  for (const record of records) assert.ok((await ledger.append(record)).ok);
  check(ledger);
  await ledger.close();
  check(await open(disk));
}

ledgers.test('GIVEN an intent without an outcome THEN its story is open', async () => {
  const records = [intent(), authorised(1), intent({ card: OTHER }), debited(1)];
  await holding(records, (ledger) => {
    assert.is(ledger.openStory(CARD)?.ref, 1);
    assert.is(ledger.openStory(CARD)?.debited?.tac, '4FE3D8DD');
    assert.equal(
      ledger.unsettled().map(({ ref }) => ref),
      [1, 3],
    );
    assert.is(ledger.lastClosed(CARD), undefined);
    assert.is(ledger.lastTermSeq, 0x102);
    assert.is(ledger.length, 4);
  });
});

ledgers.test(
  'GIVEN two open stories of a card THEN the latest, and after it the other',
  async () => {
    await holding([intent(), intent()], (ledger) => assert.is(ledger.openStory(CARD)?.ref, 2));
    const settled = [intent(), intent(), outcome(2, 'not-debited')];
    await holding(settled, (ledger) => assert.is(ledger.openStory(CARD)?.ref, 1));
  },
);

const endings = [
  'done',
  'recovered',
  'mac2-unverified',
  'mac2-wrong',
  'grey',
  'not-debited',
] as const;
for (const status of endings) {
  ledgers.test(`GIVEN the outcome ${status} THEN the story is closed`, async () => {
    await holding([intent(), outcome(1, status)], (ledger) => {
      assert.is(ledger.openStory(CARD), undefined);
      assert.equal(ledger.unsettled(), []);
      const counts = status !== 'not-debited';
      assert.is(ledger.lastClosed(CARD)?.outcome?.status, counts ? status : undefined);
    });
  });
}

ledgers.test('GIVEN a later story that was not debited THEN the one before it counts', async () => {
  const records = [intent(), debited(1), outcome(1), passage(1), intent()];
  await holding([...records, outcome(5, 'not-debited')], (ledger) => {
    assert.is(ledger.lastClosed(CARD)?.ref, 1);
  });
  await holding([...records, outcome(5, 'grey')], (ledger) => {
    assert.is(ledger.lastClosed(CARD)?.ref, 5);
  });
});

ledgers.test('GIVEN an old story settled late THEN the newer one stays the last', async () => {
  const records = [intent(), intent(), debited(2), outcome(2), outcome(1, 'grey')];
  await holding(records, (ledger) => assert.is(ledger.lastClosed(CARD)?.ref, 2));
});

ledgers.test('GIVEN a passage THEN its right is used up', async () => {
  const records = [intent(), debited(1), outcome(1), sighting(), passage(1)];
  await holding(records.slice(0, 4), (ledger) => {
    assert.is(ledger.lastClosed(CARD)?.passed, false);
  });
  await holding(records, (ledger) => assert.is(ledger.lastClosed(CARD)?.passed, true));
});

ledgers.test('GIVEN stories older than a day, or too many THEN the oldest are forgotten', () => {
  const index = new StoryIndex({ open_max: 2, closed_max: 2, closed_hours: 24 });
  let seq = 0;
  const add = (record: LedgerRecord) => {
    seq += 1;
    index.apply(seq, record);
    return seq;
  };
  const card = (letter: string) => CARD.slice(0, 19) + letter;
  const grant = (letter: string, at: string) =>
    add(outcome(add(intent({ card: card(letter), at }))));
  grant('A', '20260228120000');
  grant('B', '20260301110000');
  assert.ok(index.lastClosed(card('A')), 'a day is not over yet');
  grant('C', '20260301120001');
  assert.is(index.lastClosed(card('A')), undefined, 'older than 24 h');
  grant('D', '20260301120002');
  assert.is(index.lastClosed(card('B')), undefined, 'more than two');
  assert.equal(index.forgotten, { open: 0, closed: 2 });
  for (let counter = 0; counter < 3; counter += 1) add(intent({ counter }));
  assert.equal(index.forgotten, { open: 1, closed: 2 });
  assert.is(index.unsettled().length, 2);
});

ledgers.test('GIVEN one tap with a wrong clock THEN later stories are kept', () => {
  const index = new StoryIndex();
  index.apply(1, intent({ at: '20990101000000' }));
  index.apply(2, outcome(1));
  index.apply(3, intent({ card: OTHER }));
  index.apply(4, outcome(3));
  assert.ok(index.lastClosed(OTHER));
});

ledgers.test('GIVEN an old story settled behind younger ones THEN it is old all the same', () => {
  const index = new StoryIndex();
  const third = CARD.replace(/99$/, '55');
  index.apply(1, intent({ card: third, at: '20260701080000' }));
  index.apply(2, intent({ at: '20260702070000' }));
  index.apply(3, outcome(2));
  index.apply(4, outcome(1, 'recovered'));
  assert.ok(index.lastClosed(third));
  index.apply(5, intent({ card: OTHER, at: '20260702090000' }));
  index.apply(6, outcome(5));
  assert.is(index.lastClosed(third), undefined, 'although one that is younger ended before it');
  assert.ok(index.lastClosed(CARD));
});

ledgers.test('a record of the wrong shape is refused and nothing is written', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  const wrong: [LedgerRecord, RegExp][] = [
    [intent({ amount_fen: Number.NaN }), /intent.amount_fen must be a whole number/],
    [intent({ amount_fen: 1.5 }), /amount_fen/],
    [intent({ card: CARD.slice(2) }), /intent.card must be 10 bytes of upper-case hex/],
    [intent({ issuer: '01133320ffffffff' }), /issuer/],
    [intent({ at: '2026-07-01' }), /YYYYMMDDHHMMSS/],
    [intent({ trip: '' }), /trip must be 48 bytes/],
    [outcome(0), /outcome.ref/],
    [outcome(1, 'done', 'x'.repeat(300)), /200 characters/],
  ];
  const writes = disk.writes;
  for (const [record, detail] of wrong) {
    const reply = await ledger.append(record);
    assert.is(!reply.ok && reply.fault.code, 'assertion');
    assert.match(reply.ok ? '' : reply.fault.detail, detail);
  }
  assert.is(disk.writes, writes);
});

ledgers.test('GIVEN a listener THEN it hears every durable record until it ends', async () => {
  const ledger = await open(new MemoryDisk());
  const heard: number[] = [];
  const end = ledger.onAppend(({ seq }) => heard.push(seq));
  await ledger.append(intent());
  await ledger.append(outcome(1));
  end();
  await ledger.append(sighting());
  assert.equal(heard, [1, 2]);
});

async function all(stories: AsyncIterable<Story>): Promise<Story[]> {
  const list: Story[] = [];
  for await (const story of stories) list.push(story);
  return list;
}

ledgers.test('stories are streamed in order of ref, with what came much later', async () => {
  const ledger = await open(new MemoryDisk());
  await ledger.append(intent({ counter: 1 }));
  await ledger.append(intent({ counter: 2 }));
  await ledger.append(outcome(2));
  const filling = Array.from({ length: 900 }, () => sighting());
  for (let i = 0; i < 6; i += 1) await Promise.all(filling.map((record) => ledger.append(record)));
  await ledger.append(debited(1));
  await ledger.append(outcome(1, 'recovered'));
  await ledger.append(passage(1));
  await ledger.append(intent({ counter: 3 }));
  const stories = await all(ledger.stories());
  assert.equal(
    stories.map(({ intent, outcome, passed }) => [intent.counter, outcome?.status, passed]),
    [
      [1, 'recovered', true],
      [2, 'done', false],
      [3, undefined, false],
    ],
  );
});

ledgers.test('a reader needs no lock and sees what a running lane has written', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  await ledger.append(intent());
  const reading = ledger.stories()[Symbol.asyncIterator]();
  const first = await reading.next();
  await ledger.append(intent());
  assert.is((first.value as Story).ref, 1);
  assert.is((await reading.next()).done, true, 'the stand at the call');
  assert.is((await all(ledger.stories())).length, 2);
});

ledgers.run();
