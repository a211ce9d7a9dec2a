/** One list store in a process of its own, so that its memory can be told; asked by its parent. */

import { openLiveBlacklist } from '../../../controller/blacklist/live.ts';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { collectGarbage } from './garbage.ts';
import { createTapLane, expectOk, type TapLane } from './lane.ts';
import { type ListStore, openPeer, timeLookups, type Variant } from './peers.ts';
import { memoryOf } from './processes.ts';

export interface Place {
  readonly variant: Variant;
  readonly count: number;
  /** Of the lane: the list in force. Of others: for their files. */
  readonly directory: string;
}

export type Question =
  | { readonly ask: 'miss' | 'hit'; readonly calls: number }
  /** From now on taps, or watches how late the event loop comes round; tells nothing at first. */
  | { readonly ask: 'taps' | 'loop' }
  /** What came of it until another version of the list is in force. */
  | { readonly ask: 'news' }
  | { readonly ask: 'end' };

export type Told = { readonly grown_MiB: number } | { readonly times: number[] };

const SETTINGS = { max_age_hours: 8_760, scrub_minutes: 1_440 };
const WARM_UP = 500;
const TAPS = 20;
const PAUSE_MS = 20;

export async function runListChild(place: Place): Promise<void> {
  const { variant, count, directory } = place;
  collectGarbage();
  const before_MiB = memoryOf('self').rss_MiB;
  const lane = variant === 'lane' ? await openLane(directory) : null;
  const store = lane ?? (await openPeer(variant as Exclude<Variant, 'lane'>, count, directory));
  collectGarbage();
  tell({ grown_MiB: memoryOf('self').rss_MiB - before_MiB });
  let watching: Watching = { times: Promise.resolve([]) };
  process.on('message', (question: Question) => void answer(question));

  async function answer(question: Question): Promise<void> {
    switch (question.ask) {
      case 'end':
        await lane?.close();
        process.disconnect();
        // lmdb and LevelDB hold handles of their own.
        process.exit(0);
        break;
      case 'taps':
      case 'loop':
        if (!lane) throw new Error('only a lane takes lists over');
        watching = await lane.watch(question.ask);
        tell({ times: [] });
        break;
      case 'news':
        tell({ times: await watching.times });
        break;
      default:
        tell({ times: await timeLookups(store, question.ask, { count, ...question }) });
    }
  }
}

interface Watching {
  /** Milliseconds: of each tap, or by which each turn of the event loop was late. */
  readonly times: Promise<number[]>;
}

interface ListLane extends ListStore {
  watch(ask: 'taps' | 'loop'): Promise<Watching>;
  close(): Promise<void>;
}

/** The blacklist as a lane has it, and a lane over it. */
async function openLane(directory: string): Promise<ListLane> {
  const parts = { disk: systemDisk, clock: systemClock, trust: [], settings: SETTINGS };
  const live = expectOk(await openLiveBlacklist({ ...parts, directory }));
  const kindOf = ({ kind }: { kind: string }) => kind === 'listed';
  return {
    check(card) {
      const answer = live.check(card);
      return answer instanceof Promise ? answer.then(kindOf) : kindOf(answer);
    },
    async watch(ask) {
      const { version } = live.status();
      const going = () => live.status().version === version;
      if (ask === 'loop') return { times: lateWhile(going) };
      const lane = await createTapLane('flat', live);
      await lane.play(WARM_UP);
      return { times: tapWhile(going, lane) };
    },
    close: () => live.close(),
  };
}

async function tapWhile(going: () => boolean, lane: TapLane): Promise<number[]> {
  const times: number[] = [];
  while (going()) {
    times.push(...(await lane.play(TAPS, false)).map(({ wall_ms }) => wall_ms));
    await sleep(systemClock, PAUSE_MS);
  }
  return times;
}

async function lateWhile(going: () => boolean): Promise<number[]> {
  const times: number[] = [];
  let before_ms = performance.now();
  while (going()) {
    await sleep(systemClock, 1);
    const now_ms = performance.now();
    times.push(Math.max(0, now_ms - before_ms - 1));
    before_ms = now_ms;
  }
  return times;
}

function tell(told: Told): void {
  process.send?.(told);
}
