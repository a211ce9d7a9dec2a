/**
 * Real hidraw: node-hid under our link, and pyserial's own CP2110 driver, on a device that the
 * kernel made of the virtual CP2110. On this machine where it has /dev/uhid, else in QEMU.
 */

import * as assert from 'uvu/assert';
import { feature, type Program } from '../../kit/feature.ts';
import { hasUhid, runWithUhid } from './machine.ts';
import type { Report } from './program.ts';

const hidraw = feature('a CP2110 on real hidraw');

const install =
  'apt-get install qemu-system-x86 busybox-static cpio kmod python3-serial python3-hid';
const needed: Program = { command: hasUhid() ? '/usr/bin/python3' : 'qemu-system-x86_64', install };
/** The first run downloads a kernel. */
const FIRST_RUN_MS = 500_000;

let found: Promise<Report> | undefined;

/** One run answers all questions. */
function investigate(): Promise<Report> {
  found ??= runWithUhid('program.ts').then((printed) => JSON.parse(printed) as Report);
  return found;
}

function check(title: string, body: (report: Report) => void): void {
  hidraw.testWith(needed, title, async () => body(await investigate()), FIRST_RUN_MS);
}

/** FCI of the transport application, status word included. */
const FCI = /^PN532 1\.6: 6f318408a000000632010105a5.*9000$/;

check('GIVEN pyserial WHEN it asks the PN532 THEN firmware and a long echo come back', (report) => {
  assert.is(report.pyserial, 'sam d515\nfirmware d50332010607\necho True');
});

check(
  'GIVEN our link WHEN the PN532 driver runs on it THEN card found, APDU answered',
  (report) => {
    assert.match(report.card, FCI);
    assert.match(report.fast, FCI);
  },
);

check('GIVEN two equal bridges THEN serial number or path tells them apart', ({ several }) => {
  assert.match(several.bySerial, FCI);
  assert.match(several.byPath, FCI);
  const both = /CP2110 TW-0001 at \/dev\/hidraw\d+, CP2110 TW-0002 at \/dev\/hidraw\d+/;
  assert.match(several.none, both);
  assert.match(several.none, 'reader.usb.serial');
});

check('GIVEN 20 replugs under traffic THEN lost in 2 s, back in 5 s, settings anew', (report) => {
  const { rounds, exchanges, counters, round_trip_ms } = report;
  assert.is(rounds.length, 20);
  for (const round of rounds) {
    assert.is(round.fault, 'link-lost');
    assert.ok(round.exchanges > 0, 'no traffic before the plug was pulled');
    assert.ok(round.lost_ms <= 2_000, `lost after ${round.lost_ms} ms`);
    assert.ok(round.back_ms <= 5_000, `back after ${round.back_ms} ms`);
    assert.equal([round.enabled, round.baud], [true, 115_200]);
  }
  assert.is(counters.errors, rounds.length);
  const worst = (of: 'lost_ms' | 'back_ms') => Math.max(...rounds.map((round) => round[of]));
  const { ours, bare } = round_trip_ms;
  process.stdout.write(
    `hidraw: ${rounds.length} replugs, ${exchanges} exchanges, lost ≤ ${worst('lost_ms')} ms, ` +
      `back ≤ ${worst('back_ms')} ms; round trip ${ours} ms, bare ${bare} ms\n`,
  );
});

check('GIVEN the replugs are over THEN no handle, timer or call is left', ({ handles, left }) => {
  assert.is(handles[1], handles[0]);
  assert.equal(left, []);
});

hidraw.run();
