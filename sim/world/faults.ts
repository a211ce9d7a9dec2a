/**
 * The fault atlas: everything that may go wrong in the world, how often it is drawn, and how much
 * of it at once must be survived. Part of the specification: a lane that breaks a rule under faults
 * within these budgets is broken.
 */

import type { Fitting } from './story.ts';

/** On the line of the reader, and on that of the gate board. */
export type Direction = 'to-chip' | 'to-host' | 'to-board' | 'from-board';
export type Spoiling = 'lost' | 'cut' | 'corrupt' | 'late' | 'noise';

/** What the office sends: a full list, a delta, and what must be refused. */
export const LIST_FILES = ['full', 'delta', 'forged', 'cut', 'changed', 'older'] as const;
export type ListFileKind = (typeof LIST_FILES)[number];

/** When a fault strikes: at the nth such event since the passenger came, or after a time. */
export type Moment =
  /** The nth command on its way to a card. */
  | { readonly on: 'command'; readonly nth: number }
  /** The nth call of a port (disk, line, SAM, barrier), before or after it did its work. */
  | { readonly on: 'port'; readonly nth: number }
  | { readonly on: 'time'; readonly after_ms: number };

export type Fault =
  | {
      readonly kind: 'tear';
      readonly nth: number;
      readonly moment: 'before' | 'after' | 'cut';
      readonly stays: boolean;
    }
  | { readonly kind: 'leave'; readonly when: Moment }
  | {
      readonly kind: 'line';
      readonly direction: Direction;
      readonly spoiling: Spoiling;
      readonly nth: number;
    }
  | { readonly kind: 'unplug'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'chip-mute'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'chip-reboot'; readonly when: Moment }
  | {
      readonly kind: 'sam';
      readonly does: 'slow' | 'mute' | 'refuse' | 'wrong-mac1' | 'wrong-mac2' | 'reset';
      readonly nth: number;
    }
  | { readonly kind: 'sam-absent'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'disk-slow'; readonly when: Moment; readonly for_ms: number }
  | {
      readonly kind: 'disk-fails';
      readonly on: 'write' | 'sync';
      /** Once; else until it is mended. */
      readonly once: boolean;
      readonly when: Moment;
      readonly for_ms: number;
    }
  | { readonly kind: 'disk-full'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'kill'; readonly when: Moment; readonly down_ms: number }
  | { readonly kind: 'power-cut'; readonly when: Moment; readonly down_ms: number }
  | { readonly kind: 'clock-step'; readonly when: Moment; readonly step_ms: number }
  | { readonly kind: 'list-swap'; readonly when: Moment }
  | { readonly kind: 'second-card'; readonly when: Moment; readonly card: number }
  | { readonly kind: 'fire'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'service-key'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'intruder'; readonly when: Moment }
  | { readonly kind: 'barrier-lost'; readonly when: Moment; readonly for_ms: number }
  | {
      readonly kind: 'board-line';
      readonly direction: Direction;
      readonly spoiling: Spoiling;
      readonly nth: number;
    }
  | { readonly kind: 'board-unplug'; readonly when: Moment; readonly for_ms: number }
  | { readonly kind: 'board-restart'; readonly when: Moment; readonly for_ms: number }
  | {
      readonly kind: 'list-import';
      readonly when: Moment;
      readonly file: ListFileKind;
      /** The importing program is killed at its nth call of a port. */
      readonly dies: number | null;
    };

export type FaultKind = Fault['kind'];

export interface Budget {
  /** How many of 10,000 passengers meet it. */
  readonly per_10k: number;
  readonly what: string;
  readonly survived: string;
  /** Drawn only where the story has it. */
  readonly of?: Fitting;
}

/** A passenger meets at most so many faults at once, of different kinds. */
export const FAULTS_AT_ONCE = 3;

export const ATLAS: Readonly<Record<FaultKind, Budget>> = {
  tear: budget(
    700,
    'the card leaves before, inside or after a command; or a glitch, and it stays',
    'a torn debit is settled by the same card, or stays grey',
  ),
  leave: budget(
    200,
    'the card leaves at any call of a port, or after some milliseconds',
    'as a tear',
  ),
  line: budget(
    400,
    'a chunk on the reader line is lost, cut, corrupted, late, or has noise before it',
    'the command is never repeated to the card; the reader serves again',
  ),
  unplug: budget(60, 'the reader is unplugged for up to eight seconds', 'a new line is opened'),
  'chip-mute': budget(60, 'the reader chip hangs', 'it is reset, or the lane closes'),
  'chip-reboot': budget(60, 'the reader chip starts anew and has forgotten everything', 'as above'),
  sam: budget(
    300,
    'one answer of the SAM is slow, missing, a refusal, a wrong MAC1 or verdict; or it forgets',
    'no opening without a verdict; the SAM is started anew',
  ),
  'sam-absent': budget(40, 'the SAM is pulled for up to eight seconds', 'closed until it is back'),
  'disk-slow': budget(100, 'a sync takes 400 ms', 'the debit waits for its intent'),
  'disk-fails': budget(
    80,
    'a write leaves half its bytes, or a sync fails and forgets; once or until mended',
    'closed until the journal was read back',
  ),
  'disk-full': budget(40, 'the disk is full', 'what was begun is ended, nothing new begins'),
  kill: budget(120, 'the process dies at any call of a port', 'the ledger knows what was begun'),
  'power-cut': budget(
    120,
    'as a kill, and unsynced writes are lost, torn or reordered; SAM and chip start anew',
    'nothing acknowledged is lost',
  ),
  'clock-step': budget(60, 'the wall clock is stepped by up to two days', 'no second debit'),
  'list-swap': budget(150, 'a new blacklist takes its place in the middle of a tap', 'no opening'),
  'second-card': budget(250, 'another card comes into the field', 'one card pays, or none'),
  fire: budget(50, 'the fire input goes on and off', 'the leaves stand open meanwhile'),
  'service-key': budget(40, 'staff turns the service key', 'nobody pays meanwhile'),
  intruder: budget(60, 'somebody comes against the direction', 'never closed on'),
  'barrier-lost': budget(50, 'the gate board is lost', 'closed until it is found'),
  'board-line': {
    ...budget(
      400,
      'a chunk on the line of the gate board is lost, cut, corrupted, late, or has noise before it',
      'asked again within the second; no stale answer counts',
    ),
    of: 'modbus',
  },
  'board-unplug': {
    ...budget(60, 'the gate board is unplugged for up to eight seconds', 'its watchdog opens'),
    of: 'modbus',
  },
  'board-restart': {
    ...budget(
      60,
      'the gate board is without power for a moment, and forgets its outputs',
      'as above',
    ),
    of: 'modbus',
  },
  'list-import': {
    ...budget(
      300,
      'a list file comes: full, delta, forged, cut, changed or older; its import may be killed',
      'the old list or the new one is in force; what is not sound is refused',
    ),
    of: 'files',
  },
};

export const FAULT_KINDS = Object.keys(ATLAS) as FaultKind[];

function budget(per_10k: number, what: string, survived: string): Budget {
  return { per_10k, what, survived };
}
