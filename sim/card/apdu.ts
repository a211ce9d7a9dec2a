/** Command and response APDUs as a chip sees them (ISO/IEC 7816-4, short form). */

export interface Apdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** Empty in cases 1 and 2. */
  readonly data: Buffer;
  /** 1–256; undefined in cases 1 and 3. */
  readonly le: number | undefined;
}

export interface Answer {
  readonly sw: number;
  readonly data: Buffer;
}

/** Status words that the card and the PSAM give (docs/protocol.md §8). */
export const SW = {
  ok: 0x9000,
  blocked: 0x6283,
  wrongLength: 0x6700,
  badState: 0x6901,
  wrongStructure: 0x6981,
  notPermitted: 0x6982,
  keyLocked: 0x6983,
  noChallenge: 0x6984,
  conditions: 0x6985,
  noCurrentFile: 0x6986,
  badSecureMac: 0x6988,
  wrongData: 0x6a80,
  notSupported: 0x6a81,
  fileNotFound: 0x6a82,
  recordNotFound: 0x6a83,
  wrongParameters: 0x6a86,
  keyNotFound: 0x6a88,
  wrongOffset: 0x6b00,
  wrongInstruction: 0x6d00,
  wrongClass: 0x6e00,
  insufficient: 0x9401,
  counterEnd: 0x9402,
  keyIndex: 0x9403,
  proofGone: 0x9406,
  wrongMac: 0x9302,
} as const;

const NOTHING: Buffer = Buffer.alloc(0);

/** Null when the bytes are no short APDU: fewer than four, or Lc and the length disagree. */
export function parseApdu(bytes: Buffer): Apdu | null {
  if (bytes.length < 4) return null;
  const cla = bytes.readUInt8(0);
  const ins = bytes.readUInt8(1);
  const p1 = bytes.readUInt8(2);
  const p2 = bytes.readUInt8(3);
  const p3 = bytes[4] ?? 0;
  if (bytes.length === 4) return { cla, ins, p1, p2, data: NOTHING, le: undefined };
  if (bytes.length === 5) return { cla, ins, p1, p2, data: NOTHING, le: p3 || 256 };
  if (p3 === 0 || bytes.length < 5 + p3 || bytes.length > 6 + p3) return null;
  const le = bytes.length === 6 + p3 ? bytes.readUInt8(5 + p3) || 256 : undefined;
  return { cla, ins, p1, p2, data: bytes.subarray(5, 5 + p3), le };
}

export function answer(sw: number, data = NOTHING): Answer {
  return { sw, data };
}

export function encodeAnswer({ sw, data }: Answer): Buffer {
  const bytes = Buffer.allocUnsafe(data.length + 2);
  bytes.set(data);
  bytes.writeUInt16BE(sw, data.length);
  return bytes;
}

/** Part of a transparent file. Le 00 takes all there is; more than that answers 6Cxx. */
export function readBinary(file: Buffer, offset: number, le = 256): Answer {
  if (offset >= file.length) return answer(SW.wrongOffset);
  const rest = file.subarray(offset);
  if (le !== 256 && le > rest.length) return answer(0x6c00 | rest.length);
  return answer(SW.ok, rest.subarray(0, le));
}

/** One record; Le is 00 or its length, otherwise 6Cxx. */
export function readRecord(record: Buffer, le = 256): Answer {
  if (le !== 256 && le !== record.length) return answer(0x6c00 | record.length);
  return answer(SW.ok, record);
}

/** BER-TLV with a one- or two-byte tag (given as hex) and a length below 128. */
export function tlv(tag: string, ...values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values);
  return Buffer.concat([Buffer.from(tag, 'hex'), Buffer.from([value.length]), value]);
}
