/** Breaks things when a fault strikes, and mends them when its time is over. */

import type { MemoryLink } from '../../firmware-bridge/link/memory.ts';
import type { Field } from '../chip/field.ts';
import type { VirtualPn532 } from '../chip/pn532.ts';
import type { VirtualPsam } from '../sam/psam.ts';
import type { Board } from './board.ts';
import type { WorldCard } from './cards.ts';
import type { VirtualClock } from './clock.ts';
import type { DiskTrouble, WorldDisk } from './disk.ts';
import type { Struck } from './hazards.ts';
import type { Lists } from './lists.ts';

type Death = Extract<Struck, { kind: 'kill' | 'power-cut' }>;
type DiskFault = Extract<Struck, { kind: 'disk-slow' | 'disk-fails' | 'disk-full' }>;

export interface BreakageParts {
  readonly clock: VirtualClock;
  readonly cards: readonly WorldCard[];
  readonly field: Field;
  readonly chip: VirtualPn532;
  readonly psam: VirtualPsam;
  readonly board: Board;
  readonly disk: WorldDisk;
  readonly hit: (name: string) => void;
  readonly lists: Lists;
  readonly die: (fault: Death) => void;
}

export interface Breakage {
  /** Is the reader's cable in? */
  readonly plugged: boolean;
  /** The line that an unplugging cuts. */
  useLine(line: MemoryLink | null): void;
  strike(fault: Struck): void;
  /** Everything at once. */
  mend(): void;
}

const SLOW_SYNC_MS = 400;

export function createBreakage(parts: BreakageParts): Breakage {
  const { clock, field, cards, chip, psam, board, hit } = parts;
  let plugged = true;
  let line: MemoryLink | null = null;
  const disk = createDiskTrouble(parts);

  return {
    get plugged() {
      return plugged;
    },
    useLine(next) {
      line = next;
    },
    strike,
    mend() {
      disk.mend();
      psam.setFault('none');
      plugged = true;
      chip.mute(false);
      board.find();
      board.power(true);
      board.setFire(false);
      board.key(false);
    },
  };

  function strike(fault: Struck): void {
    hit(fault.kind);
    const later = (then: () => void) => {
      clock.setTimeout(then, 'for_ms' in fault ? fault.for_ms : 0);
    };
    switch (fault.kind) {
      case 'leave':
        for (const target of field.targets()) field.leave(target);
        return;
      case 'second-card': {
        const other = cards[fault.card];
        if (other) field.enter(other.target);
        return;
      }
      case 'unplug':
        plugged = false;
        line?.unplug();
        later(() => {
          plugged = true;
        });
        return;
      case 'chip-mute':
        chip.mute(true);
        later(() => chip.mute(false));
        return;
      case 'chip-reboot':
        chip.power(false);
        chip.power(true);
        return;
      case 'sam-absent':
        psam.setFault('absent');
        later(() => psam.setFault('none'));
        return;
      case 'kill':
      case 'power-cut':
        parts.die(fault);
        return;
      case 'clock-step':
        clock.stepWall(fault.step_ms);
        return;
      case 'list-swap':
        parts.lists.swap();
        return;
      default:
        strikeGate(fault, later);
    }
  }

  function strikeGate(fault: Struck, later: (then: () => void) => void): void {
    switch (fault.kind) {
      case 'list-import':
        hit(`list-import ${fault.file}`);
        parts.lists.receive(fault.file, fault.dies);
        return;
      case 'fire':
        board.setFire(true);
        later(() => board.setFire(false));
        return;
      case 'service-key':
        board.key(true);
        later(() => board.key(false));
        return;
      case 'intruder':
        board.intrude();
        return;
      case 'barrier-lost':
        board.lose();
        later(() => board.find());
        return;
      case 'board-unplug':
        board.unplug();
        later(() => board.find());
        return;
      case 'board-restart':
        board.power(false);
        later(() => board.power(true));
        return;
      case 'disk-slow':
      case 'disk-fails':
      case 'disk-full':
        later(disk.break(fault));
    }
  }
}

/** One trouble at a time; a later one takes its place. */
function createDiskTrouble({ disk, hit }: Pick<BreakageParts, 'disk' | 'hit'>) {
  let trouble: DiskTrouble | null = null;
  let on: 'write' | 'sync' | null = null;
  let once = false;
  disk.trouble = (call) => {
    const met = trouble;
    if (met?.kind !== 'failing') return met;
    if (on !== call) return null;
    if (once) trouble = null;
    hit(`disk ${call} fails ${once ? 'once' : 'on'}`);
    return met;
  };
  return {
    mend() {
      trouble = null;
    },
    /** Returns what mends it. */
    break(fault: DiskFault): () => void {
      on = fault.kind === 'disk-fails' ? fault.on : null;
      once = fault.kind === 'disk-fails' && fault.once;
      const made = troubleOf(fault);
      trouble = made;
      return () => {
        if (trouble === made) trouble = null;
      };
    },
  };
}

function troubleOf(fault: DiskFault): DiskTrouble {
  switch (fault.kind) {
    case 'disk-slow':
      return { kind: 'slow', delay_ms: SLOW_SYNC_MS };
    case 'disk-full':
      return { kind: 'full' };
    case 'disk-fails':
      return { kind: 'failing', on: fault.on };
  }
}
