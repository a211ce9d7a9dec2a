/**
 * Puts the virtual CP2110 on this machine as a real HID device, through Linux's /dev/uhid: the
 * events of <linux/uhid.h> written as bytes, little-endian and without padding, as on x86 and ARM.
 * Any program then finds it as /dev/hidrawN. Needs root, or a rule for /dev/uhid.
 */

import fs from 'node:fs';
import { within } from '../../firmware-bridge/clock.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { VirtualCp2110 } from './cp2110.ts';
import { reportDescriptor } from './descriptor.ts';

export interface UhidPlug {
  /** e.g. `/dev/hidraw0`; undefined while the kernel has not made it. */
  path(): string | undefined;
  /** Pulls the device; resolves when the kernel has let it go. Repeatedly legal. */
  unplug(): Promise<void>;
}

export interface PlugOptions {
  readonly bridge: VirtualCp2110;
  readonly clock: Clock;
  /** The serial number by which programs tell bridges apart; at most 63 characters. */
  readonly serial: string;
}

const EVENT = {
  destroy: 1,
  start: 2,
  stop: 3,
  open: 4,
  close: 5,
  output: 6,
  getReport: 9,
  getReportReply: 10,
  create2: 11,
  input2: 12,
  setReport: 13,
  setReportReply: 14,
} as const;

const NAME = 'Silicon Labs CP2110 HID USB-to-UART Bridge';
const DATA_MAX = 4096;
/** Type, three names, two lengths, four numbers, descriptor: the largest event. */
const EVENT_BYTES = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + DATA_MAX;
const BUS_USB = 3;
const EIO = 5;
/** A kernel without its module hid-generic never starts the device, nor stops it. */
const START_MS = 2_000;

/** While it is plugged, one thread of Node's pool waits for the kernel. */
export function plugIn({ bridge, clock, serial }: PlugOptions): UhidPlug {
  const fd = fs.openSync('/dev/uhid', fs.constants.O_RDWR);
  let plugged = true;
  let pulled: Promise<void> | undefined;
  // Events may be cut short; the kernel takes the rest as zeros.
  const send = (type: number, ...body: Buffer[]) => {
    if (plugged) fs.writeSync(fd, Buffer.concat([number(4, type), ...body]));
  };
  bridge.powerUp();
  bridge.polled(false);
  bridge.onInput((report) => send(EVENT.input2, number(2, report.length), report));
  send(EVENT.create2, ...creation(serial));
  let begun = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const gone = readEvents(fd, (event) => {
    if (event.readUInt32LE(0) === EVENT.start) begun();
    else answer(event, bridge, send);
  }).finally(() => {
    plugged = false;
    fs.closeSync(fd);
  });
  const pull = async () => {
    await within(clock, START_MS, started);
    send(EVENT.destroy);
    plugged = false;
    bridge.polled(false);
    bridge.powerUp();
    await within(clock, START_MS, gone);
  };
  return {
    path: () => hidrawOf(serial),
    unplug() {
      pulled ??= pull();
      return pulled;
    },
  };
}

/** Hands over every event until the kernel stops the device. */
async function readEvents(fd: number, handle: (event: Buffer) => void): Promise<void> {
  for (;;) {
    const event = Buffer.alloc(EVENT_BYTES);
    const length = await new Promise<number>((resolve) => {
      fs.read(fd, event, 0, event.length, null, (error, bytes) => resolve(error ? 0 : bytes));
    });
    if (length < 4 || event.readUInt32LE(0) === EVENT.stop) return;
    handle(event);
  }
}

type Send = (type: number, ...body: Buffer[]) => void;

function answer(event: Buffer, bridge: VirtualCp2110, send: Send): void {
  switch (event.readUInt32LE(0)) {
    case EVENT.open:
    case EVENT.close:
      bridge.polled(event.readUInt32LE(0) === EVENT.open);
      return;
    case EVENT.output:
      bridge.output(event.subarray(4, 4 + event.readUInt16LE(4 + DATA_MAX)));
      return;
    case EVENT.getReport: {
      const report = bridge.getFeature(event.readUInt8(8));
      const head = [event.subarray(4, 8), number(2, report ? 0 : EIO)];
      send(EVENT.getReportReply, ...head, number(2, report?.length ?? 0), report ?? Buffer.of());
      return;
    }
    case EVENT.setReport: {
      const taken = bridge.setFeature(event.subarray(12, 12 + event.readUInt16LE(10)));
      send(EVENT.setReportReply, event.subarray(4, 8), number(2, taken ? 0 : EIO));
      return;
    }
    default:
  }
}

/** struct uhid_create2_req. */
function creation(serial: string): Buffer[] {
  const descriptor = reportDescriptor();
  const ids = [0x10c4, 0xea80, 0x0100, 0].map((value) => number(4, value));
  const lengths = [number(2, descriptor.length), number(2, BUS_USB)];
  return [
    text(128, NAME),
    text(64, 'tapway-sim'),
    text(64, serial),
    ...lengths,
    ...ids,
    descriptor,
  ];
}

function text(size: number, content: string): Buffer {
  const field = Buffer.alloc(size);
  field.write(content.slice(0, size - 1), 'latin1');
  return field;
}

function number(size: 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
}

function hidrawOf(serial: string): string | undefined {
  const folder = '/sys/class/hidraw';
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const found = names.find((name) => {
    try {
      const lines = fs.readFileSync(`${folder}/${name}/device/uevent`, 'utf8').split('\n');
      return lines.includes(`HID_UNIQ=${serial}`);
    } catch {
      // It went while we looked.
      return false;
    }
  });
  return found && `/dev/${found}`;
}
