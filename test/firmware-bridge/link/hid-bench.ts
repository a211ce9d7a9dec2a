/** A link on a stand-in for node-hid, a virtual bridge behind it, and a clock that is told. */

import * as assert from 'uvu/assert';
import { openHidLink } from '../../../firmware-bridge/link/hid.ts';
import type { HidBridge } from '../../../firmware-bridge/link/hid-library.ts';
import type { Link } from '../../../firmware-bridge/link/link.ts';
import type { Fault, Reply } from '../../../firmware-bridge/ports.ts';
import { createVirtualCp2110, type VirtualCp2110 } from '../../../sim/hid/cp2110.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';
import { createHidBus, type HidBus } from '../../kit/hid-bus.ts';

export const FIRST: HidBridge = { path: '/dev/hidraw0', serial: '0001', place: '1-1.2' };
export const SECOND: HidBridge = { path: '/dev/hidraw3', serial: '0002', place: '1-1.3' };

export interface Bench {
  readonly clock: FakeClock;
  readonly bus: HidBus;
  readonly bridge: VirtualCp2110;
  /** What arrived at the device. */
  readonly sent: Buffer[];
  plug(): void;
  open(usb?: Parameters<typeof openHidLink>[0]['usb']): Promise<Reply<Link>>;
}

export function createBench(options: { paced?: boolean } = {}): Bench {
  const clock = createFakeClock();
  const bus = createHidBus();
  const bridge = createVirtualCp2110({ clock, paced: options.paced ?? false });
  const sent: Buffer[] = [];
  bridge.onTransmit((bytes) => sent.push(bytes));
  const plug = () => bus.plug(bridge, FIRST);
  plug();
  const open = (usb = {}) => clock.until(openHidLink({ usb, clock, library: bus }));
  return { clock, bus, bridge, sent, plug, open };
}

export interface Opened {
  readonly link: Link;
  readonly heard: Buffer[];
  readonly losses: Fault[];
}

/** Opens the only bridge and listens. */
export async function opened({ open }: Bench): Promise<Opened> {
  const reply = await open();
  assert.ok(reply.ok, JSON.stringify(reply));
  const heard: Buffer[] = [];
  const losses: Fault[] = [];
  reply.value.listen({
    data: (bytes) => heard.push(bytes),
    lost: (fault) => losses.push(fault),
  });
  return { link: reply.value, heard, losses };
}

export const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString();

export function verdict(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}

export function detail(reply: Reply<unknown>): string {
  return reply.ok ? '' : reply.fault.detail;
}
