import { createCipheriv, createHash, scryptSync } from 'node:crypto';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type KeySet, parseKeySet } from '../../../controller/sam/key-set.ts';
import { openSealedKeys, readSealedHeader, sealKeys } from '../../../controller/sam/sealed.ts';
import { keysAsJson } from '../../../sim/keys.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';
import { must, refusal } from './input.ts';

const sealed = feature('sealed keys');
const PASSPHRASE = 'correct horse battery';
const OPTIONS = { passphrase: PASSPHRASE, created_ms: Date.UTC(2026, 10, 24, 23, 59) };

const keySet: KeySet = {
  terminal: '332099000001',
  psam_serial: '33209900000000000001',
  keys: [
    {
      usage: 'purchase',
      algorithm: 'sm4',
      index: '41',
      version: '01',
      key: bytes('0123456789ABCDEFFEDCBA9876543210'),
    },
    {
      usage: 'lock',
      algorithm: '3des',
      index: '01',
      version: '02',
      key: bytes('0123456789ABCDEFFEDCBA9876543210'),
    },
  ],
};

const text = must(sealKeys(keySet, OPTIONS));

sealed.test('GIVEN the passphrase THEN the keys come back', () => {
  assert.equal(must(openSealedKeys(text, PASSPHRASE)), keySet);
  const published = must(parseKeySet(JSON.parse(JSON.stringify(keysAsJson()))));
  assert.equal(
    must(openSealedKeys(must(sealKeys(published, OPTIONS)), PASSPHRASE)),
    published,
    'what `tapway-sim keys` prints',
  );
});

sealed.test('GIVEN the most keys that a set may have THEN the file opens', () => {
  const [key] = keySet.keys;
  if (!key) throw new Error('no key');
  const keys = Array.from({ length: 64 }, (_, at) => {
    return { ...key, algorithm: '3des' as const, version: upper(Buffer.from([at])) };
  });
  assert.equal(
    must(openSealedKeys(must(sealKeys({ ...keySet, keys }, OPTIONS)), PASSPHRASE)).keys,
    keys,
  );
});

sealed.test('the file says in the clear what it holds, and holds no key', () => {
  const { kdf, cipher, ...header } = must(readSealedHeader(text));
  assert.equal(header, {
    format: 'tapway-sealed-keys',
    version: 2,
    created: '2026-11-24',
    terminal: '332099000001',
    psam_serial: '33209900000000000001',
    keys: [
      { usage: 'purchase', algorithm: 'sm4', index: '41', version: '01', kcv: '2677F4' },
      { usage: 'lock', algorithm: '3des', index: '01', version: '02', kcv: '08D7B4' },
    ],
  });
  assert.equal([kdf.N, cipher.name], [32_768, 'aes-256-gcm']);
  assert.not.match(text.toUpperCase(), /01234567|89ABCDEF|FEDCBA98|76543210/);
  assert.not(text === must(sealKeys(keySet, OPTIONS)), 'salt and iv are fresh');
});

sealed.test('composed and decomposed letters are one passphrase', () => {
  const umlaut = must(sealKeys(keySet, { ...OPTIONS, passphrase: 'f\u00fcnf gro\u00dfe Pferde' }));
  assert.ok(openSealedKeys(umlaut, 'fu\u0308nf gro\u00dfe Pferde').ok);
});

for (const passphrase of ['', 'elf Zeichen', '密码密码密码']) {
  const { length } = [...passphrase];
  sealed.test(`the passphrase of ${length} characters is refused at sealing`, () => {
    assert.match(refusal(sealKeys(keySet, { ...OPTIONS, passphrase })), 'at least 12 characters');
  });
}

sealed.test('GIVEN a key of another length THEN it is not sealed', () => {
  const keys = keySet.keys.map((key) => ({ ...key, key: key.key.subarray(1) }));
  assert.match(refusal(sealKeys({ ...keySet, keys }, OPTIONS)), 'has not 16 bytes');
});

sealed.test('GIVEN a wrong or no passphrase THEN a clear fault without secrets', () => {
  const wrong = refusal(openSealedKeys(text, 'correct horse batterz'));
  assert.match(wrong, 'wrong passphrase');
  assert.not.match(wrong, 'batterz');
  assert.match(refusal(openSealedKeys(text, '')), 'no passphrase');
});

/** As a file is read: bytes that are no UTF-8 become U+FFFD. */
function opened(file: Buffer): string {
  assert.ok(!readSealedHeader(file.toString('utf8')).ok);
  return refusal(openSealedKeys(file.toString('utf8'), PASSPHRASE));
}

sealed.test('WHEN any byte of the file is flipped THEN it is refused, never thrown', () => {
  for (let at = 0; at < text.length; at += 1) {
    for (const flip of [0x01, 0x20, 0xff]) {
      const file = Buffer.from(text);
      file.writeUInt8(file.readUInt8(at) ^ flip, at);
      opened(file);
    }
  }
});

sealed.test('WHEN the file is cut anywhere THEN it is refused', () => {
  for (let end = 0; end < text.length; end += 1) opened(Buffer.from(text.slice(0, end)));
});

const place = fc.nat(text.length - 1);
const patch = fc.uint8Array({ maxLength: 40 }).map((inserted) => Buffer.from(inserted));
sealed.test('WHEN a part is cut out, put in or replaced THEN it is refused, never thrown', () => {
  fc.assert(
    fc.property(place, fc.nat(60), patch, (at, cut, inserted) => {
      const before = Buffer.from(text);
      const after = Buffer.concat([before.subarray(0, at), inserted, before.subarray(at + cut)]);
      if (!after.equals(before)) opened(after);
    }),
    { numRuns: 2_000 },
  );
});

sealed.test('WHEN two parts change places THEN it is refused', () => {
  fc.assert(
    fc.property(place, place, place, (...cuts) => {
      const [a = 0, b = 0, c = 0] = cuts.sort((x, y) => x - y);
      const swapped = text.slice(0, a) + text.slice(b, c) + text.slice(a, b) + text.slice(c);
      if (swapped !== text) opened(Buffer.from(swapped));
    }),
    { numRuns: 1_000 },
  );
});

sealed.test('GIVEN any JSON that calls itself a key file THEN it is refused, never thrown', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (fields, keys) => {
      refusal(openSealedKeys(signed({ ...JSON.parse(text), ...fields, keys }), PASSPHRASE));
    }),
    { numRuns: 500 },
  );
});

/** As an attacker would: puts the check sum right, which takes no secret. */
function signed({ sha256: _, ...envelope }: Record<string, unknown>): string {
  return summed(JSON.stringify(envelope, null, 2).slice(0, -2));
}

function summed(body: string): string {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return `${body},\n  "sha256": "${sha256}"\n}\n`;
}

const flipHex = (hex: unknown) => String(hex).replace(/^./, (d) => (d === '0' ? '1' : '0'));
const file = JSON.parse(text);
const { kdf, cipher } = file;
const [first, second] = file.keys;
const WRONG = /wrong passphrase, or somebody changed/;
const forgeries: readonly { name: string; fields: Record<string, unknown>; says: RegExp }[] = [
  { name: 'another format', fields: { format: 'other' }, says: /no sealed key file/ },
  { name: 'version 1', fields: { version: 1 }, says: /version 1, .*: seal the keys again/ },
  { name: 'a later version', fields: { version: 3 }, says: /does not know .*version 2.*: update/ },
  { name: 'a version as text', fields: { version: '2' }, says: /does not know/ },
  { name: 'a huge N', fields: { kdf: { ...kdf, N: 2 ** 30 } }, says: /unusual/ },
  { name: 'a tiny N', fields: { kdf: { ...kdf, N: 2 } }, says: /unusual/ },
  { name: 'an N that is no power of two', fields: { kdf: { ...kdf, N: 40_000 } }, says: /unusual/ },
  { name: 'a huge r', fields: { kdf: { ...kdf, r: 1_000_000 } }, says: /unusual/ },
  { name: 'a huge p', fields: { kdf: { ...kdf, p: 1_000_000 } }, says: /unusual/ },
  { name: 'a negative p', fields: { kdf: { ...kdf, p: -1 } }, says: /unusual/ },
  { name: 'N as text', fields: { kdf: { ...kdf, N: '32768' } }, says: /unusual/ },
  { name: 'another kdf', fields: { kdf: { ...kdf, name: 'none' } }, says: /unusual/ },
  { name: 'no kdf', fields: { kdf: null }, says: /unusual/ },
  { name: 'an extra field', fields: { note: 'x' }, says: /unusual/ },
  { name: 'a short tag', fields: { tag: '00' }, says: /unusual/ },
  { name: 'a long ciphertext', fields: { ciphertext: '00'.repeat(9_999) }, says: /unusual/ },
  { name: 'a date in words', fields: { created: 'today' }, says: /unusual/ },
  { name: 'one key less', fields: { keys: [first] }, says: /unusual/ },
  { name: 'a key twice', fields: { keys: [first, first] }, says: /unusual/ },
  { name: 'no keys', fields: { keys: null }, says: /unusual/ },
  { name: 'a usage', fields: { keys: [first, { ...second, usage: 'tac' }] }, says: /unusual/ },
  { name: 'no KCV', fields: { keys: [first, { ...second, kcv: '' }] }, says: /unusual/ },
  { name: 'another KCV', fields: { keys: [first, { ...second, kcv: '000000' }] }, says: WRONG },
  {
    name: 'another key version',
    fields: { keys: [{ ...first, version: '02' }, second] },
    says: WRONG,
  },
  { name: 'another terminal', fields: { terminal: '332099000002' }, says: WRONG },
  { name: 'another serial', fields: { psam_serial: '33209900000000000002' }, says: WRONG },
  { name: 'another date', fields: { created: '2026-11-25' }, says: WRONG },
  { name: 'another p', fields: { kdf: { ...kdf, p: 2 } }, says: WRONG },
  { name: 'another salt', fields: { kdf: { ...kdf, salt: flipHex(kdf.salt) } }, says: WRONG },
  { name: 'another iv', fields: { cipher: { ...cipher, iv: flipHex(cipher.iv) } }, says: WRONG },
  { name: 'another ciphertext', fields: { ciphertext: flipHex(file.ciphertext) }, says: WRONG },
  { name: 'another tag', fields: { tag: flipHex(file.tag) }, says: WRONG },
];
for (const { name, fields, says } of forgeries) {
  sealed.test(`GIVEN ${name} with the check sum put right THEN it is refused`, () => {
    assert.match(refusal(openSealedKeys(signed({ ...file, ...fields }), PASSPHRASE)), says);
  });
}

/** Somebody who has the passphrase, and another program to seal with. */
function resealed(keys: unknown, secrets: Buffer): string {
  const { ciphertext: _, tag: __, sha256: ___, ...header } = { ...file, keys };
  const { N, r, p, salt } = kdf;
  const key = scryptSync(PASSPHRASE, bytes(salt), 32, { N, r, p, maxmem: 2 ** 27 });
  const sealing = createCipheriv('aes-256-gcm', key, bytes(cipher.iv));
  sealing.setAAD(Buffer.from(JSON.stringify(header)));
  const ciphertext = Buffer.concat([sealing.update(secrets), sealing.final()]).toString('hex');
  return signed({ ...header, ciphertext, tag: sealing.getAuthTag().toString('hex') });
}

sealed.test('the file can be made and read by any program that knows its layout', () => {
  const secrets = Buffer.concat(keySet.keys.map(({ key }) => key));
  assert.equal(must(openSealedKeys(resealed(file.keys, secrets), PASSPHRASE)), keySet);
});

sealed.test('GIVEN a well sealed key that its KCV does not fit THEN that key is named', () => {
  const secrets = Buffer.concat([
    bytes('0123456789ABCDEFFEDCBA9876543210'),
    Buffer.alloc(16, 0x77),
  ]);
  const detail = refusal(openSealedKeys(resealed(file.keys, secrets), PASSPHRASE));
  assert.match(detail, 'lock key, 3des, index 01, version 02: its check value (KCV) does not fit');
});

const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const STRANGERS: readonly (readonly [string, RegExp])[] = [
  ['', /no sealed key file/],
  ['null', /no sealed key file/],
  ['[]', /no sealed key file/],
  ['"x"', /no sealed key file/],
  ['{}', /no sealed key file/],
  [JSON.stringify(keysAsJson()), /no sealed key file/],
  ['{"format":"tapway-sealed-keys"}', /damaged \(check sum\)/],
  [text.trimEnd(), /damaged \(check sum\)/],
  [text.replaceAll('\n', '\r\n'), /damaged \(check sum\)/],
  [text.slice(0, 500), /damaged \(check sum\)/],
  [summed(`{"format":"tapway-sealed-keys","version":3,"x":${nest(8_000)}`), /does not know/],
  [summed(text.slice(0, -3).replace(/"created": [^,]*/, `"created": ${nest(8_000)}`)), /unusual/],
  [summed(text.slice(0, -3).replace(/"N": [^,]*/, `"N": ${nest(8_000)}`)), /unusual/],
  [summed(text.slice(0, -3).replace(/"keys": [^,]*/, `"keys": ${nest(1e5)}`)), /damaged/],
];
for (const [garbage, says] of STRANGERS) {
  const name = garbage.slice(0, 20).trim() || 'nothing';
  sealed.test(`GIVEN a file of ${garbage.length} bytes, ${name} THEN it is told what it is`, () => {
    assert.match(refusal(openSealedKeys(garbage, PASSPHRASE)), says);
  });
}

sealed.run();
