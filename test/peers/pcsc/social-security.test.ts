/**
 * Programs that no one here wrote read a virtual Social Security Card through the real pcscd: by
 * its contacts under T=0 and by its contactless face; and its PSAM opens the holder's file.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createPeople, type Person } from '../../../sim/card/people.ts';
import { cardInSlot, contactInSlot, psamInSlot } from '../../../sim/pcsc/cards.ts';
import { createVpcdSlot, type SlotCard, type VpcdSlot } from '../../../sim/pcsc/vpcd.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { SSC_SAM } from '../../../sim/sam/ssc.ts';
import { feature } from '../../kit/feature.ts';
import { CARD_SLOT, createDaemon, pause, SAM_SLOT } from './daemon.ts';

const peers = feature('pcsc programs read social security cards');
const TEST_MS = 30_000;
/** pcscd looks every 400 ms. */
const SEEN_MS = 900;
const INSTALL = 'apt-get install opensc pcsc-tools pcscd vsmartcard-vpcd';
const OPENSC = { command: 'opensc-tool', install: INSTALL };
const SCRIPTOR = { command: 'scriptor', install: INSTALL };
const SELECT_SSSE = '00A404000F7378312E73682EC9E7BBE1B1A3D5CF';
/** Card, city, province. */
const FACTORS = '866033029900000133333032303073783333303030307368';

type Side = 'contact' | 'contactless';

function personOf(id: string): Person {
  const found = createPeople('20260701').find((one) => one.id === id);
  if (!found) throw new Error(`no person ${id}`);
  return found;
}

function slotCard({ contact, contactless }: Person, side: Side): SlotCard {
  if (side === 'contactless' && contactless) return cardInSlot(contactless);
  if (side === 'contact' && contact) return contactInSlot(contact);
  throw new Error(`no ${side} face`);
}

async function withPerson(id: string, side: Side, body: (slot: VpcdSlot) => Promise<void>) {
  const clock = systemClock;
  const daemon = await createDaemon();
  const { ports } = daemon;
  const card = createVpcdSlot({ port: ports.card, clock, card: slotCard(personOf(id), side) });
  const virtual = createVirtualPsam(clock, { timed: false, getResponse: true, ssc: SSC_SAM });
  const psam = createVpcdSlot({ port: ports.sam, clock, card: await psamInSlot(virtual) });
  try {
    await Promise.all([card.insert(), psam.insert()]);
    await pause(SEEN_MS);
    await body(card);
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
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const giveUp = setTimeout(() => child.kill('SIGKILL'), TEST_MS / 3);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(giveUp);
  return text.replaceAll(/[ \t\r]+/g, ' ');
}

/** Answers of a script, hex without blanks, in turn; `reset` begins it. */
async function script(slot: string, lines: readonly string[]): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'tapway-scriptor-'));
  try {
    const file = join(home, 'script');
    writeFileSync(file, `reset\n${lines.join('\n')}\n`);
    const text = (await run('scriptor', ['-r', slot, file])).replaceAll(
      / \n(?=[0-9A-F]{2} )/g,
      ' ',
    );
    const answers = [...text.matchAll(/^< ([0-9A-F ]+?)(?: :|\n|$)/gm)];
    return answers.map(([, hex = '']) => hex.replaceAll(' ', '')).slice(-lines.length);
  } finally {
    rmSync(home, { recursive: true });
  }
}

function oneAfterAnother(answers: readonly string[], expected: readonly RegExp[]): void {
  assert.is(answers.length, expected.length, answers.join('\n'));
  for (const [at, pattern] of expected.entries()) assert.match(answers[at] ?? '', pattern);
}

peers.testWith(
  SCRIPTOR,
  'scriptor by contacts: T=0 with 61xx and 6Cxx, EF05, EF06 of a second-generation card',
  () =>
    withPerson('fine-2', 'contact', async () => {
      const answers = await script(CARD_SLOT, [
        SELECT_SSSE,
        '00C0000018',
        '00A4020002EF05',
        '00B2030000',
        '00B2030006',
        '00A4020002EF06',
        '00B2090020',
        `0082000A10${'00'.repeat(16)}`,
      ]);
      oneAfterAnother(answers, [
        /^6118$/,
        /^6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000$/,
        /^9000$/,
        /^6C06$/,
        /^0304322E30009000$/,
        /^9000$/,
        /^091ED1F9B1BED2D2(20){24}9000$/,
        /^6984$/,
      ]);
    }),
  TEST_MS,
);

for (const side of ['contact', 'contactless'] as const) {
  peers.testWith(
    OPENSC,
    `opensc-tool reads EF05 of a third-generation card, ${side}, after all its own probing`,
    () =>
      withPerson('adult-3', side, async (slot) => {
        const args = ['-r', CARD_SLOT, '-s', `${SELECT_SSSE}00`, '-s', '00A4020002EF05'];
        const text = await run('opensc-tool', [...args, '-s', '00B2030006', '-s', '00B207000B']);
        assert.match(text, 'Received (SW1=0x90, SW2=0x00):\n6F 1C 84 0F 73 78 31 2E 73 68 2E C9');
        assert.match(text, 'Received (SW1=0x90, SW2=0x00):\n03 04 33 2E 30 30');
        assert.match(text, 'Received (SW1=0x90, SW2=0x00):\n07 09 5A 4E 42');
        assert.ok(slot.counts().commands > 6, 'the probes came too');
        const atr = await run('opensc-tool', ['-r', CARD_SLOT, '-a']);
        const history = '00:81:54:57:31:86:60:33:02:99:00:00:01';
        const expected = side === 'contact' ? `3b:6d:00:00:${history}` : `3b:8d:80:01:${history}`;
        assert.match(atr.toLowerCase(), expected);
      }),
    TEST_MS,
  );

  peers.testWith(
    SCRIPTOR,
    `scriptor, ${side}: the PSAM in the other slot opens the holder's file`,
    async () => {
      const opening = [SELECT_SSSE, '0084000008', '0084000008'];
      let proof = '';
      await withPerson('adult-3', side, async () => {
        const [, raw = '', random = ''] = await script(CARD_SLOT, opening);
        proof = (await proofOf(random.slice(0, 16), raw.slice(0, 16))) + raw.slice(0, 16);
      });
      // scriptor cannot compute in between; the same card made anew draws the same numbers.
      await withPerson('adult-3', side, async () => {
        const lines = [`0082000A10${proof}`, '00A4020002EF06', '00B2080014', '00B2090020'];
        const answers = await script(CARD_SLOT, [...opening, ...lines]);
        const opened = [/^9000$/, /^9000$/, /^0812303030303030[0-9A-F]{24}9000$/, NAME];
        oneAfterAnother(answers.slice(3), opened);
      });
    },
    2 * TEST_MS,
  );
}

/** 测试甲, filled with zeros. */
const NAME = /^091EB2E2CAD4BCD7(00){24}9000$/;

/** Authentication data that the PSAM computes, its halves folded here. */
async function proofOf(factor: string, raw: string): Promise<string> {
  const zeros = '00'.repeat(8);
  const answers = await script(SAM_SLOT, [
    '00A4040006D15600000590',
    `BFDE670A28${FACTORS}${factor}${zeros}`,
    `80FA000010${raw}${zeros}`,
    '00C0000010',
  ]);
  const block = answers.at(-1) ?? '';
  const sum = BigInt(`0x${block.slice(0, 16)}`) ^ BigInt(`0x${block.slice(16, 32)}`);
  return sum.toString(16).toUpperCase().padStart(16, '0');
}

const SCAN = { command: 'pcsc_scan', install: INSTALL };

peers.testWith(
  SCAN,
  'a broken chip shows its answer to reset; one upside down shows none, which vpcd calls no card',
  async () => {
    const seen = async (id: string) => {
      let text = '';
      await withPerson(id, 'contact', async () => {
        text = await run('pcsc_scan', ['-n', '-t', '1']);
      });
      return text.slice(text.indexOf(`Reader 0: ${CARD_SLOT}`), text.indexOf('Reader 1: '));
    };
    assert.match(await seen('mute'), /inserted, \n ATR: 3B 6D 00 00 00 81 54 57 31/);
    assert.match(await seen('upside-down'), /Card removed/);
  },
  2 * TEST_MS,
);

peers.run();
