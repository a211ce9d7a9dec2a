/** Answer to select of an ISO 14443-4 type A card (ISO/IEC 14443-4 §5.2), TL byte included. */

interface Ats {
  /** Largest frame the card takes, with its prologue and CRC. */
  readonly frame_bytes: number;
  /** How long the card may think about one block before it asks for more time. */
  readonly waiting_ms: number;
  readonly historical: Buffer;
}

const FRAME_BYTES = [16, 24, 32, 40, 48, 64, 96, 128, 256];
const CARRIER_HZ = 13_560_000;

/** Undefined when the bytes are no ATS. A lone TL stands for the defaults of the standard. */
export function parseAts(ats: Buffer): Ats | undefined {
  if (ats.length === 0 || ats.readUInt8(0) !== ats.length) return undefined;
  const format = ats.length > 1 ? ats.readUInt8(1) : 0x02;
  const hasTa = (format >> 4) & 1;
  const hasTb = (format >> 5) & 1;
  const hasTc = (format >> 6) & 1;
  const historicalAt = 2 + hasTa + hasTb + hasTc;
  if (ats.length > 1 && ats.length < historicalAt) return undefined;
  const fwi = hasTb ? ats.readUInt8(2 + hasTa) >> 4 : 4;
  return {
    // Size codes above 8 are reserved and count as 8; waiting code 15 counts as 4.
    frame_bytes: FRAME_BYTES[Math.min(format & 0x0f, 8)] ?? 256,
    waiting_ms: ((4096 * 2 ** (fwi === 15 ? 4 : fwi)) / CARRIER_HZ) * 1000,
    historical: ats.subarray(historicalAt),
  };
}
