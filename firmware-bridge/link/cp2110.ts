/**
 * Reports of the Silicon Labs CP2110, a UART behind HID (application note AN434). Pure. The first
 * byte of every report is its ID. Settings are lost with the power, and by a reset of the chip.
 */

export const VENDOR_ID = 0x10c4;
export const PRODUCT_ID = 0xea80;

/** A data report's ID is the number of its bytes. */
const DATA_MAX = 63;
const SLOWEST = 300;
const FASTEST = 1_000_000;

export const ENABLE_UART = Buffer.of(0x41, 1);
/** Empties both stores of the chip. */
export const PURGE_FIFOS = Buffer.of(0x43, 3);
/** What to ask for to get a report for `bytesToSend`. */
export const UART_STATUS = { id: 0x42, length: 7 } as const;

/** Cuts bytes for the line into reports. */
export function dataReports(bytes: Buffer): Buffer[] {
  const reports: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += DATA_MAX) {
    const part = bytes.subarray(at, at + DATA_MAX);
    reports.push(Buffer.concat([Buffer.of(part.length), part]));
  }
  return reports;
}

/** The bytes in an input report, padding left out; null when it is cut short or carries none. */
export function dataOf(report: Buffer): Buffer | null {
  const length = report.at(0) ?? 0;
  if (length === 0 || length > DATA_MAX || report.length <= length) return null;
  return report.subarray(1, 1 + length);
}

/** 8N1 without flow control. Throws on a speed that the chip does not have: 300 to 1,000,000. */
export function uartConfig(baud: number): Buffer {
  if (!Number.isInteger(baud) || baud < SLOWEST || baud > FASTEST) {
    throw new RangeError(`a CP2110 runs at ${SLOWEST} to ${FASTEST} baud, not at ${baud}`);
  }
  const report = Buffer.from([0x50, 0, 0, 0, 0, 0, 0, 3, 0]);
  report.writeUInt32BE(baud, 1);
  return report;
}

/** Bytes that the chip has still to put on the line; null when this is no status report. */
export function bytesToSend(report: Buffer): number | null {
  if (report.length < UART_STATUS.length || report.at(0) !== UART_STATUS.id) return null;
  return report.readUInt16BE(1);
}
