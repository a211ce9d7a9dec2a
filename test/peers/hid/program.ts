/**
 * What hidraw.test.ts wants to know, found out where /dev/uhid is: on this machine or in the guest.
 * Bundled before it runs. Prints one line of JSON, a `Report`.
 */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { openHidLink } from '../../../firmware-bridge/link/hid.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import type { CardReader } from '../../../firmware-bridge/ports.ts';
import { createTray } from '../../../sim/card/tray.ts';
import { createField } from '../../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { REAL_TIMING } from '../../../sim/chip/timing.ts';
import { createVirtualCp2110 } from '../../../sim/hid/cp2110.ts';
import { plugIn } from '../../../sim/hid/uhid.ts';
import { wireToChip } from '../../../sim/hid/wire.ts';

export interface Report {
  readonly pyserial: string;
  readonly card: string;
  readonly fast: string;
  readonly several: { readonly none: string; readonly bySerial: string; readonly byPath: string };
  readonly rounds: readonly Round[];
  readonly exchanges: number;
  readonly counters: Readonly<Record<string, number>>;
  /** Descriptors open before the first round and after the last. */
  readonly handles: readonly [number, number];
  readonly left: readonly string[];
  readonly round_trip_ms: { readonly ours: number; readonly bare: number };
}

export interface Round {
  readonly exchanges: number;
  /** Fault after the plug was pulled, and after how long it was declared. */
  readonly fault: string;
  readonly lost_ms: number;
  /** From the plug's return until the reader works again. */
  readonly back_ms: number;
  readonly enabled: boolean;
  readonly baud: number;
}

const ROUNDS = 20;
const SELECT = Buffer.from('00a4040008a000000632010105', 'hex');
const clock = systemClock;

interface Bench {
  readonly serial: string;
  readonly bridge: ReturnType<typeof createVirtualCp2110>;
  plug(): Promise<string>;
  unplug(): Promise<void>;
}

/** A card on a PN532 behind a CP2110 that can be plugged in. */
function createBench(serial: string): Bench {
  const field = createField();
  const card = createTray('20261124').find(({ id }) => id === 'adult');
  for (const target of card?.targets ?? []) field.enter(target);
  const chip = createVirtualPn532({ clock, field, timing: REAL_TIMING });
  const bridge = createVirtualCp2110({ clock, paced: true });
  wireToChip(bridge, chip);
  let plugged: ReturnType<typeof plugIn> | undefined;
  return {
    serial,
    bridge,
    async plug() {
      chip.power(true);
      const here = plugIn({ bridge, clock, serial });
      plugged = here;
      for (;;) {
        const path = here.path();
        if (path) return path;
        await sleep(clock, 5);
      }
    },
    async unplug() {
      chip.power(false);
      await plugged?.unplug();
    },
  };
}

type Usb = Parameters<typeof openHidLink>[0]['usb'];

function createReader(usb: Usb, baud: 115_200 | 921_600 = 115_200) {
  return createPn532Reader({
    openLink: () => openHidLink({ usb, clock }),
    clock,
    config: {
      kind: 'hid',
      path: '',
      usb,
      name: '*',
      baud,
      poll_pause_ms: 20,
      heartbeat_ms: 1_000,
      // An emulated processor is slow; the chip is not what is measured here.
      rf_cycle_s: 60,
      ack_timeout_ms: 250,
      card_timeout_ms: 2_000,
    },
  });
}

async function exchange(reader: CardReader): Promise<string> {
  const found = await reader.detect();
  if (!found.ok) return found.fault.code;
  if (found.value.kind !== 'card') return found.value.kind;
  const { card } = found.value;
  const answer = await card.transceive(SELECT, 2_000);
  await card.release();
  return answer.ok ? answer.value.toString('hex') : answer.fault.code;
}

/** An emulated processor may be too slow for a deadline: up to five attempts. */
async function tryReader(usb: Usb, baud?: 921_600): Promise<string> {
  const reader = createReader(usb, baud);
  let outcome = '';
  for (let left = 5; left > 0 && !outcome.endsWith('9000'); left -= 1) {
    const started = await reader.start();
    outcome = started.ok ? `${started.value}: ${await exchange(reader)}` : started.fault.detail;
  }
  await reader.close();
  return outcome;
}

function pyserial(path: string): Promise<string> {
  const script = process.env.PYSERIAL_CLIENT ?? '';
  return new Promise((resolve) => {
    execFile('/usr/bin/python3', [script, path], { timeout: 30_000 }, (error, stdout, stderr) =>
      resolve(error ? `${error.message} ${stderr}` : stdout.trim()),
    );
  });
}

async function several(first: Bench): Promise<Report['several']> {
  const second = createBench('TW-0002');
  const path = await second.plug();
  const none = await tryReader({});
  const bySerial = await tryReader({ serial: first.serial });
  const byPath = await tryReader({ path });
  await second.unplug();
  return { none, bySerial, byPath };
}

async function round(reader: CardReader, bench: Bench, pause_ms: number): Promise<Round> {
  let exchanges = 0;
  let fault: string | undefined;
  const traffic = async () => {
    while (fault === undefined) {
      const outcome = await exchange(reader);
      if (outcome.startsWith('link-')) fault = outcome;
      if (outcome.endsWith('9000')) exchanges += 1;
    }
    return clock.now_ms();
  };
  const running = traffic();
  while (exchanges === 0 && fault === undefined) await sleep(clock, 10);
  await sleep(clock, pause_ms);
  const pulled_ms = clock.now_ms();
  await bench.unplug();
  const declared_ms = await running;
  await sleep(clock, pause_ms);
  await bench.plug();
  const back_ms = clock.now_ms();
  while (!(await reader.recover()).ok) await sleep(clock, 100);
  return {
    exchanges,
    fault: fault ?? 'none',
    lost_ms: Math.round(declared_ms - pulled_ms),
    back_ms: Math.round(clock.now_ms() - back_ms),
    enabled: bench.bridge.enabled,
    baud: bench.bridge.baud,
  };
}

/** Medians of one short question, through our link and through the library alone. */
async function roundTrips(bench: Bench, path: string): Promise<Report['round_trip_ms']> {
  const line = Buffer.from('55550000000000000000000000000000', 'hex');
  const ask = Buffer.from('0000ff02fed4022a00', 'hex');
  let hear = () => {};
  let heard = 0;
  const data = (bytes: Buffer) => {
    heard += bytes.length;
    // The acknowledgement and the answer.
    if (heard >= 19) hear();
  };
  const median = async (send: (bytes: Buffer) => unknown) => {
    send(line);
    await sleep(clock, 100);
    const times: number[] = [];
    for (let left = 60; left > 0; left -= 1) {
      heard = 0;
      const from_ms = clock.now_ms();
      const answered = new Promise<void>((resolve) => {
        hear = resolve;
      });
      send(ask);
      await answered;
      times.push(clock.now_ms() - from_ms);
    }
    return Number(times.sort((a, b) => a - b)[30]?.toFixed(2));
  };
  const opened = await openHidLink({ usb: { serial: bench.serial }, clock });
  if (!opened.ok) throw new Error(opened.fault.detail);
  opened.value.listen({ data, lost() {} });
  const ours = await median((bytes) => opened.value.write(bytes));
  await opened.value.close();
  const { HIDAsync } = await import('node-hid');
  const device = await HIDAsync.open(path);
  device.on('data', (report: Buffer) => data(report.subarray(1)));
  await device.sendFeatureReport(Buffer.of(0x41, 1));
  const bare = await median((bytes) =>
    device.write(Buffer.concat([Buffer.of(bytes.length), bytes])),
  );
  await device.close();
  return { ours, bare };
}

const handles = () => readdirSync('/proc/self/fd').length;

async function investigate(): Promise<Report> {
  const bench = createBench('TW-0001');
  const path = await bench.plug();
  const python = await pyserial(path);
  const card = await tryReader({ serial: bench.serial });
  const fast = await tryReader({ path }, 921_600);
  const both = await several(bench);
  const round_trip_ms = await roundTrips(bench, path);
  const reader = createReader({ serial: bench.serial });
  await reader.start();
  const before = handles();
  const rounds: Round[] = [];
  for (let n = 0; n < ROUNDS; n += 1) rounds.push(await round(reader, bench, (n * 37) % 180));
  const after = handles();
  await reader.close();
  await bench.unplug();
  await sleep(clock, 200);
  return {
    ...{ pyserial: python, card, fast, several: both, rounds, round_trip_ms },
    exchanges: rounds.reduce((sum, { exchanges }) => sum + exchanges, 0),
    counters: reader.counters(),
    handles: [before, after],
    left: process.getActiveResourcesInfo().filter((kind) => !/^(TTY|Pipe|FS)/.test(kind)),
  };
}

investigate().then(
  (report) => process.stdout.write(`${JSON.stringify(report)}\n`),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    // A device that is still plugged holds a thread for which even process.exit() would wait.
    process.kill(process.pid, 'SIGKILL');
  },
);
