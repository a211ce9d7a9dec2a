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
  const year = local.getUTCFullYear();
  const date = [Math.trunc(year / 100), year % 100, local.getUTCMonth() + 1, local.getUTCDate()];
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()];
  return Buffer.from([...date, ...time].map(bcdByte));
}

/** @param value 0 to 99 */
function bcdByte(value: number): number {
  return Math.trunc(value / 10) * 16 + (value % 10);
}

/** The inverse, for ages; NaN when the digits are no date and time of the calendar. */
export function wallOfStamp(stamp: string, utcOffset_minutes: number): number {
  const iso = stamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  const wall_ms = Date.parse(iso) - utcOffset_minutes * 60_000;
  if (Number.isNaN(wall_ms)) return wall_ms;
  // Date.parse lets 30 February roll into March and 24:00 into the next day.
  return hexOf(bcdStamp(wall_ms, utcOffset_minutes)) === stamp ? wall_ms : Number.NaN;
}
