/** A PN532 reader over scripted links, on a fake clock. */

import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { failed, ok, type Reply } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { createLinkScript, WAKE_UP_LINE } from '../../kit/link-script.ts';

export const answer = (command: string, reply: string) => [
  `> d4${command}`,
  '< ack',
  `< d5${reply}`,
];
export const WAKE = [WAKE_UP_LINE, ...answer('1401', '15')];
export const MUTE = [WAKE_UP_LINE, '> d41401', '> ack'];
const FIRMWARE = answer('02', '0332010607');
export const CONFIGURE = [
  ...answer('3202000b0d', '33'),
  ...answer('320400', '33'),
  ...answer('3205ff0101', '33'),
  ...answer('320100', '33'),
  ...answer('320101', '33'),
  ...FIRMWARE,
];
export const fence = (token: string) => answer(`0000${token}`, `0100${token}`);
export const CARD = '010344200704a1b2c3d4e5f6067577810280';
export const ONE_CARD = answer('4a0200', `4b01${CARD}`);

export const CONFIG = {
  kind: 'serial' as const,
  usb: {},
  name: '*',
  path: '/dev/none',
  baud: 115_200 as const,
  poll_pause_ms: 20,
  heartbeat_ms: 2_000,
  rf_cycle_s: 60,
  ack_timeout_ms: 50,
  card_timeout_ms: 800,
};

interface BenchOptions {
  readonly baud?: 115_200 | 921_600;
  /** One script for each link that the reader opens, in turn. */
  readonly scripts: readonly (readonly string[])[];
}

export function bench({ baud = 115_200, scripts }: BenchOptions) {
  const clock = createFakeClock();
  const bauds: number[] = [];
  const links = scripts.map((lines) => {
    const pair = createMemoryLinkPair('reader');
    return { ...pair, script: createLinkScript(pair.far, ...lines) };
  });
  let opened = 0;
  const config = { ...CONFIG, baud };
  const openLink = async () => {
    const link = links.at(opened)?.near;
    opened += 1;
    if (!link) return failed('link-absent', 'none', 'no device');
    const { setBaud } = link;
    return ok({
      ...link,
      setBaud: (next: number) => {
        bauds.push(next);
        return setBaud(next);
      },
    });
  };
  const reader = createPn532Reader({ openLink, clock, config });
  const verify = () => {
    for (const { script } of links) script.verify();
  };
  const [first] = links;
  if (!first) throw new Error('a bench needs a link');
  return { clock, reader, bauds, verify, script: first.script, far: first.far };
}

export function verdict(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}

export async function started(...lines: string[]) {
  const set = bench({ scripts: [[...WAKE, ...CONFIGURE, ...lines]] });
  assert.is(verdict(await set.clock.until(set.reader.start())), 'ok');
  return set;
}

export async function withCard(...lines: string[]) {
  const set = await started(...ONE_CARD, ...lines);
  const found = await set.clock.until(set.reader.detect());
  assert.ok(found.ok && found.value.kind === 'card');
  return { ...set, card: found.value.card };
}
