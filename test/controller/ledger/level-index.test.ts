/** The index in LevelDB on a real disk: deleted, damaged, or fatal to the process that opens it. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { levelIndex } from '../../../controller/ledger/level-index.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { feature } from '../../kit/feature.ts';
import { answers, tap } from './books.ts';

const level = feature('ledger index in LevelDB');
const opener = fileURLToPath(new URL('./opener.ts', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'tapway-index-'));
level.after(() => rm(root, { recursive: true, force: true }));

async function open(directory: string, indexed: boolean) {
  const index = levelIndex(join(directory, 'index'));
  const options = { disk: systemDisk, directory, segment_bytes: 4_000 };
  const reply = await openLedger(indexed ? { ...options, index } : options);
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

/** Nine days of taps; returns what a reading of all tells. */
async function made(directory: string) {
  const ledger = await open(directory, true);
  for (let n = 0; n < 18; n += 1) await tap(ledger, n, `2026070${1 + Math.floor(n / 2)}083000`);
  await ledger.close();
  return told(directory, false);
}

async function told(directory: string, indexed: boolean) {
  const ledger = await open(directory, indexed);
  const answer = answers(ledger, 20);
  await ledger.close();
  return JSON.parse(JSON.stringify(answer));
}

/** In a process of its own: LevelDB may take it along. */
function openElsewhere(directory: string, dies = false) {
  const args = ['--import', 'tsx', opener, directory, ...(dies ? ['dies'] : [])];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

level.test('GIVEN an index THEN the answers are those of a reading of all', async () => {
  const directory = join(root, 'sound');
  const expected = await made(directory);
  assert.ok(existsSync(join(directory, 'index', 'CURRENT')));
  assert.equal(await told(directory, true), expected);
  const values = await levelIndex(join(directory, 'index')).load();
  assert.ok(values.size >= 4, 'a summary for every finished segment');
  await rm(join(directory, 'index'), { recursive: true });
  assert.equal(await told(directory, true), expected);
  assert.is((await levelIndex(join(directory, 'index')).load()).size, values.size);
});

level.test(
  'GIVEN an index with damaged files THEN the second opening answers at the latest',
  async () => {
    const directory = join(root, 'damaged');
    const expected = await made(directory);
    const index = join(directory, 'index');
    for (const kind of [/\.log$|\.ldb$/, /MANIFEST/, /CURRENT/]) {
      for (const name of (await readdir(index)).filter((each) => kind.test(each))) {
        const bytes = await readFile(join(index, name));
        for (let at = 3; at < bytes.length; at += 7)
          bytes.writeUInt8(bytes.readUInt8(at) ^ 0x41, at);
        await writeFile(join(index, name), bytes);
      }
      const first = openElsewhere(directory);
      const last = first.signal ? openElsewhere(directory) : first;
      assert.is(last.status, 0, last.stderr);
      assert.equal(JSON.parse(last.stdout), expected);
    }
    assert.equal(await told(directory, true), expected);
  },
  60_000,
);

level.test(
  'GIVEN a process that died while it opened the index THEN the next one discards it',
  async () => {
    const directory = join(root, 'fatal');
    const expected = await made(directory);
    assert.is(openElsewhere(directory, true).signal, 'SIGABRT');
    assert.ok(existsSync(join(directory, 'index-in-use')));
    const ledger = await open(directory, true);
    assert.is(ledger.counters().discarded_indexes, 1);
    assert.equal(JSON.parse(JSON.stringify(answers(ledger, 20))), expected);
    await ledger.close();
    assert.not(existsSync(join(directory, 'index-in-use')));
    const again = await open(directory, true);
    assert.is(again.counters().discarded_indexes, 0);
    await again.close();
  },
  30_000,
);

level.run();
