/** Whatever comes, in whatever order: a status word, never an exception; power loss is clean. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { IssuedCard } from '../../../../sim/card/ssc/issue.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, PROFILE, SELECT_PURSE } from '../hand.ts';
import { ask, cardOf, faceOf, grant, SELECT_EF05, SELECT_EF06, SELECT_SSSE } from './hand.ts';

const anything = feature('sim card ssc anything');

const SLOW_MS = 60_000;
const BANK = { account: '6299999999999999', expires: '3312', label: 'PBOC DEBIT' };

function combined(generation: 1 | 2 | 3 = 3): IssuedCard {
  return cardOf({ generation }, { purse: PROFILE, bank: BANK });
}

const KNOWN = [
  SELECT_SSSE,
  SELECT_EF05,
  SELECT_EF06,
  SELECT_PURSE,
  '00A4000002DF01',
  '00A4040008A00000033301010100',
  '00A404000E325041592E5359532E444446303100',
  '00B20105FF',
  '00B2000200',
  '00B0000010',
  '0084000008',
  `0088000010${'11'.repeat(16)}`,
  `0082000A10${'11'.repeat(16)}`,
  '0020000000',
  '0020000003123456',
  '0020000003000000',
  `80A80000238321${'00'.repeat(33)}`,
  '805C030204',
  '00C0000000',
].map((command) => bytes(command));

/** Known instructions with any parameters reach deeper than noise. */
const head = fc.constantFrom(0xa4, 0xb0, 0xb2, 0x84, 0x88, 0x82, 0x20, 0x5e, 0x24, 0xa8, 0xc0);
const near = fc
  .tuple(
    fc.constantFrom(0x00, 0x80, 0x84),
    head,
    fc.uint8Array({ minLength: 2, maxLength: 2 }),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([cla, ins, p, data]) =>
    Buffer.from([cla, ins, ...p, ...(data.length > 0 ? [data.length, ...data] : [])]),
  );
const noise = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data));
const commands = fc.array(fc.oneof(fc.constantFrom(...KNOWN), near, noise), { maxLength: 30 });

for (const generation of [1, 2, 3] as const) {
  for (const side of ['contact', 'contactless'] as const) {
    anything.test(
      `generation ${generation}, ${side}: always a status word`,
      () => {
        fc.assert(
          fc.property(commands, (list) => {
            const face = combined(generation)[side];
            if (!face) throw new Error(`a card without ${side} face`);
            for (const command of list) {
              const { answer } = face.exchange(command);
              assert.ok(answer.length >= 2 && answer.length <= 258, `${answer.length} bytes`);
              assert.match(answer.subarray(-2).toString('hex'), /^(9|6)[0-9a-f]{3}$/);
            }
          }),
          { numRuns: 150 },
        );
      },
      SLOW_MS,
    );
  }
}

anything.test(
  'GIVEN any past WHEN power goes THEN the card is as its snapshot makes it',
  () => {
    fc.assert(
      fc.property(commands, commands, (past, future) => {
        const card = combined();
        const face = faceOf(card);
        for (const command of past) face.exchange(command);
        const copy = combined();
        copy.restore(JSON.parse(JSON.stringify(card.snapshot())));
        face.powerDown();
        const other = faceOf(copy);
        for (const command of future) {
          assert.equal(face.exchange(command).answer, other.exchange(command).answer);
        }
        assert.equal(card.snapshot(), copy.snapshot());
      }),
      { numRuns: 150 },
    );
  },
  SLOW_MS,
);

anything.test(
  'GIVEN any past without the right proof THEN the holder stays hidden',
  () => {
    fc.assert(
      fc.property(commands, (past) => {
        const face = faceOf(combined());
        for (const command of past) face.exchange(command);
        ask(face, SELECT_SSSE);
        ask(face, SELECT_EF06);
        assert.is(ask(face, '00B2080014'), '6982');
      }),
      { numRuns: 150 },
    );
  },
  SLOW_MS,
);

/** A command on the environment, and what it may change that survives. */
const LASTING: readonly (readonly [title: string, command: string, changes: boolean])[] = [
  ['SELECT', SELECT_SSSE, false],
  ['READ RECORD', '00B2052C00', false],
  ['GET CHALLENGE', '0084000008', true],
  ['INTERNAL AUTHENTICATE', `0088000010${'11'.repeat(16)}`, false],
  ['EXTERNAL AUTHENTICATE, wrong', `0082000A10${'11'.repeat(16)}`, true],
  ['VERIFY, wrong', '0020000003000000', true],
  ['VERIFY, right', '0020000003123456', false],
  ['CHANGE PIN', '805E010007123456FF654321', true],
];

for (const [title, command, changes] of LASTING) {
  anything.test(`power lost before and after ${title}: it was done or it was not`, () => {
    const prepared = () => {
      const card = combined();
      ask(faceOf(card), SELECT_SSSE);
      ask(faceOf(card), '0084000008');
      return card;
    };
    const torn = prepared();
    const before = JSON.stringify(torn.snapshot());
    faceOf(torn).powerDown();
    assert.is(JSON.stringify(torn.snapshot()), before);
    const done = prepared();
    ask(faceOf(done), command);
    const after = JSON.stringify(done.snapshot());
    assert.is(after !== before, changes);
    faceOf(done).powerDown();
    assert.is(JSON.stringify(done.snapshot()), after);
    ask(faceOf(done), SELECT_SSSE);
    const expected = title.startsWith('EXTERNAL') ? '9000' : grant(faceOf(done));
    assert.is(expected, '9000', 'and it works on');
  });
}

anything.run();
