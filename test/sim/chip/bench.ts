/** A chip on a table: fake clock, field, card; says and hears hex. */

import type { Target } from '../../../sim/card/target.ts';
import { createField, type Field } from '../../../sim/chip/field.ts';
import { createVirtualPn532, type VirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING, type Timing } from '../../../sim/chip/timing.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';

export const WAKE = '5555000000';
export const ACK = '0000ff00ff00';
export const SYNTAX_ERROR = '0000ff01ff7f8100';

export interface Bench {
  readonly clock: FakeClock;
  readonly field: Field;
  readonly chip: VirtualPn532;
  /** Sends raw bytes; returns what came back so far as hex, one string per frame. */
  raw(hex: string): string[];
  /** What came since the last look. */
  heard(): string[];
  /** Sends one command (code and arguments); returns the response after `d5`, or the oddity. */
  ask(hex: string): string;
}

export function createBench(options: { timing?: Timing; asleep?: boolean } = {}): Bench {
  const clock = createFakeClock();
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: options.timing ?? NO_TIMING });
  let sent: string[] = [];
  chip.onSend((bytes) => {
    sent.push(bytes.toString('hex'));
  });
  const heard = () => {
    const all = sent;
    sent = [];
    return all;
  };
  const raw = (hex: string) => {
    chip.receive(Buffer.from(hex, 'hex'));
    return heard();
  };
  if (options.asleep !== true) raw(WAKE);
  return {
    clock,
    field,
    chip,
    raw,
    heard,
    ask(hex) {
      const [ack, response, ...more] = raw(command(hex));
      if (ack !== ACK || more.length > 0) return `odd: ${ack} ${more.join(' ')}`;
      return response === undefined ? 'nothing' : dataOf(response);
    },
  };
}

/** A normal host frame around D4 and `hex`; for the long ones give the test its own bytes. */
export function command(hex: string): string {
  const data = Buffer.from(`d4${hex}`, 'hex');
  const dcs = -data.reduce((sum, byte) => sum + byte, 0) & 0xff;
  const n = data.length;
  const head =
    n < 256 ? [0, 0, 255, n, -n & 255] : [0, 0, 255, 255, 255, 1, n - 256, 255 - n + 256];
  return Buffer.from([...head, ...data, dcs, 0]).toString('hex');
}

/** The bytes of a chip's frame after D5; the whole frame if it is something else. */
export function dataOf(frame: string): string {
  const head = frame.startsWith('0000ffffff') ? 8 : 5;
  const data = frame.slice(head * 2, -4);
  return data.startsWith('d5') ? data.slice(2) : frame;
}

export interface TestCard extends Target {
  readonly commands: string[];
  powerDowns: number;
}

/** Answers every command with `answer`, in `work_ms`. */
export function createTestCard(
  options: Partial<Target & { answer: string; work_ms: number }> = {},
) {
  const { answer = '9000', work_ms = 0 } = options;
  const card: TestCard = {
    name: 'test card',
    uid: Buffer.from('0488a1b2c3d4e5', 'hex'),
    atqa: Buffer.from('0044', 'hex'),
    sak: 0x20,
    ats: Buffer.from('0578807002', 'hex'),
    ...options,
    commands: [],
    powerDowns: 0,
    exchange(apdu) {
      card.commands.push(apdu.toString('hex'));
      return { answer: Buffer.from(answer, 'hex'), work_ms };
    },
    powerDown() {
      card.powerDowns += 1;
    },
  };
  return card;
}

/** A Mifare Classic token: no ISO 14443-4. */
export function createToken(uid = 'deadbeef') {
  return createTestCard({
    uid: Buffer.from(uid, 'hex'),
    atqa: Buffer.from('0004', 'hex'),
    sak: 0x08,
    ats: Buffer.alloc(0),
  });
}
