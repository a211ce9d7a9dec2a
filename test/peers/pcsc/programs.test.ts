/** Programs that no one here wrote meet the virtual card and PSAM through the real pcscd. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { cardInSlot, psamInSlot } from '../../../sim/pcsc/cards.ts';
import { createVpcdSlot, type VpcdSlot } from '../../../sim/pcsc/vpcd.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { feature } from '../../kit/feature.ts';
import { cardOf, SELECT_PURSE } from '../../sim/card/hand.ts';
import { CARD_SLOT, createDaemon, type Daemon, PCSCD, pause, SAM_SLOT } from './daemon.ts';

const programs = feature('pcsc programs meet virtual card and PSAM');
const TEST_MS = 30_000;
/** pcscd looks every 400 ms. */
const SEEN_MS = 900;
const INSTALL = 'apt-get install opensc pcsc-tools';
const OPENSC = { command: 'opensc-tool', install: INSTALL };
const SCAN = { command: 'pcsc_scan', install: INSTALL };
const SCRIPTOR = { command: 'scriptor', install: INSTALL };

interface Bench {
  readonly daemon: Daemon;
  readonly card: VpcdSlot;
  readonly psam: VpcdSlot;
}

async function withCards(body: (bench: Bench) => Promise<void>): Promise<void> {
  const clock = systemClock;
  const daemon = await createDaemon();
  const { ports } = daemon;
  const card = createVpcdSlot({ port: ports.card, clock, card: cardInSlot(cardOf()) });
  const virtual = createVirtualPsam(clock, { timed: false, getResponse: true });
  const psam = createVpcdSlot({ port: ports.sam, clock, card: await psamInSlot(virtual) });
  try {
    await Promise.all([card.insert(), psam.insert()]);
    await pause(SEEN_MS);
    await body({ daemon, card, psam });
  } finally {
    card.close();
    psam.close();
    await daemon.end();
  }
}

/** What it printed, blanks squeezed. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const giveUp = setTimeout(() => child.kill('SIGKILL'), TEST_MS / 3);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(giveUp);
  return text.replaceAll(/[ \t\r]+/g, ' ');
}

/** Lines of hex for scriptor; the answers as one line each. */
async function script(slot: string, lines: readonly string[]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'tapway-scriptor-'));
  try {
    const file = join(home, 'script');
    writeFileSync(file, `reset\n${lines.join('\n')}\n`);
    const text = await run('scriptor', ['-r', slot, file]);
    return text.replaceAll(/ \n(?=[0-9A-F]{2} )/g, ' ');
  } finally {
    rmSync(home, { recursive: true });
  }
}

programs.testWith(
  SCAN,
  'pcsc_scan lists both slots with the answers to reset',
  () =>
    withCards(async () => {
      const text = await run('pcsc_scan', ['-n', '-t', '1']);
      // Events are counted from the start of pcscd: there may have been one of the empty slot.
      const inserted = (slot: string) =>
        new RegExp(`${slot}\\n Event number: \\d+\\n Card state: Card inserted`);
      assert.match(text, inserted(CARD_SLOT));
      assert.match(text, 'ATR: 3B 80 80 01 01');
      assert.match(text, inserted(SAM_SLOT));
      assert.match(text, 'ATR: 3B 6B 00 02 54 41 50 57 41 59 2D 50 53 41 4D');
    }),
  TEST_MS,
);

programs.testWith(
  OPENSC,
  'opensc-tool probes the card with commands it does not know, and reads its purse',
  () =>
    withCards(async ({ card }) => {
      assert.match(await run('opensc-tool', ['-l']), `Yes ${CARD_SLOT}`);
      const select = SELECT_PURSE.replace(/00$/, '');
      const text = await run('opensc-tool', ['-r', '0', '-s', select, '-s', '00B095001E']);
      assert.match(text, 'Received (SW1=0x90, SW2=0x00):\n6F 31 84 08 A0 00 00 06 32 01 01 05');
      assert.match(text, /02 01 03 10 43 99 90 00 .*\n00 00 00 42 20 23/, 'the serial in EF15');
      assert.ok(card.counts().commands > 3, 'the probes came too');
    }),
  TEST_MS,
);

programs.testWith(
  OPENSC,
  'opensc-tool reads the terminal id from the PSAM under T=0',
  () =>
    withCards(async () => {
      const text = await run('opensc-tool', ['-r', SAM_SLOT, '-s', '00B0960006']);
      assert.match(text, 'Received (SW1=0x90, SW2=0x00):\n33 20 99 00 00 01');
    }),
  TEST_MS,
);

programs.testWith(
  SCRIPTOR,
  'scriptor runs a script against the PSAM: 61xx, GET RESPONSE, refusals',
  () =>
    withCards(async () => {
      const lines = ['00A40000023F00', '00C0000000', 'FFCA000000', '00B0960006', 'B03C0100'];
      const text = await script(SAM_SLOT, lines);
      assert.match(text, /> 00 A4 00 00 02 3F 00 \n< 61 17/);
      assert.match(text, /> 00 C0 00 00 00 \n< 6F 15 84 0E .* 90 00 :/);
      assert.match(text, /> FF CA 00 00 00 \n< 6E 00/);
      assert.match(text, /> 00 B0 96 00 06 \n< 33 20 99 00 00 01 90 00/);
      assert.match(text, /> B0 3C 01 00 \n< 6E 00/);
    }),
  TEST_MS,
);

programs.testWith(
  SCRIPTOR,
  'scriptor: the UID by FF CA, an extended command, and the card lives on',
  () =>
    withCards(async () => {
      const long = `00D60000${'00'}1000${'5A'.repeat(0x1000)}`;
      const text = await script(CARD_SLOT, ['FFCA000000', long, SELECT_PURSE]);
      assert.match(text, /> FF CA 00 00 00 \n< 04 11 22 33 44 55 66 90 00/);
      assert.match(text, /5A 5A 5A \n< 6[7DE] 00/);
      assert.match(text, /< 6F 31 84 08 .* 90 00 :/);
    }),
  TEST_MS,
);

programs.testWith(PCSCD, 'nothing of a private pcscd is left when it ends', async () => {
  const daemon = await createDaemon();
  const pid = daemon.pid();
  await daemon.end();
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
  assert.is(process.env.PCSCLITE_CSOCK_NAME, undefined);
});

programs.run();
