/** Small helpers between bytes, hex and the field's BCD. */

export function hexOf(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** BCD `YYYYMMDDHHMMSS` (7 bytes) of a wall time in the site's own zone. */
export function bcdStamp(wall_ms: number, utcOffset_minutes: number): Buffer {
  const local = new Date(wall_ms + utcOffset_minutes * 60_000);
  return Buffer.from(local.toISOString().replace(/\D/g, '').slice(0, 14), 'hex');
}

/** The inverse, for ages; NaN when the digits are no date and time of the calendar. */
export function wallOfStamp(stamp: string, utcOffset_minutes: number): number {
  const iso = stamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  const wall_ms = Date.parse(iso) - utcOffset_minutes * 60_000;
  if (Number.isNaN(wall_ms)) return wall_ms;
  // Date.parse lets 30 February roll into March and 24:00 into the next day.
  return hexOf(bcdStamp(wall_ms, utcOffset_minutes)) === stamp ? wall_ms : Number.NaN;
}
