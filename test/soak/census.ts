/** What a process holds: descriptors, timers, children, listeners, memory. */

import { readdirSync } from 'node:fs';
import { sleep, systemClock } from '../../firmware-bridge/clock.ts';
import { collectGarbage } from '../bench/kit/garbage.ts';
import { childrenOfOurs, memoryOf } from '../bench/kit/processes.ts';

type Held = Readonly<Record<'descriptors' | 'timers' | 'children' | 'listeners', number>>;

export interface Census {
  /** Of each kind the least and the most that was seen in half a second. */
  readonly least: Held;
  readonly most: Held;
  /** After a collection. */
  readonly heap_MiB: number;
  readonly rss_MiB: number;
}

const LOOKS = 12;
const APART_MS = 40;

/** Half a second: heartbeats come and go, and whoever reads a file sets no timer meanwhile. */
export async function census(): Promise<Census> {
  const seen = [hold()];
  for (let look = 1; look < LOOKS; look += 1) {
    await sleep(systemClock, APART_MS);
    seen.push(hold());
  }
  const over = (choose: (...counts: number[]) => number): Held => {
    const of = (what: keyof Held) => choose(...seen.map((one) => one[what]));
    return {
      descriptors: of('descriptors'),
      timers: of('timers'),
      children: of('children'),
      listeners: of('listeners'),
    };
  };
  collectGarbage();
  return {
    least: over(Math.min),
    most: over(Math.max),
    heap_MiB: process.memoryUsage().heapUsed / 2 ** 20,
    rss_MiB: memoryOf('self').rss_MiB,
  };
}

function hold(): Held {
  const listeners = process.eventNames().map((name) => process.listenerCount(name));
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    children: childrenOfOurs().length,
    listeners: listeners.reduce((sum, count) => sum + count, 0),
  };
}

/** What there is never again as little of as there once was most of, in words. */
export function leftOver(when: string, begin: Census, end: Census): string[] {
  const kinds = Object.keys(begin.most) as (keyof Held)[];
  return kinds
    .filter((kind) => end.least[kind] > begin.most[kind])
    .map((kind) => `${when}: ${kind} ${begin.most[kind]} → ${end.least[kind]}`);
}
