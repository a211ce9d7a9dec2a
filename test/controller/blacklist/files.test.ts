/** Whole files pass through one Buffer, whatever their size. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { chunksOf, copyFile, readWhole } from '../../../controller/blacklist/files.ts';
import { inspectListFile } from '../../../controller/blacklist/list-file/read.ts';
import { buildList } from '../../../controller/blacklist/list-file/write.ts';
import { systemDisk as disk } from '../../../firmware-bridge/disk.ts';
import { feature } from '../../kit/feature.ts';
import { card, range } from './lane-lists.ts';
import { need } from './list-file/office.ts';

const files = feature('large files in little memory');
const root = mkdtempSync(join(tmpdir(), 'tapway-files-'));
files.after(() => rmSync(root, { recursive: true, force: true }));

/** How many Buffers were used for chunks that hold so many bytes together. */
async function countBuffers(chunks: AsyncIterable<Buffer>) {
  const buffers = new Set<ArrayBufferLike>();
  let size = 0;
  for await (const chunk of chunks) {
    buffers.add(chunk.buffer);
    size += chunk.length;
  }
  return [buffers.size, size];
}

files.test('GIVEN a file of several chunks THEN it is read and copied whole', async () => {
  const path = join(root, 'file');
  const bytes = Buffer.from(Array.from({ length: 200_001 }, (_, at) => (at * at) >> 7));
  writeFileSync(path, bytes);
  assert.ok((await readWhole(disk, path)).equals(bytes));
  await copyFile(disk, path, `${path}-copy`);
  assert.ok(readFileSync(`${path}-copy`).equals(bytes));
  assert.equal(await countBuffers(chunksOf(disk, path)), [1, bytes.length]);
});

files.test('GIVEN a list of several chunks THEN its entries are too, and in order', async () => {
  const out = join(root, 'cards.list');
  const lines = range(0, 20_000).map((each) => `${card(each).toString('hex')} lost`);
  const issued = '2026-01-01T00:00:00Z';
  need(await buildList(disk, { list: 'blacklist', version: 1, issued, lines, out }));
  const list = need(await inspectListFile(disk, out));
  assert.equal(await countBuffers(list.entries(await list.filter())), [1, 20_000 * 11]);
  const table = await list.table();
  assert.ok(range(0, 20_000).every((each) => table.find(card(each)) === 1));
  await list.close();
});

files.run();
