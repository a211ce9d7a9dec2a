/** BER-TLV (ISO 7816-4, EMV Book 3 annex B): tags of up to 3 bytes, definite lengths. */

export interface Tlv {
  /** Upper-case hex, e.g. `9F0C`. */
  readonly tag: string;
  readonly value: Buffer;
  /** Present for constructed tags. */
  readonly children?: readonly Tlv[];
}

export type TlvResult =
  | { readonly ok: true; readonly nodes: readonly Tlv[] }
  | { readonly ok: false; readonly error: string };

const DEPTH_MAX = 8;
const NODES_MAX = 256;

/** Never throws; says at which byte the input stops making sense. */
export function parseTlv(bytes: Buffer): TlvResult {
  const budget = { nodes: NODES_MAX };
  const nodes = parseList(bytes, { offset: 0, depth: 0, budget });
  return typeof nodes === 'string' ? { ok: false, error: nodes } : { ok: true, nodes };
}

/** First node with this tag, depth first. */
export function findTag(nodes: readonly Tlv[], tag: string): Tlv | undefined {
  for (const node of nodes) {
    const found = node.tag === tag ? node : findTag(node.children ?? [], tag);
    if (found) return found;
  }
  return undefined;
}

interface Place {
  /** Offset of this list in the whole input, for messages. */
  readonly offset: number;
  readonly depth: number;
  readonly budget: { nodes: number };
}

function parseList(bytes: Buffer, place: Place): Tlv[] | string {
  if (place.depth > DEPTH_MAX) return `byte ${place.offset}: nested deeper than ${DEPTH_MAX}`;
  const nodes: Tlv[] = [];
  let at = 0;
  while (at < bytes.length) {
    // Padding between objects is allowed by ISO 7816-4 5.2.2.
    if (bytes[at] === 0x00 || bytes[at] === 0xff) {
      at += 1;
      continue;
    }
    if (place.budget.nodes-- === 0)
      return `byte ${place.offset + at}: more than ${NODES_MAX} objects`;
    const head = readHead(bytes, at);
    if (typeof head === 'string') return `byte ${place.offset + at}: ${head}`;
    const value = bytes.subarray(head.start, head.start + head.length);
    const children = head.constructed
      ? parseList(value, { ...place, offset: place.offset + head.start, depth: place.depth + 1 })
      : undefined;
    if (typeof children === 'string') return children;
    nodes.push(children ? { tag: head.tag, value, children } : { tag: head.tag, value });
    at = head.start + head.length;
  }
  return nodes;
}

interface Head {
  readonly tag: string;
  readonly constructed: boolean;
  readonly start: number;
  readonly length: number;
}

function readHead(bytes: Buffer, at: number): Head | string {
  const tagLength = tagLengthAt(bytes, at);
  if (tagLength === 0) return 'tag is cut off or longer than 3 bytes';
  const lengthAt = at + tagLength;
  const first = bytes[lengthAt];
  if (first === undefined) return 'length is missing';
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || extra > 3) return 'indefinite or oversized length';
  const start = lengthAt + 1 + extra;
  if (start > bytes.length) return 'length is cut off';
  const length = extra === 0 ? first : bytes.readUIntBE(lengthAt + 1, extra);
  if (start + length > bytes.length) {
    return `length ${length} but ${bytes.length - start} bytes follow`;
  }
  const tag = bytes.toString('hex', at, lengthAt).toUpperCase();
  return { tag, constructed: (bytes.readUInt8(at) & 0x20) !== 0, start, length };
}

/** 1 to 3, or 0 when the tag does not end. */
function tagLengthAt(bytes: Buffer, at: number): number {
  if ((bytes.readUInt8(at) & 0x1f) !== 0x1f) return 1;
  for (let length = 2; length <= 3; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined) return 0;
    if ((byte & 0x80) === 0) return length;
  }
  return 0;
}
