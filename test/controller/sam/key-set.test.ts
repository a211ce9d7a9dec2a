import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import {
  concealed,
  kcvOf,
  parseKeySet,
  type SamKey,
  wipeKeys,
} from '../../../controller/sam/key-set.ts';
import { keysAsJson } from '../../../sim/keys.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { bytes, openssl, upper } from '../../sim/card/hand.ts';
import { must, refusal } from './input.ts';

const keySets = feature('key sets');
const WELL_KNOWN = '0123456789ABCDEFFEDCBA9876543210';

function keyOf(algorithm: SamKey['algorithm'], hex: string): SamKey {
  return { usage: 'purchase', algorithm, index: '01', version: '01', key: bytes(hex) };
}

/** OpenSSL 3.0: `head -c 16 /dev/zero | openssl enc -sm4-ecb -nopad -K …`; 8 with des-ede-ecb. */
const KCVS = [
  ['sm4', '2677F4'],
  ['3des', '08D7B4'],
] as const;
for (const [algorithm, kcv] of KCVS) {
  keySets.test(`GIVEN a well-known ${algorithm} key THEN its KCV is ${kcv}`, () => {
    assert.is(kcvOf(keyOf(algorithm, WELL_KNOWN)), kcv);
  });
}

keySets.testWith(PROGRAMS.openssl, 'the openssl program computes the same KCVs', () => {
  const { keys } = must(parseKeySet(keysAsJson()));
  for (const key of keys) {
    const zeros = key.algorithm === 'sm4' ? '0'.repeat(32) : '0'.repeat(16);
    const cipher = key.algorithm === 'sm4' ? 'sm4-ecb' : 'des-ede-ecb';
    assert.is(kcvOf(key), openssl(cipher, upper(key.key), zeros).slice(0, 6));
  }
});

keySets.test('GIVEN the JSON of `tapway-sim keys` THEN it is taken without its TAC keys', () => {
  const set = must(parseKeySet(JSON.parse(JSON.stringify(keysAsJson()))));
  assert.is(set.terminal, '332099000001');
  const names = set.keys.map(({ usage, algorithm }) => `${usage} ${algorithm}`);
  assert.equal(names, ['purchase sm4', 'lock sm4', 'purchase 3des', 'lock 3des']);
});

const SECRET = '0A0B0C0D0E0F00112233445566778899';
const item = { usage: 'purchase', algorithm: 'sm4', index: '41', version: '01', key: SECRET };
const set = { terminal: '332099000001', psam_serial: '33209900000000000001', keys: [item] };
const wrongSets: readonly { name: string; json: unknown; says: RegExp }[] = [
  { name: 'nothing', json: undefined, says: /`terminal`/ },
  { name: 'a list', json: [], says: /`terminal`/ },
  { name: 'a short terminal', json: { ...set, terminal: '33' }, says: /`terminal`/ },
  { name: 'a numeric serial', json: { ...set, psam_serial: 33 }, says: /`psam_serial`/ },
  { name: 'no keys', json: { ...set, keys: 'x' }, says: /`keys` must be a list/ },
  { name: 'an empty list', json: { ...set, keys: [] }, says: /no purchase key/ },
  {
    name: 'TAC keys alone',
    json: { ...set, keys: [{ ...item, usage: 'tac' }] },
    says: /no purchase key/,
  },
  {
    name: 'an unknown usage',
    json: { ...set, keys: [item, { ...item, usage: 'load' }] },
    says: /key 2: `usage` must be one of purchase, lock, tac/,
  },
  {
    name: 'an unknown algorithm',
    json: { ...set, keys: [{ ...item, algorithm: 'aes' }] },
    says: /`algorithm` must be one of sm4, 3des/,
  },
  { name: 'a numeric index', json: { ...set, keys: [{ ...item, index: 65 }] }, says: /1 byte/ },
  {
    name: 'a key of 15 bytes',
    json: { ...set, keys: [{ ...item, key: SECRET.slice(2) }] },
    says: /key 1: `key` must be 16 bytes/,
  },
  { name: 'a key twice', json: { ...set, keys: [item, item] }, says: /is there twice/ },
  {
    name: 'too many keys',
    json: { ...set, keys: Array.from({ length: 65 }, () => item) },
    says: /at most 64/,
  },
];
for (const { name, json, says } of wrongSets) {
  keySets.test(`GIVEN ${name} as key set THEN a clear fault that shows no key`, () => {
    const detail = refusal(parseKeySet(json));
    assert.match(detail, says);
    assert.not.match(detail.toUpperCase(), SECRET.slice(2, 10));
  });
}

keySets.test('WHEN a key set is printed in any way THEN no key shows', () => {
  const printed = must(parseKeySet({ ...set, keys: [item] }));
  for (const text of [
    inspect(printed, { depth: null, showHidden: true }),
    JSON.stringify(printed),
    String(printed),
  ]) {
    assert.not.match(text.replace(/[ ,]/g, '').toUpperCase(), SECRET.slice(0, 8));
    assert.not.match(text, /10,11,12,13|10, 11, 12, 13/);
  }
  assert.is(inspect({ key: concealed(bytes(SECRET)) }), '{ key: <key> }');
});

keySets.test('WHEN wiped THEN the keys are zero', () => {
  const { keys, ...rest } = must(parseKeySet(set));
  wipeKeys({ ...rest, keys });
  assert.ok(keys.every(({ key }) => key.equals(Buffer.alloc(16))));
});

keySets.run();
