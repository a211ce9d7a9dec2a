/** Searches the memory of this very process, as a core dump would show it, for keys. */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { diversify } from '../../../controller/crypto/purse-keys.ts';
import { parseKeySet, wipeKeys } from '../../../controller/sam/key-set.ts';
import { openSealedKeys, sealKeys } from '../../../controller/sam/sealed.ts';
import { createSoftwareSam } from '../../../controller/sam/software.ts';
import { feature } from '../../kit/feature.ts';
import { bytes } from '../../sim/card/hand.ts';
import { inputOf, must } from './input.ts';

const memory = feature('keys in memory');
const PASSPHRASE = 'correct horse battery';
const MASTER = 'A7B1C2D3E4F5061728394A5B6C7D8E9F';
const MASK = 0x5a;

/** What is searched for must not itself be found: it is kept masked. */
const master = masked(bytes(MASTER));
const cardKey = masked(cardKeyOf(bytes(MASTER)));

memory.test(
  'GIVEN a seal, a lane and its end THEN no raw key is left in the memory of the process',
  async () => {
    const keySet = must(
      parseKeySet({
        terminal: '332099000001',
        psam_serial: '33209900000000000001',
        keys: [{ usage: 'purchase', algorithm: 'sm4', index: '41', version: '01', key: MASTER }],
      }),
    );
    const text = must(sealKeys(keySet, { passphrase: PASSPHRASE, created_ms: 0 }));
    wipeKeys(keySet);
    assert.equal(countInMemory([master, cardKey]), [0, 0], 'sealed');

    const sam = createSoftwareSam({
      keySet: must(openSealedKeys(text, PASSPHRASE)),
      algorithms: { '04': 'sm4' },
      sessionMode: 'complement',
      firstTermSeq: 1,
      lockKeyVersion: '01',
    });
    must(await sam.initPurchase(inputOf(0x04)));
    const [found = 0, derived] = countInMemory([master, cardKey]);
    // Once or more: the search reads what it has itself read, too.
    assert.ok(found > 0, 'the search finds what is there');
    assert.is(derived, 0, 'the card key lives for one command');
    await sam.close();
    assert.equal(countInMemory([master, cardKey]), [0, 0], 'closed');
  },
  60_000,
);

memory.run();

function masked(key: Buffer): Buffer {
  const hidden = Buffer.from(key.map((byte) => byte ^ MASK));
  key.fill(0);
  return hidden;
}

function cardKeyOf(key: Buffer): Buffer {
  const { issuerFactor, cardFactor } = inputOf(0x04);
  const issuerKey = diversify('sm4', key, issuerFactor);
  const card = diversify('sm4', issuerKey, cardFactor);
  key.fill(0);
  issuerKey.fill(0);
  return card;
}

function countInMemory(needles: readonly Buffer[]): number[] {
  const counts = needles.map(() => 0);
  const chunk = Buffer.alloc(4 * 1024 * 1024);
  const file = openSync('/proc/self/mem', 'r');
  for (const { from, to } of writableRanges()) {
    for (let at = from; at < to; at += chunk.length - 16) {
      const length = readAt(file, chunk.subarray(0, Math.min(chunk.length, to - at)), at);
      needles.forEach((needle, i) => {
        counts[i] = (counts[i] ?? 0) + countIn(chunk.subarray(0, length), needle);
      });
    }
  }
  closeSync(file);
  chunk.fill(0);
  return counts;
}

function writableRanges(): { from: number; to: number }[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map(([, from, to]) => ({
    from: Number.parseInt(from ?? '', 16),
    to: Number.parseInt(to ?? '', 16),
  }));
}

/** Some ranges are mapped and cannot be read. */
function readAt(file: number, into: Buffer, at: number): number {
  try {
    return readSync(file, into, 0, into.length, at);
  } catch {
    return 0;
  }
}

function countIn(haystack: Buffer, needle: Buffer): number {
  const first = needle.readUInt8(0) ^ MASK;
  let count = 0;
  for (let at = haystack.indexOf(first); at !== -1; at = haystack.indexOf(first, at + 1)) {
    if (at + needle.length > haystack.length) break;
    if (needle.every((byte, i) => haystack[at + i] === (byte ^ MASK))) count += 1;
  }
  return count;
}
