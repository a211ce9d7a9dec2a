/** What a process holds: descriptors, timers, children, listeners, memory. */

import { readdirSync } from 'node:fs';
import { sleep, systemClock } from '../../firmware-bridge/clock.ts';
import { collectGarbage } from '../bench/kit/garbage.ts';
import { childrenOfOurs, memoryOf } from '../bench/kit/processes.ts';

export interface Census {
  readonly held: Readonly<Record<'descriptors' | 'timers' | 'children' | 'listeners', number>>;
  /** After a collection. */
  readonly heap_MiB: number;
  readonly rss_MiB: number;
}

const LOOKS = 12;
const APART_MS = 40;

/** The least that is seen in half a second: a heartbeat's own timer comes and goes. */
export async function census(): Promise<Census> {
  const seen = [hold()];
  for (let look = 1; look < LOOKS; look += 1) {
    await sleep(systemClock, APART_MS);
    seen.push(hold());
  }
  const least = (what: keyof Census['held']) => Math.min(...seen.map((one) => one[what]));
  collectGarbage();
  return {
    held: {
      descriptors: least('descriptors'),
      timers: least('timers'),
      children: least('children'),
      listeners: least('listeners'),
    },
    heap_MiB: process.memoryUsage().heapUsed / 2 ** 20,
    rss_MiB: memoryOf('self').rss_MiB,
  };
}

function hold(): Census['held'] {
  const listeners = process.eventNames().map((name) => process.listenerCount(name));
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    children: childrenOfOurs().length,
    listeners: listeners.reduce((sum, count) => sum + count, 0),
  };
}

/** What there is more of at the end, in words. */
export function leftOver(when: string, begin: Census, end: Census): string[] {
  const kinds = Object.keys(begin.held) as (keyof Census['held'])[];
  return kinds
    .filter((kind) => end.held[kind] > begin.held[kind])
    .map((kind) => `${when}: ${kind} ${begin.held[kind]} → ${end.held[kind]}`);
}
