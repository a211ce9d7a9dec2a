/** The disk in memory: what it says a power cut may leave, and what it then leaves. */

import * as assert from 'uvu/assert';
import { feature } from './feature.ts';
import { MemoryDisk } from './memory-disk.ts';
import { combinations, imagesAfterCut } from './power-cuts.ts';

const disks = feature('disk in memory');

/** Every disk that a cut may leave, each as its files in words. */
async function outcomes(disk: MemoryDisk): Promise<string[]> {
  const told: string[] = [];
  for (const image of imagesAfterCut(disk, 1)) {
    const names = await image.disk.list('/d');
    told.push(names.map((name) => `${name}=${marks(image.disk.peek(`/d/${name}`))}`).join(' '));
  }
  return [...new Set(told)].sort();
}

/** The first letter of each sector; `.` for zeros. */
function marks(bytes: Buffer): string {
  const sectors = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, n) =>
    bytes.at(n * 512),
  );
  return sectors.map((byte) => (byte ? String.fromCharCode(byte) : '.')).join('');
}

async function synced(text: string): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  disk.poke('/d/f', letters(text));
  return disk;
}

function letters(text: string): Buffer {
  return Buffer.concat([...text].map((letter) => Buffer.alloc(512, letter)));
}

disks.test(
  'GIVEN two sectors written, not synced THEN each is there or not, by itself',
  async () => {
    const disk = await synced('abcd');
    const file = await disk.open('/d/f', 'append');
    await file.write(512, letters('XY'));
    assert.equal(await outcomes(disk), ['f=aXYd', 'f=aXcd', 'f=abYd', 'f=abcd']);
    await file.sync();
    assert.equal(disk.unsettled(), []);
  },
);

disks.test(
  'GIVEN two writes to one sector THEN the later may be there without the other',
  async () => {
    const disk = await synced('ab');
    const file = await disk.open('/d/f', 'append');
    await file.write(0, letters('X'));
    await file.write(0, letters('YZ'));
    const [first, second] = disk.unsettled();
    assert.equal([first?.versions, second?.versions], [3, 2]);
    assert.equal(await outcomes(disk), ['f=XZ', 'f=Xb', 'f=YZ', 'f=Yb', 'f=aZ', 'f=ab']);
  },
);

disks.test('GIVEN a file that grew THEN its end may be lost, and a hole is zeros', async () => {
  const disk = await synced('a');
  const file = await disk.open('/d/f', 'append');
  await file.write(512, letters('XY'));
  assert.equal(await outcomes(disk), ['f=a', 'f=a.Y', 'f=aX', 'f=aXY']);
});

disks.test('GIVEN a draft renamed over a file THEN old or new, never neither', async () => {
  const disk = await synced('a');
  const draft = await disk.open('/d/draft', 'append');
  await draft.write(0, letters('N'));
  await draft.sync();
  await disk.rename('/d/draft', '/d/f');
  assert.equal(await outcomes(disk), ['draft=N f=a', 'f=N', 'f=a']);
  await disk.syncDirectory('/d');
  assert.equal(await outcomes(disk), ['f=N']);
});

disks.test(
  'GIVEN a name renamed before its bytes were synced THEN it may stand for nothing',
  async () => {
    const disk = await synced('a');
    const draft = await disk.open('/d/draft', 'append');
    await draft.write(0, letters('N'));
    await disk.rename('/d/draft', '/d/f');
    assert.ok((await outcomes(disk)).includes('f='));
  },
);

disks.test(
  'GIVEN more pieces than can all be combined THEN extremes and a sample, repeatable',
  () => {
    const pieces = Array.from({ length: 12 }, (_, n) => ({ name: `${n}`, versions: 2 }));
    const chosen = [...combinations(pieces, 7)];
    assert.equal(chosen, [...combinations(pieces, 7)]);
    const count = (choosing: string) => chosen.filter((each) => each.choosing === choosing).length;
    assert.equal(['prefix', 'suffix', 'one lost', 'one kept', 'sample'].map(count), [
      ...[13, 13, 12, 12, 64],
    ]);
    assert.is([...combinations(pieces.slice(0, 10), 7)].length, 1_024);
  },
);

disks.run();
