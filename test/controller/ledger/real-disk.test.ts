import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { feature } from '../../kit/feature.ts';
import { CARD, debited, intent, outcome } from './samples.ts';

const real = feature('ledger on a real disk');
const appender = fileURLToPath(new URL('./appender.ts', import.meta.url));
const root = await mkdtemp(join(tmpdir(), 'tapway-ledger-'));
real.after(() => rm(root, { recursive: true, force: true }));

function startAppender(directory: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', appender, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { child, output: () => output };
}

async function untilSays(child: ChildProcess, output: () => string, pattern: RegExp) {
  while (!pattern.test(output())) await once(child.stdout ?? child, 'data');
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

real.test('GIVEN a ledger WHEN opened again THEN it answers as before', async () => {
  const directory = join(root, 'again');
  const first = await openLedger({ disk: systemDisk, directory });
  assert.ok(first.ok);
  if (!first.ok) return;
  for (const record of [intent(), debited(1), outcome(1), intent({ counter: 8 })]) {
    assert.ok((await first.value.append(record)).ok);
  }
  await first.value.close();
  const second = await openLedger({ disk: systemDisk, directory });
  assert.ok(second.ok);
  if (!second.ok) return;
  assert.is(second.value.openStory(CARD)?.intent.counter, 8);
  assert.is(second.value.lastClosed(CARD)?.ref, 1);
  await second.value.close();
});

real.test(
  'GIVEN 20 kills amid appends THEN nothing confirmed is lost and the books stay in order',
  async () => {
    const directory = join(root, 'kills');
    let confirmed = 0;
    for (let round = 0; round < 20; round += 1) {
      const { child, output } = startAppender(directory);
      await untilSays(child, output, /READY\n\d/);
      await new Promise((resolve) => setTimeout(resolve, round * 7));
      await kill(child);
      const numbers = output().split('\n').slice(1, -1);
      assert.not(numbers.includes('FAULT'));
      assert.ok(Number(numbers[0]) > confirmed, 'it goes on behind what was confirmed');
      confirmed = Number(numbers.at(-1));
      const report = await verifyLedger(systemDisk, directory);
      assert.ok(report.ok, JSON.stringify(report.findings));
      assert.ok(report.records >= confirmed, `${report.records} of ${confirmed}`);
      assert.is(report.lastSeq, report.records);
    }
  },
  120_000,
);

real.test(
  'GIVEN a lane that runs THEN a second process may read but not append',
  async () => {
    const directory = join(root, 'lock');
    const { child, output } = startAppender(directory);
    await untilSays(child, output, /READY\n\d/);
    const second = await openLedger({ disk: systemDisk, directory });
    assert.is(!second.ok && second.fault.code, 'ledger-held');
    assert.match(second.ok ? '' : second.fault.detail, new RegExp(`process ${child.pid} has this`));
    const report = await verifyLedger(systemDisk, directory);
    assert.ok(report.ok && report.records > 0);
    await kill(child);
    const third = await openLedger({ disk: systemDisk, directory });
    assert.ok(third.ok, 'the lock of a dead process is taken over');
    if (third.ok) await third.value.close();
    assert.is(await readFile(join(directory, 'lock'), 'utf8'), '');
  },
  30_000,
);

real.test('GIVEN a lock whose pid now belongs to a stranger THEN it is taken over', async () => {
  const directory = join(root, 'recycled');
  await systemDisk.makeDirectory(directory);
  await writeFile(join(directory, 'lock'), `${process.ppid} 1\n`);
  const reply = await openLedger({ disk: systemDisk, directory });
  assert.ok(reply.ok);
  if (reply.ok) await reply.value.close();
});

real.test('GIVEN half a lock, which names a stranger who lives THEN it is taken over', async () => {
  const directory = join(root, 'half');
  await systemDisk.makeDirectory(directory);
  // The disk failed in the middle of "PID START": no end of line.
  await writeFile(join(directory, 'lock'), `${process.ppid}`);
  const reply = await openLedger({ disk: systemDisk, directory });
  assert.ok(reply.ok, reply.ok ? '' : reply.fault.detail);
  if (reply.ok) await reply.value.close();
});

real.test('GIVEN a place that cannot be written THEN a fault, not an exception', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  const reply = await openLedger({ disk: systemDisk, directory: join(file, 'ledger') });
  assert.is(!reply.ok && reply.fault.code, 'ledger-write');
});

real.run();
