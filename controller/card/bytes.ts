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

/** The inverse, for ages; NaN when the digits are no date. */
export function wallOfStamp(stamp: string, utcOffset_minutes: number): number {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(stamp);
  if (!parts) return Number.NaN;
  const [, year, month, day, hour, minute, second] = parts;
  const utc_ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return utc_ms - utcOffset_minutes * 60_000;
}
