/** EF1E, the 48-byte trip record of a T-Union purse (docs/protocol.md §1.5). */

import type { Command } from '../apdu.ts';
import { hexOf, u16, u32 } from '../bytes.ts';

export const TRIP_RECORD_LENGTH = 48;
/** Short file id 1E in P2; the low bits say how P1 names the record. */
const SFI_1E = 0x1e << 3;

export interface TripRecord {
  /** 00 initial, 03 entry, 04 exit, 06 single ride, 08 supplement … */
  readonly kind: string;
  /** 6-byte terminal id; the field stores it behind two zero bytes. */
  readonly terminal: Buffer;
  readonly industry: number;
  /** Line and station, 4 bytes BCD. */
  readonly place: string;
  readonly amount_fen: number;
  readonly balanceAfter_fen: number;
  /** BCD `YYYYMMDDHHMMSS`, 14 digits. */
  readonly at: string;
  readonly city: string;
  readonly acquirer: string;
  /** What an incomplete trip costs at most. */
  readonly incompleteMax_fen: number;
  readonly tripMax_minutes: number;
}

export function readLatestTrip(): Command {
  return readTrip(1);
}

/** @param number 1: the newest */
export function readTrip(number: number): Command {
  return { cla: 0x00, ins: 0xb2, p1: number, p2: SFI_1E | 4, le: 256 };
}

/** 80DC: the record waits in the card's cache and is written by a successful 8054 alone. */
export function cacheTrip(record: Buffer): Command {
  return { cla: 0x80, ins: 0xdc, p1: 0x00, p2: SFI_1E, data: record };
}

export function buildTrip(trip: TripRecord): Buffer {
  const bytes = Buffer.concat([
    Buffer.from(trip.kind, 'hex'),
    Buffer.alloc(2),
    trip.terminal,
    Buffer.from([trip.industry]),
    Buffer.from(trip.place, 'hex'),
    Buffer.alloc(3),
    u32(trip.amount_fen),
    u32(trip.balanceAfter_fen),
    Buffer.from(trip.at, 'hex'),
    Buffer.from(trip.city, 'hex'),
    Buffer.from(trip.acquirer, 'hex'),
    u32(trip.incompleteMax_fen),
    u16(trip.tripMax_minutes),
  ]);
  if (bytes.length !== TRIP_RECORD_LENGTH) throw new RangeError(`trip of ${bytes.length} bytes`);
  return bytes;
}

export function parseTrip(bytes: Buffer): TripRecord | null {
  if (bytes.length !== TRIP_RECORD_LENGTH) return null;
  return {
    kind: hexOf(bytes.subarray(0, 1)),
    terminal: bytes.subarray(3, 9),
    industry: bytes.readUInt8(9),
    place: hexOf(bytes.subarray(10, 14)),
    amount_fen: bytes.readUInt32BE(17),
    balanceAfter_fen: bytes.readUInt32BE(21),
    at: hexOf(bytes.subarray(25, 32)),
    city: hexOf(bytes.subarray(32, 34)),
    acquirer: hexOf(bytes.subarray(34, 42)),
    incompleteMax_fen: bytes.readUInt32BE(42),
    tripMax_minutes: bytes.readUInt16BE(46),
  };
}
