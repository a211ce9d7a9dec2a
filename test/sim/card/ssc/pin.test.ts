/** VERIFY, CHANGE PIN, PIN reset: the counter as a table, the reset with MACs made by OpenSSL. */

import * as assert from 'uvu/assert';
import { feature } from '../../../kit/feature.ts';
import { openssl } from '../hand.ts';
import { ask, cardOf, FACTORS, faceOf, grant, opinion, SELECT_SSSE } from './hand.ts';

const pin = feature('sim card ssc pin');

const VERIFY = '0020000003123456';
const WRONG = '0020000003000000';
const QUERY = '0020000000';

function opened(...of: Parameters<typeof cardOf>) {
  const card = cardOf(...of);
  const face = faceOf(card);
  ask(face, SELECT_SSSE);
  return { card, face };
}

const TABLE: readonly (readonly [title: string, ...steps: string[]])[] = [
  ['asking costs nothing', `${QUERY} 63C3`, `${QUERY} 63C3`, `${VERIFY} 9000`],
  ['a right one gives all tries back', `${WRONG} 63C2`, `${VERIFY} 9000`, `${QUERY} 63C3`],
  ['three wrong ones lock it', `${WRONG} 63C2`, `${WRONG} 63C1`, `${WRONG} 63C0`],
  ['locked', `${WRONG} 63C2`, `${WRONG} 63C1`, `${WRONG} 63C0`, `${VERIFY} 6983`, `${QUERY} 6983`],
  ['one byte is too short', '002000000112 6700'],
  ['nine bytes are too long', `0020000009${'11'.repeat(9)} 6700`, `${QUERY} 63C3`],
  ['letters are no PIN, and cost nothing', '002000000312A456 6A80', `${QUERY} 63C3`],
  ['an odd number of digits ends in F', '002000000312345F 63C2'],
  ['P2 names no other PIN', '0020000103123456 6A86'],
  ['changed', '805E01000712 3456FF654321 9000', `${VERIFY} 63C2`, '0020000003654321 9000'],
  ['changed by a wrong old one', '805E010007000000FF654321 63C2', `${VERIFY} 9000`],
  ['changed to nothing', '805E010004123456FF 6700', `${QUERY} 63C3`],
  ['changed without a border', '805E010006123456654321 6700'],
];

for (const [title, ...steps] of TABLE) {
  pin.test(title, () => {
    const { face } = opened();
    for (const step of steps) {
      const at = step.lastIndexOf(' ');
      assert.is(ask(face, step.slice(0, at)), step.slice(at + 1), step);
    }
  });
}

pin.test('a card without PIN says 9000 when asked, and one with one try left says so', () => {
  assert.is(ask(opened({ pin: '' }).face, QUERY), '9000');
  assert.is(ask(opened({ pinTries: 1 }).face, QUERY), '63C1');
});

pin.test('the counter survives the loss of power, and is spent before the answer', () => {
  const { card, face } = opened();
  ask(face, WRONG);
  face.powerDown();
  assert.is(card.snapshot().ssc?.pinTries, 2);
  ask(face, SELECT_SSSE);
  assert.is(ask(face, QUERY), '63C2');
});

/** Session key of STK under the card's random, cipher of the PIN, MAC over the command. */
function resetCommand(face: Parameters<typeof ask>[0], plain: string, p2: '00' | '01'): string {
  const random = ask(face, '0084000008').slice(0, 16);
  const { cardKey } = opinion('sm4', 'STK', FACTORS);
  const session = openssl('sm4-ecb', cardKey, random.padEnd(32, '0'));
  const cipher = plain === '' ? '' : openssl('sm4-ecb', session, plain);
  const head = `842400${p2}${p2 === '01' ? '14' : '04'}`;
  const message = `${head}${cipher}80`;
  const padded = message.padEnd(Math.ceil(message.length / 32) * 32, '0');
  const last = openssl('sm4-cbc', session, padded, '0'.repeat(32)).slice(-32);
  const words = [0, 8, 16, 24].map((at) => BigInt(`0x${last.slice(at, at + 8)}`));
  const mac = words.reduce((sum, word) => sum ^ word, 0n).toString(16);
  return `${head}${cipher}${mac.toUpperCase().padStart(8, '0')}`;
}

pin.test('GIVEN a locked PIN WHEN PUK opens and STK resets THEN the new PIN holds', () => {
  const { face } = opened({ pinTries: 0 });
  assert.is(ask(face, resetCommand(face, `03654321${'80'.padEnd(24, '0')}`, '01')), '6982');
  assert.is(grant(face, { key: 'PUK', kid: '06' }), '9000');
  assert.is(ask(face, resetCommand(face, `03654321${'80'.padEnd(24, '0')}`, '01')), '9000');
  assert.is(ask(face, '0020000003654321'), '9000');
});

pin.test('WHEN only the counter is cleared THEN the old PIN holds again', () => {
  const { face } = opened({ pinTries: 0 });
  grant(face, { key: 'PUK', kid: '06' });
  assert.is(ask(face, resetCommand(face, '', '00')), '9000');
  assert.is(ask(face, VERIFY), '9000');
});

pin.test('a wrong MAC changes nothing, a used random serves no second reset', () => {
  const { face } = opened();
  grant(face, { key: 'PUK', kid: '06' });
  const command = resetCommand(face, `03654321${'80'.padEnd(24, '0')}`, '01');
  const last = command.endsWith('0') ? '1' : '0';
  assert.is(ask(face, command.slice(0, -1) + last), '6988');
  assert.is(ask(face, command), '6984');
  assert.is(ask(face, VERIFY), '9000');
});

pin.run();
