/** Who may read what: proofs recomputed by OpenSSL from the exported rules, and the tries left. */

import * as assert from 'uvu/assert';
import { authenticationData, sscMac } from '../../../../sim/card/ssc/crypto.ts';
import { sscKeysAsJson } from '../../../../sim/card/ssc/keys-json.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, openssl, upper } from '../hand.ts';
import {
  ask,
  cardOf,
  FACTORS,
  faceOf,
  grant,
  opinion,
  SELECT_EF05,
  SELECT_EF06,
  SELECT_EF08,
  SELECT_SSSE,
  SERIAL,
} from './hand.ts';

const keys = feature('sim card ssc keys');
const FACTOR = 'A1A2A3A4A5A6A7A8';
const RAW = 'B1B2B3B4B5B6B7B8';
const FORGED = `${'00'.repeat(8)}${RAW}`;

function opened(...of: Parameters<typeof cardOf>) {
  const card = cardOf(...of);
  const face = faceOf(card);
  ask(face, SELECT_SSSE);
  return { card, face };
}

for (const algorithm of ['sm4', '3des'] as const) {
  keys.test(`${algorithm}: OpenSSL finds every number of the exported example`, () => {
    const example = sscKeysAsJson().example[algorithm];
    assert.equal(example.factors, [...FACTORS.slice(0, 2), '8660330299000001']);
    const second = opinion(algorithm, example.key, example.factors);
    assert.is(second.cardKey, example.card_key);
    assert.is(second.data(example.process_factor, example.raw), example.authentication_data);
  });

  keys.test(`${algorithm}: INTERNAL AUTHENTICATE gives what OpenSSL computes`, () => {
    const { face } = opened({ generation: algorithm === 'sm4' ? 3 : 2 });
    const expected = opinion(algorithm, 'IRK', FACTORS).data(FACTOR, RAW);
    assert.is(ask(face, `0088000010${FACTOR}${RAW}`), `${expected}9000`);
    assert.is(ask(face, `0088000011${FACTOR}${RAW}01`), `${expected}9000`, 'with key version');
  });

  keys.test(`${algorithm}: EXTERNAL AUTHENTICATE by OpenSSL opens the photo`, () => {
    const { face } = opened({ generation: algorithm === 'sm4' ? 3 : 1 });
    ask(face, SELECT_EF08);
    assert.is(ask(face, '00B0000010'), '6982');
    assert.is(grant(face, { algorithm }), '9000');
    assert.match(ask(face, '00B0000010'), /^FFD8FFE0.*9000$/, 'a JPEG');
  });
}

keys.test('a Ningbo district has the factor of its city; elsewhere a city has its own', () => {
  const proofOf = (region: string) => {
    const { face } = opened({ region });
    return ask(face, `0088000010${FACTOR}${RAW}`);
  };
  const card = `86603302${SERIAL}`;
  const ofCity = opinion('sm4', 'IRK', ['3333303030307368', '3333303230307378', card]);
  assert.is(proofOf('330212'), `${ofCity.data(FACTOR, RAW)}9000`);
  const elsewhere = ['3531303030307368', '3531393931327378', `86605199${SERIAL}`];
  assert.is(proofOf('519912'), `${opinion('sm4', 'IRK', elsewhere).data(FACTOR, RAW)}9000`);
});

keys.test('GIVEN the SM4 block of GB/T 32907 THEN folding its halves is the proof', () => {
  const key = { algorithm: 'sm4', key: bytes('0123456789ABCDEFFEDCBA9876543210') } as const;
  const block = openssl('sm4-ecb', upper(key.key), `${RAW}${'00'.repeat(8)}`);
  const folded = BigInt(`0x${block.slice(0, 16)}`) ^ BigInt(`0x${block.slice(16)}`);
  assert.is(BigInt(`0x${upper(authenticationData(key, bytes(RAW)))}`), folded);
});

keys.test('a MAC is padded always and folds the last SM4 block into one word', () => {
  const key = { algorithm: 'sm4', key: bytes('0123456789ABCDEFFEDCBA9876543210') } as const;
  const data = '84240001140123456789ABCDEFFEDCBA'; // one whole block: another one follows
  const padded = `${data}80${'00'.repeat(15)}`;
  const last = openssl('sm4-cbc', upper(key.key), padded, '0'.repeat(32)).slice(-32);
  const words = [0, 8, 16, 24].map((at) => BigInt(`0x${last.slice(at, at + 8)}`));
  const word = words.reduce((sum, each) => sum ^ each, 0n);
  assert.is(BigInt(`0x${upper(sscMac(key, bytes(data)))}`), word);
});

const TRIES: readonly (readonly [title: string, steps: readonly string[]])[] = [
  [
    'three wrong proofs lock the key, and 6983 is all that follows',
    ['0084000008 *9000', 'WRONG 63C2', '0084000008 *9000', 'WRONG 63C1'].concat([
      '0084000008 *9000',
      'WRONG 63C0',
      '0084000008 *9000',
      'WRONG 6983',
      'RIGHT 6983',
    ]),
  ],
  [
    'a right proof gives all tries back',
    ['0084000008 *9000', 'WRONG 63C2', 'RIGHT 9000', '0084000008 *9000', 'WRONG 63C2'],
  ],
  ['no proof without a random', ['WRONG 6984']],
  ['a random serves once', ['0084000008 *9000', 'WRONG 63C2', 'WRONG 6984']],
  [
    'SELECT of a directory takes the random away, SELECT of a file does not',
    ['0084000008 *9000', `${SELECT_EF05} 9000`, 'WRONG 63C2', '0084000008 *9000'].concat([
      '00A4000002DF01 *9000',
      'WRONG 6984',
    ]),
  ],
  ['a key that nobody has', ['0084000008 *9000', `0082004410${FORGED} 6A88`]],
  ['IRK proves outwards only', ['0084000008 *9000', `0082000010${FORGED} 6A88`]],
  ['the key of a directory is not there above it', [`0082008410${FORGED} 6A88`]],
  ['too short, too long, wrong P1', ['0082000A0F', '0082000A12', '0082010A10'].map(misformed)],
  ['an unknown key version', [`0082000A11${FORGED}02 6A88`]],
  ['0088 knows IRK alone', [`0088000A10${FORGED} 6A88`]],
  ['a random of odd length', ['0084000007 6700', '0084000004 *9000', '0084000010 *9000']],
  [
    'a failed proof takes the right away',
    ['RIGHT 9000', '0084000008 *9000', 'WRONG 63C2'].concat([
      `${SELECT_EF06} 9000`,
      '00B2080014 6982',
    ]),
  ],
];

function misformed(head: string): string {
  const length = Number.parseInt(head.slice(8), 16);
  return `${head}${'00'.repeat(length)} ${head.startsWith('008201') ? '6A86' : '6700'}`;
}

for (const [title, steps] of TRIES) {
  keys.test(title, () => {
    const { face } = opened();
    for (const step of steps) {
      const [command = '', expected = ''] = step.split(' ');
      const answer = command === 'RIGHT' ? grant(face) : ask(face, asSent(command));
      if (expected.startsWith('*')) assert.ok(answer.endsWith(expected.slice(1)), step);
      else assert.is(answer, expected, step);
    }
  });
}

function asSent(command: string): string {
  return command === 'WRONG' ? `0082000A10${FORGED}` : command;
}

keys.test('tries survive the loss of power, rights do not', () => {
  const { card, face } = opened();
  ask(face, '0084000008');
  ask(face, `0082000A10${FORGED}`);
  face.powerDown();
  assert.is(card.snapshot().ssc?.keyTries['0A'], 2);
  ask(face, SELECT_SSSE);
  assert.is(grant(face), '9000');
  face.powerDown();
  ask(face, SELECT_SSSE);
  ask(face, SELECT_EF06);
  assert.is(ask(face, '00B2080014'), '6982');
});

keys.test('a forged card is found out by its proof, and takes no right one', () => {
  const { face } = opened({ forged: true });
  const expected = opinion('sm4', 'IRK', FACTORS).data(FACTOR, RAW);
  assert.is.not(ask(face, `0088000010${FACTOR}${RAW}`), `${expected}9000`);
  assert.is(grant(face), '63C2');
});

keys.run();
