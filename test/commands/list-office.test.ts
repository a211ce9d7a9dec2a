/** The office's commands on a real disk, and OpenSSL alone as the judge of what they made. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Io } from '../../controller/commands/io.ts';
import {
  blacklistBuild,
  blacklistSign,
  listVerify,
} from '../../controller/commands/list-office.ts';
import type { PublicKey } from '../../controller/crypto/sm2.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { newKey } from '../controller/blacklist/list-file/office.ts';
import { feature, PROGRAMS } from '../kit/feature.ts';

const office = feature('list office commands');

const folder = mkdtempSync(join(tmpdir(), 'tapway-office-'));
const at = (name: string) => join(folder, name);
office.after(() => rmSync(folder, { recursive: true }));

let out: string[] = [];
let err: string[] = [];
const io: Io = {
  out: (line) => void out.push(line),
  err: (line) => void err.push(line),
  write: async () => {},
  env: {},
  disk: systemDisk,
  clock: { ...systemClock, wall_ms: () => Date.UTC(2026, 10, 24, 6) },
};

/** Exit code and what was said. */
async function said(work: () => Promise<number>) {
  [out, err] = [[], []];
  return { code: await work(), out: out.join('\n'), err: err.join('\n') };
}

const { key, pem } = newKey();
const CARDS = Array.from({ length: 9_000 }, (_, i) => `3104000000000${1_000_000 + i * 7},lost`);
writeFileSync(at('cards.txt'), `\uFEFF# 挂失\r\n${CARDS.toReversed().join('\r\n')}`);

const verify = (file: string, trusted: readonly PublicKey[]) =>
  said(() => listVerify(io, at(file), trusted));

office.test('GIVEN a text file THEN build, sign and verify make a list of it', async () => {
  const request = { list: 'blacklist', input: at('cards.txt'), version: 7 } as const;
  const built = await said(() => blacklistBuild(io, { ...request, out: at('a.list') }));
  assert.equal([built.code, built.err], [0, '']);
  assert.match(built.out, 'full list blacklist, version 7, 9000 entries; not signed yet');

  const unsigned = await verify('a.list', []);
  assert.is(unsigned.code, 1);
  assert.match(unsigned.out, /^SIGNATURE NOT CHECKED: .*\n.*\nnot signed; all else is in order$/);
  const untrusted = await verify('a.list', [key.publicKey]);
  assert.is(untrusted.code, 1);
  assert.match(untrusted.out, /^NOT IN ORDER: .*a\.list: the list is not signed/);

  const signed = await said(() =>
    blacklistSign(io, { file: at('a.list'), keyPem: pem, out: at('b.list') }),
  );
  assert.equal([signed.code, signed.err], [0, '']);
  const point = key.publicKey.point.toString('hex').toUpperCase();
  assert.match(signed.out, `lists.trusted_keys: ["${point}"]`);

  const good = await verify('b.list', [newKey().key.publicKey, key.publicKey]);
  assert.is(good.code, 0);
  assert.match(good.out, /^IN ORDER: full list blacklist, version 7, 9000 entries\n/);
  assert.match(good.out, 'issued 2026-11-24T06:00:00Z; SM3 ');
  assert.match((await verify('b.list', [])).out, 'name the trusted keys to check the signature');
  assert.is((await verify('b.list', [])).code, 1);
});

office.test('GIVEN an earlier full list THEN build writes the delta', async () => {
  const input = CARDS.slice(10).concat('3104FFFFFFFFFFFFFFFF,stolen');
  const request = { list: 'blacklist', input, version: 8, deltaFrom: at('b.list') } as const;
  const built = await said(() => blacklistBuild(io, { ...request, out: at('c.list') }));
  assert.is(built.code, 0);
  assert.match(built.out, 'delta list blacklist, version 8 from 7, 11 entries, 8991 in all');
});

office.test('GIVEN what cannot be done THEN exit 2, the reason, and no file', async () => {
  const before = readdirSync(folder);
  const request = { list: 'blacklist', version: 7, out: at('x.list') } as const;
  const signing = { keyPem: pem, out: at('x.list') };
  const cases: [() => Promise<number>, RegExp][] = [
    [() => blacklistBuild(io, { ...request, input: at('none.txt') }), /ENOENT.*none\.txt/],
    [() => blacklistBuild(io, { ...request, input: at('b.list') }), /^line 1: /],
    [() => blacklistBuild(io, { ...request, input: ['31'] }), /^line 1: expected application/],
    [() => blacklistSign(io, { ...signing, file: at('a.list'), keyPem: 'x' }), /openssl genpkey/],
    [() => blacklistSign(io, { ...signing, file: at('b.list') }), /signed already/],
  ];
  for (const [work, reason] of cases) {
    const { code, err: text } = await said(work);
    assert.is(code, 2);
    assert.match(text, reason);
  }
  assert.equal(readdirSync(folder), before);
});

office.test('GIVEN a changed byte THEN verify exits 1 and says so', async () => {
  const bytes = readFileSync(at('b.list'));
  bytes.writeUInt8(bytes.readUInt8(5_000) ^ 4, 5_000);
  writeFileSync(at('changed.list'), bytes);
  const { code, out: text } = await verify('changed.list', [key.publicKey]);
  assert.is(code, 1);
  assert.match(text, /^NOT IN ORDER: .*changed\.list: the SM3 value is wrong/);
});

office.testWith(
  PROGRAMS.openssl,
  'GIVEN OpenSSL alone THEN it makes the key, and confirms hash and signature',
  async () => {
    openssl('genpkey', '-algorithm', 'SM2', '-out', at('key.pem'));
    openssl('pkey', '-in', at('key.pem'), '-pubout', '-out', at('public.pem'));
    const keyPem = readFileSync(at('key.pem'), 'utf8');
    const made = () => blacklistSign(io, { file: at('a.list'), keyPem, out: at('d.list') });
    assert.is((await said(made)).code, 0);

    const bytes = readFileSync(at('d.list'));
    const end = bytes.length - 72;
    writeFileSync(at('body'), bytes.subarray(0, end - 32));
    writeFileSync(at('hash'), bytes.subarray(end - 32, end));
    assert.equal(openssl('dgst', '-sm3', '-binary', at('body')), bytes.subarray(end - 32, end));

    const spki = openssl('pkey', '-pubin', '-in', at('public.pem'), '-outform', 'DER');
    writeFileSync(at('point'), spki.subarray(-65));
    const id = openssl('dgst', '-sm3', '-binary', at('point')).subarray(0, 8);
    assert.equal(bytes.subarray(end, end + 8), id);

    const [r, s] = [bytes.toString('hex', end + 8, end + 40), bytes.toString('hex', end + 40)];
    const lines = ['asn1=SEQUENCE:sig', '[sig]', `r=INTEGER:0x${r}`, `s=INTEGER:0x${s}`];
    writeFileSync(at('sig.conf'), `${lines.join('\n')}\n`);
    openssl('asn1parse', '-genconf', at('sig.conf'), '-noout', '-out', at('sig.der'));
    const judge = ['dgst', '-sm3', '-verify', at('public.pem'), '-signature', at('sig.der')];
    const id16 = ['-sigopt', 'distid:1234567812345678'];
    assert.match(openssl(...judge, ...id16, at('hash')).toString(), 'Verified OK');
    assert.throws(() => openssl(...judge, ...id16, at('body')));
  },
);

office.run();

function openssl(...args: readonly string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
}
