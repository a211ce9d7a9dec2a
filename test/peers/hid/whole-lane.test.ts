/**
 * The lane of a station, all of it at once: reader on HID, PSAM on PC/SC, gate on Modbus. Virtual
 * devices; real kernel, daemon, drivers, and the very bundle that a board runs.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BOARD_MAP } from '../../../sim/barrier/board.ts';
import { bundle, quickSim, scratch } from '../../commands/programs.ts';
import { feature, type Program } from '../../kit/feature.ts';
import { hasUhid, runScriptWithUhid } from './machine.ts';

const station = feature('a lane on HID, PC/SC and Modbus at once');

const install =
  'apt-get install pcscd vsmartcard-vpcd qemu-system-x86 busybox-static cpio kmod libusb-1.0-0';
const needed: Program = { command: hasUhid() ? 'pcscd' : 'qemu-system-x86_64', install };
const PAID = ['done', 'recovered'];
/** The first run downloads a kernel. */
const FIRST_RUN_MS = 800_000;
/** Of the emulated machine: five programs start in it, one after the other. */
const GUEST_MS = 480_000;

/** Patience is for the emulated processor alone: a lane on real hardware keeps the defaults. */
const LANE = {
  extends: 'shipped:lanes/flat.yaml',
  data_dir: '/run/data',
  // However often a passenger is not seen to go through, his card opens again.
  lane: { reentry_window_s: 600 },
  reader: {
    ...{ kind: 'hid', usb: { serial: 'TW-0001' }, poll_pause_ms: 300 },
    ...{ ack_timeout_ms: 500, card_timeout_ms: 5_000 },
  },
  sam: { kind: 'psam', slot: '*SAM 00 00', timeout_ms: 5_000 },
  barrier: {
    ...{ kind: 'modbus', path: '/run/barrier', poll_ms: 80, timeout_ms: 60 },
    inputs: BOARD_MAP.inputs,
    outputs: BOARD_MAP.coils,
    watchdog: { register: BOARD_MAP.watchdog, value: 100 },
  },
};

station.testWith(
  needed,
  'GIVEN a card on the reader WHEN the lane runs THEN it pays once, somebody walks, books hold',
  async () => {
    const out = scratch();
    writeFileSync(join(out, 'lane.yaml'), JSON.stringify(LANE, null, 2));
    const script = join(import.meta.dirname, 'whole-lane.sh');
    const programs = [process.execPath, ...bundle(), ...quickSim(), out];
    const command = `exec sh '${[script, ...programs].join("' '")}'\n`;
    const said = await runScriptWithUhid(out, command, GUEST_MS);
    assert.match(said, /^IN ORDER/);
    assert.match(said, /\d stories, 0 of them grey/);
    const lines = said.split('\n').filter((line) => line.startsWith('{'));
    // A card that left before the debit leaves a story without one.
    const paid = lines.map((line) => JSON.parse(line)).filter((each) => PAID.includes(each.status));
    assert.equal(
      paid.map(({ amount_fen, passed }) => ({ amount_fen, passed })),
      [{ amount_fen: 200, passed: true }],
    );
  },
  FIRST_RUN_MS,
);

station.run();
