/** A contact or dual-interface reader behind pcscd, as the lane's card reader. */

import type { LaneConfig } from '../../config/schema.ts';
import {
  type Card,
  type CardReader,
  type Clock,
  failed,
  ok,
  type Presence,
  type Reply,
} from '../ports.ts';
import { forProtocol, isContactless, sakOfStorageCard } from './card-kinds.ts';
import { type DeviceOptions, type Insertion, SlotDevice } from './device.ts';
import { DISPOSITION } from './frames.ts';

interface PcscReaderOptions extends Pick<DeviceOptions, 'openWire'> {
  readonly config: Pick<LaneConfig['reader'], 'name'>;
  readonly clock: Clock;
}

/** PC/SC part 3: the reader itself tells the card's UID. */
const GET_UID = Buffer.from('FFCA000000', 'hex');
const GET_UID_MS = 500;

/** Starts at once; `recover` tells whether daemon and reader are there. */
export function createPcscReader({ config, ...options }: PcscReaderOptions): CardReader {
  const device = new SlotDevice({ ...options, pattern: config.name });
  let session = 0;

  async function detect(): Promise<Reply<Presence>> {
    session += 1;
    const { state } = device;
    if (state.kind !== 'ready') return { ok: false, fault: state.fault };
    const inserted = state.card;
    if (!inserted) return ok({ kind: 'none' });
    if (inserted.mute) return ok({ kind: 'unsupported', sak: 0 });
    const sak = sakOfStorageCard(inserted.atr);
    return sak === undefined ? meet(inserted) : ok({ kind: 'unsupported', sak });
  }

  async function meet(inserted: Insertion): Promise<Reply<Presence>> {
    const mine = session;
    const connected = await device.connect(DISPOSITION.reset);
    if (!connected.ok) return whyNoCard(connected);
    const uid = await uidOf(inserted);
    if (!uid.ok) return uid.fault.code === 'card-gone' ? ok({ kind: 'none' }) : uid;
    const current = () => session === mine;
    const protocol = connected.value;
    const card = createCard({ device, inserted, protocol, uid: uid.value, current });
    return ok({ kind: 'card', card });
  }

  /** Empty for a contact card, and for a reader that does not tell. */
  async function uidOf({ atr }: Insertion): Promise<Reply<Buffer>> {
    if (!isContactless(atr)) return ok(Buffer.alloc(0));
    const reply = await device.transmit(GET_UID, GET_UID_MS, 'none');
    if (!reply.ok) return reply;
    const end = reply.value.length - 2;
    const told = end > 0 && reply.value.readUInt16BE(end) === 0x9000;
    return ok(reply.value.subarray(0, told ? end : 0));
  }

  return {
    get name() {
      return device.name;
    },
    detect,
    probe: () => device.probe(),
    async recover() {
      session += 1;
      const alive = await device.probe();
      return alive.ok ? alive : device.revive();
    },
    counters: () => ({ ...device.counts }),
    close() {
      session += 1;
      return device.close();
    },
  };
}

/** A card that bounces while it is put in, or was drawn at once, is none; a mute one no purse. */
function whyNoCard(refused: ReturnType<typeof failed>): Reply<Presence> {
  switch (refused.fault.code) {
    case 'card-gone':
      return ok({ kind: 'none' });
    case 'card-mute':
    case 'card-garbled':
      return ok({ kind: 'unsupported', sak: 0 });
    default:
      return refused;
  }
}

interface CardParts {
  readonly device: SlotDevice;
  readonly inserted: Insertion;
  readonly protocol: number;
  readonly uid: Buffer;
  /** False as soon as the reader has looked for cards anew. */
  current(): boolean;
}

function createCard({ device, inserted, protocol, uid, current }: CardParts): Card {
  const { processes } = device.counts;
  let released = false;
  /** After a broken exchange nobody knows what state the card is in, or whether it is the same. */
  let broken = false;
  const here = () => device.state.kind === 'ready' && device.state.card === inserted;
  return {
    uid,
    ats: inserted.atr,
    async transceive(command, timeout_ms) {
      if (command.length === 0) throw new RangeError('an empty command is none');
      if (released || broken || !current() || !here()) {
        return failed('card-gone', 'none', 'the session with this card has ended');
      }
      const reply = whole(await device.transmit(forProtocol(command, protocol), timeout_ms));
      broken = !reply.ok && reply.fault.effect !== 'none';
      return reply;
    },
    async present() {
      if (released || !current()) return ok(false);
      const { state } = device;
      if (state.kind !== 'ready') return { ok: false, fault: state.fault };
      // A new process cannot know one card from another: this one may still lie there.
      const replaced = device.counts.processes !== processes;
      return replaced ? failed('link-lost', 'none', `${device.name} was lost`) : ok(here());
    },
    async release() {
      if (released || !current() || !here()) return;
      released = true;
      await device.disconnect();
    },
  };
}

/** A card that is drawn during an exchange may look like one that answers nothing. */
function whole(reply: Reply<Buffer>): Reply<Buffer> {
  if (!reply.ok || reply.value.length >= 2) return reply;
  const { length } = reply.value;
  if (length === 0) return failed('card-gone', 'unknown', 'the card gave an empty answer');
  return failed('card-garbled', 'unknown', `an answer of ${length} bytes is no answer APDU`);
}
