/** `tapway-sim reader --pty`: a virtual PN532 with a card, for any program that speaks to one. */

import { systemClock, within } from '../../firmware-bridge/clock.ts';
import { personOnTray } from '../card/people.ts';
import type { Target } from '../card/target.ts';
import { cardOnTray } from '../card/tray.ts';
import { createField } from '../chip/field.ts';
import { serveOnPty } from '../chip/on-pty.ts';
import { createVirtualPn532 } from '../chip/pn532.ts';
import { REAL_TIMING } from '../chip/timing.ts';
import { createPty } from '../pty.ts';

export interface ReaderOptions {
  readonly pty?: boolean;
  /** Id on the tray of the lane. */
  readonly card: string;
  /** Id on the tray of the kiosk, in place of a card. */
  readonly person?: string;
  /** Seconds between two presentations; absent: the card lies there all the time. */
  readonly every?: number;
  /** A symbolic link to keep to the pty; whatever the pty's number is, the reader has one path. */
  readonly link?: string;
  readonly stopped: Promise<void>;
}

const PRESENT_MS = 2_000;

export async function runReader(options: ReaderOptions): Promise<number> {
  if (!options.pty) {
    throw new Error('say --pty for a serial line, or --hid SERIAL for a USB bridge (CP2110)');
  }
  const targets = targetsOf(options);
  const field = createField();
  const chip = createVirtualPn532({ clock: systemClock, field, timing: REAL_TIMING });
  const { link } = options;
  const pty = createPty(link === undefined ? {} : { link });
  serveOnPty(chip, pty);
  process.stdout.write(`${pty.path}\n`);

  let going = true;
  const ended = options.stopped.then(() => {
    going = false;
  });
  const enter = () => targets.forEach(field.enter);
  const leave = () => targets.forEach(field.leave);
  if (options.every === undefined) enter();
  else void come(options.every * 1_000);
  await ended;
  chip.power(false);
  pty.close();
  return 0;

  async function come(pause_ms: number): Promise<void> {
    while (going) {
      enter();
      await within(systemClock, PRESENT_MS, ended);
      leave();
      await within(systemClock, pause_ms, ended);
    }
  }
}

function targetsOf({ card, person }: ReaderOptions): readonly Target[] {
  const now_ms = systemClock.wall_ms();
  if (person === undefined) return cardOnTray(card, now_ms).targets;
  const { contactless } = personOnTray(person, now_ms);
  if (contactless) return [contactless];
  throw new Error(`the card of ${person} has contacts only; put it into a slot: tapway-sim card`);
}
