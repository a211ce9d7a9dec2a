/** A signed list that was cut, changed or forged on its way to the lane. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Filter } from '../../../../controller/blacklist/filter.ts';
import { ListFileError } from '../../../../controller/blacklist/list-file/header.ts';
import {
  inspectListFile,
  type ListFile,
  openListFile,
} from '../../../../controller/blacklist/list-file/read.ts';
import { Table } from '../../../../controller/blacklist/table.ts';
import { feature } from '../../../kit/feature.ts';
import { MemoryDisk } from '../../../kit/memory-disk.ts';
import { issue, need, newKey, OFFICE, refusal, seal, sealText } from './office.ts';

const damage = feature('damaged list files');

const trust = [newKey().key.publicKey, OFFICE.key.publicKey];
const CARDS = Array.from({ length: 30 }, (_, i) => `31040000000000${100_000 + i},stolen`);

const disk = new MemoryDisk();
const good = issue(disk, { lines: CARDS }).then((path) => disk.peek(path));

function openBytes(bytes: Buffer) {
  disk.poke('arrived.list', bytes);
  return openListFile(disk, 'arrived.list', { trust });
}

/** What reading everything says; empty when all is in order. */
async function readAll(file: ListFile): Promise<string> {
  try {
    const filter = await file.filter();
    for await (const _ of file.entries(filter));
    return '';
  } catch (error) {
    assert.instance(error, ListFileError);
    return error instanceof Error ? error.message : '';
  }
}

damage.test('GIVEN the whole file THEN it opens, and all of it reads', async () => {
  const file = need(await openBytes(await good));
  assert.is(file.header.count, 30);
  assert.is(file.keyId, OFFICE.key.publicKey.id.toString('hex'));
  assert.is(await readAll(file), '');
  assert.is((await file.table()).count, 30);
});

damage.test('GIVEN the file cut at any place THEN it is refused', async () => {
  const bytes = await good;
  for (let length = 0; length < bytes.length; length++) {
    refusal(await openBytes(bytes.subarray(0, length)));
  }
  assert.match(refusal(await openBytes(bytes.subarray(0, -72))), 'not signed');
  assert.match(refusal(await openBytes(bytes.subarray(0, -73))), /has \d+ bytes; its header tells/);
  assert.match(refusal(await openBytes(bytes.subarray(0, 50))), 'the file ends at 50');
});

damage.test('GIVEN any one bit flipped THEN it is refused', async () => {
  const bytes = await good;
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
    refusal(await openBytes(flipped));
  }
});

damage.test('GIVEN a byte put in or taken out anywhere THEN it is refused', async () => {
  const bytes = await good;
  for (let at = 0; at <= bytes.length; at++) {
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    refusal(await openBytes(Buffer.concat([head, Buffer.from([at & 0xff]), tail])));
    if (at < bytes.length) refusal(await openBytes(Buffer.concat([head, tail.subarray(1)])));
  }
});

damage.test('any bytes, also behind a good beginning: refused, never a crash', async () => {
  const bytes = await good;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(200), async (list, kept) => {
      refusal(await openBytes(Buffer.concat([bytes.subarray(0, kept), Buffer.from(list)])));
    }),
    { numRuns: 300 },
  );
});

damage.test('GIVEN another signer, or nobody to trust THEN the key is named', async () => {
  disk.poke('arrived.list', await good);
  const id = OFFICE.key.publicKey.id.toString('hex');
  for (const other of [[newKey().key.publicKey], []]) {
    const detail = refusal(await openListFile(disk, 'arrived.list', { trust: other }));
    assert.is(detail, `arrived.list: signed by key ${id}, which lists.trusted_keys does not name`);
  }
  const forged = Buffer.concat([(await good).subarray(0, -72), trust[0]?.id ?? Buffer.alloc(8)]);
  const theirs = Buffer.concat([forged, (await good).subarray(-64)]);
  assert.match(refusal(await openBytes(theirs)), 'the signature is not of key');
});

damage.test('GIVEN no file, or a disk that fails THEN it is refused by name', async () => {
  assert.match(refusal(await openListFile(disk, 'none.list', { trust })), /^none\.list: ENOENT/);
  disk.readTrouble = { in: 4, code: 'EIO', stays: false };
  assert.match(refusal(await openBytes(await good)), 'the disk cannot read it: EIO');
});

const card = (number: number, reason: number) =>
  `3104${String(number).padStart(16, '0')}0${reason}`;
const FORGED: readonly [string, Buffer, string][] = [
  ['out of order', seal({}, { entries: card(2, 1) + card(1, 1) }), 'strictly ascending'],
  ['the same card twice', seal({}, { entries: card(1, 1) + card(1, 2) }), 'strictly ascending'],
  ['a removal in a full list', seal({}, { entries: card(1, 0) }), 'value 0; 1 to 5 is legal'],
  ['an unknown reason', seal({}, { entries: card(1, 6) }), 'value 6; 1 to 5 is legal'],
  [
    'an unknown reason in a delta',
    seal({ kind: 'delta', base: 1, version: 2 }, { entries: card(1, 6) }),
    'value 6; 0 to 5 is legal',
  ],
  [
    'a value that no city has',
    seal({ list: 'cities', count: 1, total: 1 }, { entries: '110002' }),
    'value 2; 1 to 1 is legal',
  ],
  ['a filter of no shape', seal({}, { entries: card(1, 1), filter: '00'.repeat(20) }), 'filter'],
  [
    'a filter for other cards',
    seal(
      {},
      {
        entries: card(1, 1) + card(2, 1) + card(3, 1),
        filter: Filter.build(new Table(Buffer.from(card(9, 1), 'hex'), 11)).bytes.toString('hex'),
      },
    ),
    'the filter in the list denies a card',
  ],
];
for (const [what, bytes, message] of FORGED) {
  damage.test(
    `GIVEN a well signed list with ${what} THEN reading it ends in an error`,
    async () => {
      assert.match(await readAll(need(await openBytes(bytes))), message);
    },
  );
}

damage.test('GIVEN disorder between two chunks THEN it is seen as well', async () => {
  const cards = Array.from({ length: 12_000 }, (_, i) => card(i, 1));
  assert.is(await readAll(need(await openBytes(seal({}, { entries: cards.join('') })))), '');
  // 64 KiB hold 5,957 whole entries.
  cards[5_957] = cards[5_956] ?? '';
  const file = need(await openBytes(seal({}, { entries: cards.join('') })));
  assert.match(await readAll(file), 'strictly ascending');
});

damage.test(
  'GIVEN a file changed after it was verified THEN reading it ends in an error',
  async () => {
    const bytes = await good;
    const entry = bytes.indexOf(Buffer.from('31040000', 'hex'));
    const places = { reason: entry + 10, filter: entry + 30 * 11 + 13 };
    for (const at of Object.values(places)) {
      disk.poke('arrived.list', Buffer.from(bytes));
      const file = need(await openListFile(disk, 'arrived.list', { trust }));
      const other = await disk.open('arrived.list', 'append');
      await other.write(at, Buffer.from([bytes.readUInt8(at) ^ 1]));
      assert.match(await readAll(file), /changed while it was being read|denies/);
      if (at !== places.reason) continue;
      const error = await file.table().catch((caught: unknown) => caught);
      assert.instance(error, ListFileError);
      await other.truncate(entry + 5);
      assert.match(await readAll(file), /the file ends at/);
    }
  },
);

damage.test('GIVEN an unsigned list THEN only the office may look into it', async () => {
  disk.poke('arrived.list', (await good).subarray(0, -72));
  const file = need(await inspectListFile(disk, 'arrived.list'));
  assert.is(file.keyId, null);
  assert.is(await readAll(file), '');
});

damage.test('any JSON as the header of a signed file: refused, or it is that header', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (json) => {
      refusal(await openBytes(sealText(json, Buffer.alloc(0))));
    }),
    { numRuns: 200 },
  );
});

damage.run();
