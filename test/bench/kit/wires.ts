/** The same APDU over the same wire: through our whole stack, and by the library alone. */

import type { LaneConfig } from '../../../config/schema.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import type { Link } from '../../../firmware-bridge/link/link.ts';
import {
  inDataExchange,
  inListPassiveTarget,
  rfActivationRetries,
  samConfiguration,
  WAKE_UP,
} from '../../../firmware-bridge/pn532/commands.ts';
import { encodeFrame, HOST_TO_CHIP } from '../../../firmware-bridge/pn532/frame.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { type Clock, describeFault, type Reply } from '../../../firmware-bridge/ports.ts';
import type { Target } from '../../../sim/card/target.ts';
import { createField } from '../../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../../sim/chip/timing.ts';
import { figureOf, type Line, lineOf, quantilesOf } from '../measure.ts';

/** READ BINARY of the public file: 30 bytes and the status word. */
const COMMAND = Buffer.from('00B095001E', 'hex');
const ANSWER = Buffer.concat([Buffer.alloc(30, 0x5a), Buffer.from([0x90, 0x00])]);
/** Generous: a busy machine is to be slow, not to fail. */
const TIMEOUT_MS = 10_000;
const RATIO_MAX = 1.15;

/** A PN532 that takes no time; on it lies a card that takes `work_ms` for each command. */
export function chipWithCard(clock: Clock, work_ms: number) {
  const field = createField();
  const card: Target = {
    name: 'echo',
    uid: Buffer.from('0488A1B2C3D4E5', 'hex'),
    atqa: Buffer.from('0044', 'hex'),
    sak: 0x20,
    ats: Buffer.from('0578807002', 'hex'),
    exchange: () => ({ answer: ANSWER, work_ms }),
    powerDown() {},
  };
  field.enter(card);
  const timing = { ...NO_TIMING, work_ms: (card_ms: number) => card_ms };
  return createVirtualPn532({ clock, field, timing });
}

export interface Asker {
  ask(): Promise<void>;
  close(): Promise<void>;
}

/** Our whole stack above the link. */
export async function throughOurs(openLink: () => Promise<Reply<Link>>): Promise<Asker> {
  const reader = createPn532Reader({ openLink, clock: systemClock, config: CONFIG });
  const up = await reader.start();
  if (!up.ok) throw new Error(up.fault.detail);
  const found = await reader.detect();
  if (!found.ok || found.value.kind !== 'card') throw new Error('our driver finds no card');
  const { card } = found.value;
  return {
    async ask() {
      const reply = await card.transceive(COMMAND, TIMEOUT_MS);
      if (!reply.ok) throw new Error(describeFault(reply.fault));
      if (!reply.value.equals(ANSWER)) throw new Error('a wrong answer');
    },
    close: () => reader.close(),
  };
}

const CONFIG: LaneConfig['reader'] = {
  ...{ kind: 'serial', path: '', usb: {}, name: '*', baud: 115_200 },
  ...{ poll_pause_ms: 20, heartbeat_ms: 1_000, rf_cycle_s: 60 },
  ...{ ack_timeout_ms: 5_000, card_timeout_ms: 800 },
};

/** A library alone: what it needs to send bytes, and to tell of those that come. */
export interface BareWire {
  write(bytes: Buffer): unknown;
  onBytes(listener: (bytes: Buffer) => void): void;
  close(): Promise<void>;
}

const ACK_BYTES = 6;
/** Preamble, start code, two lengths, TFI, code; checksum, postamble. */
const FRAME_BYTES = 9;

/** The frames ready made; an answer is over when all its bytes have come, and is not examined. */
export async function throughLibrary(wire: BareWire): Promise<Asker> {
  let missing = 0;
  let over = () => {};
  wire.onBytes((bytes) => {
    missing -= bytes.length;
    if (missing <= 0) over();
  });
  const exchange = (frame: Buffer, answer: number) => {
    missing = ACK_BYTES + FRAME_BYTES + answer;
    return new Promise<void>((resolve) => {
      over = resolve;
      wire.write(frame);
    });
  };
  await exchange(Buffer.concat([WAKE_UP, frameOf(samConfiguration())]), 0);
  await exchange(frameOf(rfActivationRetries(1)), 0);
  // One target: number, SENS_RES, SEL_RES, UID and ATS.
  await exchange(frameOf(inListPassiveTarget()), 1 + 1 + 2 + 1 + 8 + 5);
  const frame = frameOf(inDataExchange(1, COMMAND, false));
  return { ask: () => exchange(frame, 1 + ANSWER.length), close: () => wire.close() };
}

function frameOf({ code, body }: { readonly code: number; readonly body: Buffer }): Buffer {
  return encodeFrame(HOST_TO_CHIP, Buffer.concat([Buffer.from([code]), body]));
}

export interface Taken {
  /** Milliseconds of single round trips, round by round. */
  readonly ours: readonly (readonly number[])[];
  readonly bare: readonly (readonly number[])[];
}

export function linesOf(what: string, library: string, { ours, bare }: Taken): Line[] {
  const ratios = ours.map((round, at) => medianOf(round) / medianOf(bare[at] ?? []));
  return [
    lineOf(`APDU by ${what}`, 'ms', quantilesOf(ours)),
    lineOf(`the same with bare ${library}`, 'ms', quantilesOf(bare)),
    figureOf('ours / bare', '×', { values: ratios, target: { p50: RATIO_MAX } }),
  ];
}

/** At once: nothing but the wire and the programs; and what a real card takes at the least. */
export const CARDS_MS = [0, 10];

export function cardIn(card_ms: number): string {
  return card_ms === 0 ? 'card at once' : `card takes ${card_ms} ms`;
}

export function callsFor(card_ms: number, quick: boolean) {
  return { rounds: quick ? 3 : 10, calls: card_ms === 0 ? 500 : 50 };
}

function medianOf(values: readonly number[]): number {
  return quantilesOf([values]).p50;
}
