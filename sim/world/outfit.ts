/** What stands around the lane of a story, as it is fitted: its gate, its blacklist. */

import { createVirtualBarrier } from '../barrier/barrier.ts';
import { type Board, type BoardEars, createBoard } from './board.ts';
import { listedSerials } from './cards.ts';
import type { Owner } from './clock.ts';
import { configFor } from './lane.ts';
import { ListFiles } from './list-files.ts';
import { createSetLists, type Lists } from './lists.ts';
import { createModbusBoard } from './modbus.ts';
import type { Border } from './ports.ts';
import type { World } from './world.ts';

interface BoardParts extends Pick<BoardEars, 'ordered'> {
  /** Somebody is in the zone: does another one follow? */
  readonly follows: () => boolean;
  /** What whoever comes next takes through the zone. */
  readonly crosses_ms: () => number;
}

export function makeBoard(world: World, { ordered, crosses_ms, follows }: BoardParts): Board {
  const { clock, story, checks, log } = world;
  const walk = () => world.walks;
  const ears: BoardEars = {
    ordered,
    event: (event) => log.write(`gate ${event}`),
    broken: (what) => checks.fail('doors', what),
  };
  if (story.fitted.includes('modbus')) {
    return createModbusBoard({ clock, walk, follows, crosses_ms, ears });
  }
  const barrier = createVirtualBarrier({
    ...{ clock, walk, follows, travel_ms: 40, approach_ms: 40 },
    get pass_ms() {
      return crosses_ms();
    },
  });
  return createBoard(barrier, ears);
}

interface ListParts {
  /** The ports of a program that imports. */
  readonly borderOf: (owner: Owner) => Border;
}

export function makeLists(world: World, { borderOf }: ListParts): Lists {
  const { clock, disk, story, cards, checks, log } = world;
  const [odd, even] = [listedSerials(cards, 1), listedSerials(cards, 2)];
  if (!story.fitted.includes('files')) return createSetLists(odd, even);
  const { lists: settings } = configFor(story);
  return new ListFiles({
    ...{ clock, disk, settings, odd, even, borderOf },
    serials: cards.flatMap(({ serial }) => serial ?? []),
    log: (text) => log.write(text),
    count: (name) => log.count('lists', name),
    broken: (what) => checks.fail('blacklist', what),
  });
}
