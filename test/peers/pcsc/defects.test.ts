/**
 * The eight defects of pcsclite 1.0.1, each met on the real library: first that it is there (where
 * that can be shown), then that our driver is not harmed. A defect that is gone fails its test, and
 * its guard in firmware-bridge/pcsc may go too.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { bytes, SELECT_PURSE } from '../../sim/card/hand.ts';
import { CARD_SLOT, PCSCD, pause } from './daemon.ts';
import { atDesk, buy, type Desk, eventually, nextCard, outcome, startedSam } from './kit.ts';

const defects = feature('pcsclite defects');
const TEST_MS = 40_000;
const SELECT = bytes(SELECT_PURSE);
/** Long enough to call a process hung, on a busy machine too. */
const HUNG_MS = 1_500;
const REMOVED_MS = 700;

/** Our driver rests while the bare library has the slot. */
function defect(title: string, body: (desk: Desk) => Promise<void>): void {
  defects.testWith(PCSCD, title, () => atDesk(body), TEST_MS);
}

interface Bare {
  readonly child: ChildProcess;
  /** The next line that the program prints; undefined when it ends. */
  line(): Promise<string | undefined>;
  end(): Promise<void>;
}

/** Runs `does` with `slot` connected to the card: the library as its authors meant it. */
async function bare(does: string): Promise<Bare> {
  const program = fileURLToPath(new URL('misuse.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, does, CARD_SLOT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    line: async () => (await lines.next()).value,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function hangs({ child }: Bare): Promise<void> {
  await pause(HUNG_MS);
  assert.is(child.exitCode, null, 'the process should hang; is the defect mended?');
}

async function purchaseWorks(on: Desk): Promise<void> {
  const sam = await startedSam(on);
  const card = await nextCard(on);
  assert.is(await buy(card, sam), 'verified');
  await card.release();
}

async function reseat(on: Desk): Promise<void> {
  on.card.remove();
  on.card.mute(false);
  await pause(REMOVED_MS);
  await on.card.insert();
}

defect('1: close() in a status listener deadlocks; our process never closes', async (on) => {
  const program = await bare('close-in-listener');
  assert.is(await program.line(), 'closing');
  await hangs(program);
  await program.end();
  // Our listeners only note what they hear: a storm of events does no harm.
  for (let round = 0; round < 3; round += 1) await reseat(on);
  await purchaseWorks(on);
});

defect('2: exit waits for a mute card; our process is killed, in time', async (on) => {
  const program = await bare('exit-while-mute');
  assert.is(await program.line(), 'connected');
  on.card.mute(true);
  assert.is(await program.line(), 'exiting');
  await hangs(program);
  await program.end();
  await reseat(on);
  const card = await nextCard(on);
  on.card.mute(true);
  const pending = card.transceive(SELECT, 30_000);
  await pause(50);
  const begun = performance.now();
  await on.reader.close();
  assert.ok(performance.now() - begun < 2_000);
  assert.is(outcome(await pending), 'link-lost unknown');
});

defect('3: close() during a transmit blocks the loop; ours stays free', async (on) => {
  const program = await bare('close-while-mute');
  assert.is(await program.line(), 'connected');
  on.card.mute(true);
  assert.is(await program.line(), 'closing');
  await hangs(program);
  await program.end();
  await reseat(on);
  const card = await nextCard(on);
  on.card.mute(true);
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
  }, 10);
  assert.is(outcome(await card.transceive(SELECT, 400)), 'card-mute unknown');
  clearInterval(ticking);
  assert.ok(ticks > 5, `${ticks} turns of the event loop meanwhile`);
});

defect('4: a transmit takes a thread of the pool; ours keeps all four', async (on) => {
  const card = await nextCard(on);
  on.card.mute(true);
  const pending = card.transceive(SELECT, 1_000);
  // Names are looked up on the pool.
  const { promises } = await import('node:dns');
  await Promise.all(Array.from({ length: 8 }, () => promises.lookup('127.0.0.1')));
  const sam = await startedSam(on);
  assert.ok(sam.identity, 'nor does the other slot wait');
  assert.is(outcome(await pending), 'card-mute unknown');
});

defect('5: connect after a removal says nothing; ours connects anew', async (on) => {
  const program = await bare('connect-twice');
  assert.is(await program.line(), 'connected');
  on.card.remove();
  await pause(REMOVED_MS);
  assert.is(await program.line(), 'connected true, error undefined, protocol undefined');
  await program.end();
  await on.card.insert();
  for (let round = 0; round < 2; round += 1) {
    await purchaseWorks(on);
    await reseat(on);
  }
  await purchaseWorks(on);
});

defect('6: close() emits a fatal error and ends nothing; ours leaves nothing', async (on) => {
  const program = await bare('close-context');
  assert.is(await program.line(), 'connected');
  assert.is(await program.line(), 'closing');
  assert.match((await program.line()) ?? '', /^error .*0x80100002/);
  await hangs(program);
  await program.end();
  await purchaseWorks(on);
  await Promise.all([on.reader.close(), on.slot.close()]);
  await Promise.all([on.reader.close(), on.slot.close()]);
  // That no process is left is checked when the desk is cleared.
});

defect('7: without a daemon it throws, and a dead context stays dead; ours heals', async (on) => {
  const program = await bare('wait');
  assert.is(await program.line(), 'connected');
  await on.daemon.kill();
  // Cut off in a call, or refused at the next one.
  const cut = (await program.line()) ?? 'nothing';
  assert.match(cut, /^error .*0x801000(13|1d)/, cut);
  await program.end();
  const absent = await bare('wait');
  assert.match((await absent.line()) ?? '', /^throws .*0x8010001d/);
  await absent.end();
  await eventually(async () => {
    assert.match(outcome(await on.reader.recover()), /^link-(absent|lost) none$/);
  });
  await on.daemon.start();
  await purchaseWorks(on);
});

defects.test('8: control() hands raw memory to a thread; our process never calls it', () => {
  const folder = new URL('../../../firmware-bridge/', import.meta.url);
  for (const file of ['pcsc/pcsc-process.ts', 'pcsclite.d.ts']) {
    assert.not.match(readFileSync(new URL(file, folder), 'utf8'), /\bcontrol\(/);
  }
});

defects.run();
