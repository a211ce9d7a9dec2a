/**
 * The card's side of vpcd, the virtual slot of pcscd (vsmartcard): we connect to its TCP port, and
 * as long as the connection stands a card is in the slot. Every message is a length of 2 bytes
 * (most significant first) and so many bytes: one is a control, more are a command APDU.
 */

import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

/** What can be put into a slot. */
export interface SlotCard {
  readonly atr: Buffer;
  /** The whole answer; null keeps silent for good. */
  transceive(command: Buffer): Promise<Buffer | null>;
  powerDown(): void;
}

export interface VpcdOptions {
  readonly port: number;
  readonly host?: string;
  readonly clock: Clock;
  readonly card: SlotCard;
}

export interface VpcdSlot {
  /** Puts the card in, and again whenever the daemon comes back; resolves when it is in. */
  insert(): Promise<void>;
  /** Draws the card, at once, whatever it is doing. */
  remove(): void;
  /** While mute, commands get no answer; what was held back is answered when it ends. */
  mute(on: boolean): void;
  /** Controls and commands since the beginning. */
  counts(): Readonly<Record<'power' | 'commands', number>>;
  /** For good. */
  close(): void;
}

const CONTROL = { off: 0, on: 1, reset: 2, atr: 4 } as const;
const LENGTH = 2;
const RETRY_MS = 100;
/** What a card answers that fails inside: it must not take the daemon down with it. */
const NO_DIAGNOSIS = Buffer.from('6F00', 'hex');

export function createVpcdSlot({ port, host, clock, card }: VpcdOptions): VpcdSlot {
  const counts = { power: 0, commands: 0 };
  const held: (() => void)[] = [];
  let socket: Socket | undefined;
  let timer: Timer;
  let wanted = false;
  let muted = false;
  let inserted = () => {};

  function plug(): void {
    const line = connect({ port, host: host ?? '127.0.0.1', noDelay: true });
    socket = line;
    line.on('error', () => {});
    line.on('connect', () => inserted());
    line.on('close', () => {
      if (socket !== line) return;
      card.powerDown();
      held.length = 0;
      socket = undefined;
      if (wanted) timer = clock.setTimeout(plug, RETRY_MS);
    });
    const take = messages((message) => serve(line, message));
    line.on('data', take);
  }

  async function serve(line: Socket, message: Buffer): Promise<void> {
    if (message.length !== 1) {
      counts.commands += 1;
      const answer = await card.transceive(message).catch(() => NO_DIAGNOSIS);
      if (!answer) return;
      if (muted) held.push(() => line.write(framed(answer)));
      else line.write(framed(answer));
      return;
    }
    const control = message.readUInt8(0);
    if (control === CONTROL.atr) line.write(framed(card.atr));
    else counts.power += 1;
    if (control === CONTROL.off || control === CONTROL.reset) card.powerDown();
  }

  function remove(): void {
    wanted = false;
    clock.clearTimeout(timer);
    const line = socket;
    socket = undefined;
    line?.destroy();
    held.length = 0;
    card.powerDown();
  }

  return {
    insert() {
      wanted = true;
      return new Promise((resolve) => {
        inserted = resolve;
        clock.clearTimeout(timer);
        if (socket) resolve();
        else plug();
      });
    },
    remove,
    mute(on) {
      muted = on;
      if (!on) for (const answer of held.splice(0)) answer();
    },
    counts: () => ({ ...counts }),
    close: remove,
  };
}

/** Bytes as they come into whole messages, one after the other. */
function messages(serve: (message: Buffer) => Promise<void>): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let turn = Promise.resolve();
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH && rest.length >= LENGTH + rest.readUInt16BE(0)) {
      const end = LENGTH + rest.readUInt16BE(0);
      const message = rest.subarray(LENGTH, end);
      rest = rest.subarray(end);
      turn = turn.then(() => serve(message));
    }
  };
}

function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(LENGTH);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
