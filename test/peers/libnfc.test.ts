/** libnfc 1.8.0, an independent PN532 host, drives the virtual chip over a kernel tty. */

import { spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { createField, type Field } from '../../sim/chip/field.ts';
import { serveOnPty } from '../../sim/chip/on-pty.ts';
import { createVirtualPn532 } from '../../sim/chip/pn532.ts';
import { NO_TIMING, REAL_TIMING, type Timing } from '../../sim/chip/timing.ts';
import { createPty } from '../../sim/pty.ts';
import { feature, PROGRAMS } from '../kit/feature.ts';
import { createTestCard, createToken } from '../sim/chip/bench.ts';

const libnfc = feature('libnfc drives the virtual PN532');

const clock: Clock = {
  now_ms: () => performance.now(),
  wall_ms: () => Date.now(),
  setTimeout: (callback, delay_ms) => setTimeout(callback, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

interface Job {
  readonly program: string;
  readonly args?: readonly string[];
  readonly input?: string;
  readonly timing?: Timing;
  readonly prepare?: (field: Field) => unknown;
  /** Called with everything printed so far. */
  readonly printed?: (text: string, field: Field) => void;
}

/** Runs one program against a fresh chip; what it printed, blanks squeezed. */
async function run(job: Job): Promise<string> {
  const pty = createPty();
  const field = createField();
  serveOnPty(createVirtualPn532({ clock, field, timing: job.timing ?? NO_TIMING }), pty);
  job.prepare?.(field);
  const env = { ...process.env, LIBNFC_DEFAULT_DEVICE: `pn532_uart:${pty.path}` };
  const child = spawn(job.program, job.args ?? [], { env, stdio: 'pipe' });
  let text = '';
  const collect = (bytes: Buffer) => {
    text += bytes.toString();
    job.printed?.(text, field);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.end(job.input ?? '');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 8000);
  try {
    await new Promise((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
  } finally {
    clearTimeout(giveUp);
    pty.close();
  }
  return text.replace(/[ \t]+/g, ' ');
}

const card = (field: Field) => field.enter(createTestCard());

for (const [name, timing] of [
  ['at once', NO_TIMING],
  ['with real timing', REAL_TIMING],
] as const) {
  libnfc.testWith(PROGRAMS.nfcList, `nfc-list finds an ISO 14443-4 card ${name}`, async () => {
    const text = await run({ program: 'nfc-list', args: ['-v'], timing, prepare: card });
    assert.match(text, '1 ISO14443A passive target(s) found');
    assert.match(text, 'ATQA (SENS_RES): 00 44');
    assert.match(text, 'UID (NFCID1): 04 88 a1 b2 c3 d4 e5');
    assert.match(text, 'SAK (SEL_RES): 20');
    assert.match(text, 'Compliant with ISO/IEC 14443-4');
    assert.match(text, 'ATS: 78 80 70 02');
    assert.match(text, '0 ISO14443B passive target(s) found');
  });
}

libnfc.testWith(PROGRAMS.nfcList, 'nfc-list finds a Mifare token, without ATS', async () => {
  const prepare = (field: Field) => field.enter(createToken());
  const text = await run({ program: 'nfc-list', args: ['-v'], prepare });
  assert.match(text, 'UID (NFCID1): de ad be ef');
  assert.match(text, 'SAK (SEL_RES): 08');
  assert.not.match(text, 'ATS:');
});

libnfc.testWith(PROGRAMS.nfcList, 'nfc-list finds nothing in an empty field', async () => {
  const text = await run({ program: 'nfc-list', args: ['-v'] });
  assert.match(text, '0 ISO14443A passive target(s) found');
});

libnfc.testWith(PROGRAMS.nfcList, 'nfc-scan-device recognises a PN532 v1.6', async () => {
  const text = await run({ program: 'nfc-scan-device', args: ['-v'] });
  assert.match(text, '1 NFC device(s) found');
  assert.match(text, 'chip: PN532 v1.6');
});

const NFC_POLL = { command: 'nfc-poll', install: 'apt-get install libnfc-examples' };

libnfc.testWith(NFC_POLL, 'nfc-poll waits for a card, and notices that it leaves', async () => {
  const target = createTestCard();
  const text = await run({
    program: 'nfc-poll',
    args: ['-v'],
    // Real timing: a poll without card lasts 36 s, time enough for the card to come.
    timing: REAL_TIMING,
    prepare: (field) => setTimeout(() => field.enter(target), 400),
    printed: (soFar, field) => {
      if (soFar.includes('ATS:')) field.leave(target);
    },
  });
  assert.match(text, 'UID (NFCID1): 04 88 a1 b2 c3 d4 e5');
  assert.match(text, 'Target Released');
  assert.match(text, 'done.');
});

libnfc.testWith(PROGRAMS.pn53xDiagnose, 'pn53x-diagnose: line, ROM and RAM are good', async () => {
  const text = await run({ program: 'pn53x-diagnose' });
  for (const test of ['Communication line', 'ROM', 'RAM']) assert.match(text, `${test} test: OK`);
});

libnfc.testWith(PROGRAMS.pn53xDiagnose, 'pn53x-tamashell speaks to card and chip', async () => {
  const commands = ['02', '4a 01 00', '40 01 00 b0 95 00 0e', '00 06', '44 01', '40 01 00'];
  const input = `${commands.join('\n')}\nq\n`;
  const text = await run({ program: 'pn53x-tamashell', input, prepare: card });
  const answers = [...text.matchAll(/^Rx: (.*?) ?$/gm)].map(([, hex]) => hex);
  assert.equal(answers, [
    '32 01 06 07',
    '01 01 00 44 20 07 04 88 a1 b2 c3 d4 e5 05 78 80 70 02',
    '00 90 00',
    '00',
    '00',
  ]);
  // The deselected target: libnfc calls status 27 an invalid argument.
  assert.match(text, 'Rx: Invalid argument');
});

libnfc.testWith(PROGRAMS.pn53xDiagnose, 'pn53x-sam configures the SAM line and lists', async () => {
  const text = await run({ program: 'pn53x-sam', input: '2\n', prepare: card });
  assert.match(text, 'UID (NFCID1): 04 88 a1 b2 c3 d4 e5');
});

libnfc.run();
