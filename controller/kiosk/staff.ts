/** The service code as it is typed: wiped after each try, and slower after five wrong ones. */

import type { Clock } from '../../firmware-bridge/ports.ts';
import { PinPad } from './pin-pad.ts';
import { CODE_DIGITS, isCode } from './service-code.ts';
import type { Key } from './view.ts';

const WRONG_MAX = 5;
const PAUSE_MS = 60_000;

export interface Staff {
  readonly typed: number;
  readonly wrong: boolean;
  key(key: Key): void;
  /** Forgets what was typed. */
  clear(): void;
}

export interface StaffOptions {
  readonly clock: Clock;
  /** The scrypt hash of the configuration; undefined: nobody gets in. */
  readonly code: string | undefined;
  readonly onRight: () => void;
  readonly onWrong: (inRow: number) => void;
  readonly changed: () => void;
}

export function createStaff({ clock, code, onRight, onWrong, changed }: StaffOptions): Staff {
  const pad = new PinPad();
  let wrong = false;
  let inRow = 0;
  let shutUntil_ms = Number.NEGATIVE_INFINITY;
  let checking = false;

  return {
    get typed() {
      return pad.typed;
    },
    get wrong() {
      return wrong;
    },
    key(key) {
      if (checking) return;
      if (key === 'clear') pad.wipe();
      else if (key !== 'enter') pad.push(key);
      else if (pad.typed >= CODE_DIGITS.min) void check();
    },
    clear() {
      pad.wipe();
      wrong = false;
    },
  };

  async function check(): Promise<void> {
    checking = true;
    // Whoever guesses learns nothing while the pause lasts, not even with the right code.
    const shut = clock.now_ms() < shutUntil_ms || code === undefined;
    const right = !shut && (await isCode(pad.digits(), code));
    pad.wipe();
    checking = false;
    wrong = !right;
    if (right) {
      inRow = 0;
      onRight();
    } else if (!shut) {
      inRow += 1;
      if (inRow % WRONG_MAX === 0) shutUntil_ms = clock.now_ms() + PAUSE_MS;
      onWrong(inRow);
    }
    changed();
  }
}
