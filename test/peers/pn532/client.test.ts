/** The npm client `pn532` 1.0.0, written by others, drives the virtual chip through serialport. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { createField, type Field } from '../../../sim/chip/field.ts';
import { serveOnPty } from '../../../sim/chip/on-pty.ts';
import { createVirtualPn532, type VirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING, REAL_TIMING, type Timing } from '../../../sim/chip/timing.ts';
import { createPty } from '../../../sim/pty.ts';
import { feature } from '../../kit/feature.ts';
import { createTestCard, createToken } from '../../sim/chip/bench.ts';

const npm = feature('the npm client pn532');
const TEST_MS = 30_000;
const PROGRAM = fileURLToPath(new URL('client.ts', import.meta.url));
const run = promisify(execFile);
/** This client leaves a chip that wakes up 0.7 ms: less than the simulation takes for granted. */
const TIMED: Timing = { ...REAL_TIMING, wakeUp_ms: () => 0.6 };

async function ask(timing: Timing, prepare: (field: Field, chip: VirtualPn532) => unknown) {
  const pty = createPty();
  const field = createField();
  const chip = createVirtualPn532({ clock: systemClock, field, timing });
  serveOnPty(chip, pty);
  prepare(field, chip);
  try {
    // Written for Node 8: of its warnings none is about what is asked here.
    const args = ['--no-warnings', '--import', 'tsx', PROGRAM, pty.path];
    const { stdout, stderr } = await run(process.execPath, args, { timeout: TEST_MS - 5_000 });
    assert.is(stderr, '');
    const { commands, badFrames, syntaxErrors } = chip.counters;
    assert.equal({ commands, badFrames, syntaxErrors }, NO_COMPLAINT);
    return JSON.parse(stdout);
  } finally {
    chip.power(false);
    pty.close();
  }
}

const NO_COMPLAINT = { commands: 3, badFrames: 0, syntaxErrors: 0 };
const firmware = { IC: 0x32, Ver: 1, Rev: 6, Support: 7 };
const CARD = { ATQA: '0044', SAK: 0x20, uid: '04:88:a1:b2:c3:d4:e5' };
const TOKEN = { ATQA: '0004', SAK: 0x08, uid: 'de:ad:be:ef' };

for (const [how, timing] of [
  ['that answers at once', NO_TIMING],
  ['with real timing', TIMED],
] as const) {
  npm.test(
    `GIVEN a chip ${how} and a card WHEN the client asks THEN firmware 1.6 and the card's UID`,
    async () => {
      const said = await ask(timing, (field) => field.enter(createTestCard()));
      assert.equal(said, { firmware, tag: CARD });
    },
    TEST_MS,
  );
}

npm.test(
  'GIVEN a Mifare token WHEN the client scans THEN its short UID, and the SAK that says what it is',
  async () => {
    const said = await ask(TIMED, (field) => field.enter(createToken()));
    assert.equal(said, { firmware, tag: TOKEN });
  },
  TEST_MS,
);

npm.test(
  'GIVEN an empty field WHEN the client scans THEN it waits until a card comes',
  async () => {
    const comes = async (field: Field, { counters }: VirtualPn532) => {
      while (counters.commands < NO_COMPLAINT.commands) await sleep(systemClock, 20);
      await sleep(systemClock, 200);
      field.enter(createTestCard());
    };
    assert.equal(await ask(TIMED, comes), { firmware, tag: CARD });
  },
  TEST_MS,
);

npm.run();
