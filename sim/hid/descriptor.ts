/**
 * A report descriptor (USB HID 1.11 §6.2.2) with the reports of a CP2110. Our own construction:
 * the true chip's descriptor is not published. One vendor-defined collection; for every length
 * from 1 to 63 an input and an output report of that ID; the feature reports that the model knows.
 */

const FEATURES: readonly (readonly [id: number, bytes: number])[] = [
  [0x40, 1],
  [0x41, 1],
  [0x42, 6],
  [0x43, 1],
  [0x44, 2],
  [0x45, 4],
  [0x46, 2],
  [0x50, 8],
  [0x51, 1],
  [0x52, 1],
];

/** Usage page FF00, usage 1, application collection; bytes of 0 to 255. */
const HEAD = '0600ff0901a101150026ff007508';
const DATA_ABSOLUTE = 0x02;

export function reportDescriptor(): Buffer {
  const data = Array.from({ length: 63 }, (_, index) => index + 1).map((bytes) => [
    ...reportId(bytes, bytes),
    ...main(0x81),
    ...main(0x91),
  ]);
  const features = FEATURES.map(([id, bytes]) => [...reportId(id, bytes), ...main(0xb1)]);
  return Buffer.from([...Buffer.from(HEAD, 'hex'), ...data.flat(), ...features.flat(), 0xc0]);
}

/** Report ID and report count. */
function reportId(id: number, bytes: number): number[] {
  return [0x85, id, 0x95, bytes];
}

/** Usage 1, then an input (81), output (91) or feature (B1) item. */
function main(item: number): number[] {
  return [0x09, 0x01, item, DATA_ABSOLUTE];
}
