/**
 * What lane and PC/SC process say to each other on their pipes: length of the payload 4 bytes (most
 * significant first), kind 1, number of the request 1, payload. News carry number 0.
 */

export const KIND = {
  /** Payload: what to do with an open connection first, 1 byte (DISPOSITION). */
  connect: 0x01,
  /** Payload: the command as the card shall get it. */
  transmit: 0x02,
  /** Payload: 1 byte (DISPOSITION). */
  disconnect: 0x03,
  /** Asks the daemon about the slot without touching the card. */
  probe: 0x04,
  /** Answer: what the request is for; `connect` gives the protocol, 1 byte. */
  done: 0x81,
  /** Answer: result code 4, text. */
  refused: 0x82,
  /** News: the name of our slot (empty unless it is one), then all names; 00 between them. */
  slots: 0x83,
  /** News of our slot: flags 2, count of insertions and removals 2, answer to reset. */
  status: 0x84,
  /** News: the process runs; the daemon's word on our slot is next. */
  up: 0x86,
  /** News: nothing more will come of this process: result code 4, text. */
  down: 0x85,
} as const;

/** SCARD_*_CARD. */
export const DISPOSITION = { leave: 0, reset: 1, unpower: 2 } as const;
/** SCARD_STATE_*. */
export const FLAG = { present: 0x20, mute: 0x200 } as const;

/** An extended answer APDU: 65 536 bytes and the status word. */
export const ANSWER_MAX = 65_538;

export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly payload: Buffer;
}

const HEAD = 6;
/** Above every command, answer and list of names. */
const PAYLOAD_MAX = 128 * 1024;
const NOTHING = Buffer.alloc(0);

export function encodeFrame(kind: number, id: number, payload: Buffer = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt8(id, 5);
  payload.copy(bytes, HEAD);
  return bytes;
}

/**
 * Takes bytes as they come, hands out whole frames and wipes both afterwards: PINs go one way and
 * names the other, so whoever needs a payload for longer copies it. False, for good, once a length
 * is beyond reason: the other side does not speak this protocol.
 */
export function createDecoder(onFrame: (frame: Frame) => void): (chunk: Buffer) => boolean {
  let rest: Buffer = NOTHING;
  let sound = true;
  return (chunk) => {
    const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest.fill(0);
    let bytes = whole;
    while (sound && bytes.length >= HEAD) {
      const length = bytes.readUInt32BE(0);
      sound = length <= PAYLOAD_MAX;
      if (!sound || bytes.length < HEAD + length) break;
      const payload = bytes.subarray(HEAD, HEAD + length);
      onFrame({ kind: bytes.readUInt8(4), id: bytes.readUInt8(5), payload });
      bytes = bytes.subarray(HEAD + length);
    }
    const left = sound ? Buffer.from(bytes) : NOTHING;
    for (const done of [chunk, whole]) done.fill(0);
    rest = left;
    return sound;
  };
}

export function encodeRefusal({ code, text }: { code: number; text: string }): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${text}`);
  bytes.writeUInt32BE(code, 0);
  return bytes;
}

export function decodeRefusal(payload: Buffer): { code: number; text: string } {
  if (payload.length < 4) return { code: 0, text: 'no reason given' };
  return { code: payload.readUInt32BE(0), text: payload.toString('utf8', 4) };
}

export interface SlotStatus {
  readonly flags: number;
  readonly count: number;
  readonly atr: Buffer;
}

export function encodeStatus({ flags, count, atr }: SlotStatus): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(flags, 0);
  head.writeUInt16BE(count, 2);
  return Buffer.concat([head, atr]);
}

/** Undefined when it is too short to be one. */
export function decodeStatus(payload: Buffer): SlotStatus | undefined {
  if (payload.length < 4) return undefined;
  const [flags, count] = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  return { flags, count, atr: Buffer.from(payload.subarray(4)) };
}
