import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import {
  type KeySet,
  openSealedKeys,
  parseKeySet,
  sealKeys,
  wipeKeys,
} from '../../../controller/sam/sealed.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { keysAsJson } from '../../../sim/keys.ts';
import { feature } from '../../kit/feature.ts';

const sealed = feature('sealed keys');
const PASSPHRASE = 'correct horse battery';

const keySet: KeySet = {
  terminal: '332099000001',
  psam_serial: '33209900000000000001',
  keys: [
    {
      usage: 'purchase',
      algorithm: 'sm4',
      index: '41',
      version: '01',
      key: Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex'),
    },
    {
      usage: 'lock',
      algorithm: '3des',
      index: '01',
      version: '02',
      key: Buffer.from('30415263748596A7B8C9DAEBFC0D1E2F', 'hex'),
    },
  ],
};

function must<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

function refusal(reply: Reply<unknown>): string {
  if (reply.ok) throw new Error('it was not refused');
  assert.is(reply.fault.code, 'sam-keys');
  assert.is(reply.fault.effect, 'none');
  return reply.fault.detail;
}

const text = must(sealKeys(keySet, PASSPHRASE));

sealed.test('GIVEN the passphrase THEN the keys come back', () => {
  assert.equal(must(openSealedKeys(text, PASSPHRASE)), keySet);
  assert.equal(must(openSealedKeys(text.trimEnd(), PASSPHRASE)), keySet);
});

sealed.test('the file is what README and comment say, and holds no key', () => {
  const envelope = JSON.parse(text);
  assert.is(envelope.format, 'tapway-sealed-keys');
  assert.is(envelope.version, 1);
  assert.is(envelope.kdf.N, 32_768);
  assert.is(envelope.cipher.name, 'aes-256-gcm');
  assert.not.match(text.toUpperCase(), /00112233445566|30415263748596/);
  assert.not(text === must(sealKeys(keySet, PASSPHRASE)), 'salt and iv are fresh');
});

sealed.test('composed and decomposed letters are one passphrase', () => {
  const umlaut = must(sealKeys(keySet, 'f\u00fcnf gro\u00dfe Pferde'));
  assert.ok(openSealedKeys(umlaut, 'fu\u0308nf gro\u00dfe Pferde').ok);
});

for (const short of ['', 'elf Zeichen', '密码密码密码']) {
  sealed.test(`the passphrase of ${[...short].length} characters is refused at sealing`, () => {
    assert.match(refusal(sealKeys(keySet, short)), 'at least 12 characters');
  });
}

sealed.test('GIVEN a wrong or no passphrase THEN a clear fault without secrets', () => {
  const wrong = refusal(openSealedKeys(text, 'correct horse batterz'));
  assert.match(wrong, 'wrong passphrase');
  assert.not.match(wrong, 'batterz');
  assert.match(refusal(openSealedKeys(text, '')), 'no passphrase');
});

sealed.test('WHEN any byte of the file is flipped THEN it is refused, never thrown', () => {
  for (let at = 0; at < text.length; at += 1) {
    for (const flip of [0x01, 0x20, 0xff]) {
      const bytes = Buffer.from(text);
      bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
      refusal(openSealedKeys(bytes.toString('latin1'), PASSPHRASE));
    }
  }
});

sealed.test('WHEN the file is cut anywhere THEN it is refused', () => {
  for (let end = 0; end < text.length - 1; end += 1) {
    refusal(openSealedKeys(text.slice(0, end), PASSPHRASE));
  }
});

/** As an attacker would: changes a field and puts the check sum right. */
function forge(change: (envelope: Record<string, unknown>) => void): string {
  const { sha256: _, ...envelope } = JSON.parse(text);
  change(envelope);
  const sha256 = createHash('sha256').update(JSON.stringify(envelope)).digest('hex');
  return `${JSON.stringify({ ...envelope, sha256 }, null, 2)}\n`;
}

const flipHex = (hex: unknown) => String(hex).replace(/^./, (d) => (d === '0' ? '1' : '0'));
const { kdf, cipher } = JSON.parse(text);
const forgeries: readonly { name: string; fields: Record<string, unknown>; says: RegExp }[] = [
  { name: 'another format', fields: { format: 'other' }, says: /no sealed key file/ },
  { name: 'a later version', fields: { version: 2 }, says: /version that this program/ },
  { name: 'a huge N', fields: { kdf: { ...kdf, N: 2 ** 30 } }, says: /unusual/ },
  { name: 'a tiny N', fields: { kdf: { ...kdf, N: 2 } }, says: /unusual/ },
  { name: 'an N that is no power of two', fields: { kdf: { ...kdf, N: 40_000 } }, says: /unusual/ },
  { name: 'a huge r', fields: { kdf: { ...kdf, r: 1_000_000 } }, says: /unusual/ },
  { name: 'a huge p', fields: { kdf: { ...kdf, p: 1_000_000 } }, says: /unusual/ },
  { name: 'a negative p', fields: { kdf: { ...kdf, p: -1 } }, says: /unusual/ },
  { name: 'N as text', fields: { kdf: { ...kdf, N: '32768' } }, says: /damaged/ },
  { name: 'another kdf', fields: { kdf: { ...kdf, name: 'none' } }, says: /unusual/ },
  { name: 'no kdf', fields: { kdf: null }, says: /damaged/ },
  { name: 'an extra field', fields: { note: 'x' }, says: /damaged/ },
  { name: 'a short tag', fields: { tag: '00' }, says: /unusual/ },
  { name: 'a long ciphertext', fields: { ciphertext: '00'.repeat(9_999) }, says: /unusual/ },
  { name: 'another p', fields: { kdf: { ...kdf, p: 2 } }, says: /wrong passphrase/ },
  {
    name: 'another salt',
    fields: { kdf: { ...kdf, salt: flipHex(kdf.salt) } },
    says: /wrong passphrase/,
  },
  {
    name: 'another iv',
    fields: { cipher: { ...cipher, iv: flipHex(cipher.iv) } },
    says: /wrong passphrase/,
  },
  {
    name: 'another ciphertext',
    fields: { ciphertext: flipHex(JSON.parse(text).ciphertext) },
    says: /wrong passphrase/,
  },
  { name: 'another tag', fields: { tag: flipHex(JSON.parse(text).tag) }, says: /wrong passphrase/ },
];
for (const { name, fields, says } of forgeries) {
  sealed.test(`GIVEN ${name} with the check sum put right THEN it is refused`, () => {
    const forged = forge((envelope) => Object.assign(envelope, fields));
    assert.match(refusal(openSealedKeys(forged, PASSPHRASE)), says);
  });
}

for (const garbage of ['', 'null', '[]', '42', '"x"', '{}', '{"format":"tapway-sealed-keys"}']) {
  sealed.test(`GIVEN the file ${garbage || 'empty'} THEN it is refused`, () => {
    refusal(openSealedKeys(garbage, PASSPHRASE));
  });
}

sealed.test('WHEN wiped THEN the keys are zero', () => {
  const set = must(openSealedKeys(text, PASSPHRASE));
  wipeKeys(set);
  assert.ok(set.keys.every(({ key }) => key.equals(Buffer.alloc(16))));
});

sealed.test('GIVEN the JSON of `tapway-sim keys` THEN it is taken without its TAC keys', () => {
  const set = must(parseKeySet(JSON.parse(JSON.stringify(keysAsJson()))));
  assert.is(set.terminal, '332099000001');
  const names = set.keys.map(({ usage, algorithm }) => `${usage} ${algorithm}`);
  assert.equal(names, ['purchase sm4', 'lock sm4', 'purchase 3des', 'lock 3des']);
  assert.equal(must(openSealedKeys(must(sealKeys(set, PASSPHRASE)), PASSPHRASE)), set);
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
  sealed.test(`GIVEN ${name} as key set THEN a clear fault that shows no key`, () => {
    const detail = refusal(parseKeySet(json));
    assert.match(detail, says);
    assert.not.match(detail.toUpperCase(), SECRET.slice(2, 10));
  });
}

sealed.run();
