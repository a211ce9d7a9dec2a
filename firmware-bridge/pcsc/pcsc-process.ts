/**
 * The process that may hang: pcsclite and one slot (README.md). Run by process-wire.ts with the
 * slot's pattern as its argument; speaks frames.ts on its standard input and output. It never exits
 * by itself: an exit would wait for a mute card. It is killed, or kills itself when its input ends.
 */

import type { Context, Slot } from 'pcsclite';
import { systemClock } from '../clock.ts';
import {
  ANSWER_MAX,
  createDecoder,
  DISPOSITION,
  encodeFrame,
  encodeRefusal,
  encodeStatus,
  type Frame,
  KIND,
} from './frames.ts';
import { matches } from './names.ts';
import { refusalOf } from './scard.ts';

const SHARE_EXCLUSIVE = 1;
const SHARE_DIRECT = 3;
const NO_PROTOCOL = 0;
/** The library is silent about a daemon without any reader. */
const NO_NEWS_MS = 300;
const CURE = 'install libpcsclite-dev, g++, make and python3, then run npm rebuild pcsclite';
const NO_SLOT = new Error('no slot is ours (0x80100009)');

const [pattern = '*'] = process.argv.slice(2);
let context: Context | undefined;
let slot: Slot | undefined;
let protocol = NO_PROTOCOL;
let settling = false;
const statuses = new WeakMap<Slot, Buffer>();

process.on('uncaughtException', giveUp);
// A signal to the whole group is meant for the lane, which ends this process.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.stdout.on('error', endNow);
process.stdin.on('error', endNow);
process.stdin.on('close', endNow);
const decode = createDecoder(handle);
process.stdin.on('data', (chunk: Buffer) => decode(chunk) || endNow());

start().catch(giveUp);

async function start(): Promise<void> {
  const { default: pcsclite } = await import('pcsclite').catch((error: Error) => {
    throw new Error(`pcsclite does not load (${error.message.split('\n')[0]}); ${CURE}`);
  });
  send(KIND.up, 0);
  context = pcsclite();
  context.on('error', giveUp);
  context.on('reader', watch);
  systemClock.setTimeout(settle, NO_NEWS_MS);
}

/**
 * The listeners run inside the library's own lock, so nothing of it may be called from here: what
 * there is to do happens in the next turn.
 */
function watch(found: Slot): void {
  found.on('error', (error) => found === slot && giveUp(error));
  found.on('end', settleSoon);
  found.on('status', ({ state, atr }) => {
    const [flags, count] = [state & 0xffff, (state >>> 16) & 0xffff];
    const status = encodeStatus({ flags, count, atr: atr ?? Buffer.alloc(0) });
    statuses.set(found, status);
    if (found === slot) send(KIND.status, 0, status);
  });
  settleSoon();
}

function settleSoon(): void {
  if (!settling) setImmediate(settle);
  settling = true;
}

/** Which slot is ours now? */
function settle(): void {
  settling = false;
  const readers = Object.values(context?.readers ?? {});
  const matching = readers.filter(({ name }) => matches(pattern, name));
  const ours = matching.length === 1 ? matching[0] : undefined;
  const names = [ours?.name ?? '', ...readers.map(({ name }) => name)];
  send(KIND.slots, 0, Buffer.from(names.join('\0')));
  slot = ours;
  const status = slot && statuses.get(slot);
  if (status) send(KIND.status, 0, status);
}

function handle({ kind, id, payload }: Frame): void {
  const answer = (bytes?: Buffer) => send(KIND.done, id, bytes);
  const refuse = (error: Error) => send(KIND.refused, id, encodeRefusal(refusalOf(error)));
  const disposition = payload[0] ?? DISPOSITION.leave;
  if (!slot) {
    refuse(NO_SLOT);
  } else if (kind === KIND.transmit) {
    slot.transmit(payload, ANSWER_MAX, protocol, (error, bytes) => {
      if (bytes) answer(bytes);
      bytes?.fill(0);
      if (!bytes) refuse(error ?? new Error('no answer and no error'));
    });
  } else if (kind === KIND.connect) {
    connect(slot, disposition).then(() => answer(Buffer.from([protocol])), refuse);
  } else if (kind === KIND.disconnect) {
    disconnect(slot, disposition).then(() => answer(), refuse);
  } else if (kind === KIND.probe) {
    probe(slot).then(() => answer(), refuse);
  }
}

/** Exclusively. `unpower` first: a cold reset, even of a card that somebody left powered. */
async function connect(device: Slot, disposition: number): Promise<void> {
  if (disposition === DISPOSITION.unpower && !device.connected) await open(device, SHARE_EXCLUSIVE);
  await disconnect(device, disposition).catch(() => {});
  protocol = await open(device, SHARE_EXCLUSIVE);
}

async function probe(device: Slot): Promise<void> {
  if (device.connected) return;
  await open(device, SHARE_DIRECT, NO_PROTOCOL);
  await disconnect(device, DISPOSITION.leave);
}

function open(device: Slot, share_mode: number, wanted?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = wanted === undefined ? { share_mode } : { share_mode, protocol: wanted };
    device.connect(options, (error, agreed) => {
      if (error || agreed === undefined) reject(error ?? new Error('connect said nothing'));
      else resolve(agreed);
    });
  });
}

function disconnect(device: Slot, disposition: number): Promise<void> {
  return new Promise((resolve, reject) => {
    device.disconnect(disposition, (error) => {
      // After an error the library would still take itself for connected, and never connect again.
      device.connected = false;
      if (error) reject(error);
      else resolve();
    });
  });
}

/** A context that failed once never recovers: whoever reads this starts another process. */
function giveUp(error: Error): void {
  send(KIND.down, 0, encodeRefusal(refusalOf(error)));
}

function send(kind: number, id: number, payload?: Buffer): void {
  const frame = encodeFrame(kind, id, payload);
  process.stdout.write(frame, () => frame.fill(0));
}

function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}
