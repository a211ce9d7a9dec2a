/**
 * ISO 7816-4 command and response APDUs, short form, and one exchange with a card or SAM: GET
 * RESPONSE after 61xx and one repetition after 6Cxx happen here and nowhere else.
 */

import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';

export interface Command {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** At most 255 bytes; absent in cases 1 and 2. */
  readonly data?: Buffer;
  /** Expected length 1–256; absent in cases 1 and 3. */
  readonly le?: number;
  /** A PIN is in it: wiped as soon as it was sent, whatever came of it. */
  readonly secret?: true;
}

export interface Response {
  readonly data: Buffer;
  readonly sw: number;
  /** The 61xx or 6Cxx before it: what `sw` says is then no word on the command itself. */
  readonly before?: number;
}

/** What a card and a SAM slot have in common. */
export interface Transceiver {
  transceive(command: Buffer, timeout_ms: number): Promise<Reply<Buffer>>;
}

export const SW_OK = 0x9000;
/** A card that chains more GET RESPONSEs than this is taken for broken. */
const GET_RESPONSE_MAX = 8;

/** Cases 1 to 4. Throws on a command no card could take: a programming error. */
export function encodeCommand(command: Command): Buffer {
  const { cla, ins, p1, p2, data, le } = command;
  if (data && (data.length < 1 || data.length > 255)) {
    throw new RangeError(`command data has ${data.length} bytes; a short APDU takes 1 to 255`);
  }
  if (le !== undefined && (le < 1 || le > 256)) throw new RangeError(`Le ${le} is not 1 to 256`);
  const parts: Buffer[] = [Buffer.from([cla, ins, p1, p2])];
  if (data) parts.push(Buffer.from([data.length]), data);
  if (le !== undefined) parts.push(Buffer.from([le & 0xff]));
  return Buffer.concat(parts);
}

/** The inverse, for the decoder and for tests; null when the bytes are no short APDU. */
export function decodeCommand(bytes: Buffer): Command | null {
  if (bytes.length < 4) return null;
  const [cla = 0, ins = 0, p1 = 0, p2 = 0] = bytes;
  const head = { cla, ins, p1, p2 };
  if (bytes.length === 4) return head;
  const p3 = bytes.readUInt8(4);
  if (bytes.length === 5) return { ...head, le: p3 || 256 };
  const data = bytes.subarray(5, 5 + p3);
  if (p3 === 0 || data.length !== p3) return null;
  if (bytes.length === 5 + p3) return { ...head, data };
  if (bytes.length === 6 + p3) return { ...head, data, le: bytes.readUInt8(5 + p3) || 256 };
  return null;
}

/**
 * One command to its final answer. Once the card has answered anything at all, the command did
 * reach it: a later fault has effect `unknown`, whatever the link below says of the last frame.
 */
export async function exchange(
  target: Transceiver,
  command: Command,
  timeout_ms: number,
): Promise<Reply<Response>> {
  let answer = await withRightLe(target, command, timeout_ms);
  const chunks: Buffer[] = [];
  let before: number | undefined;
  for (let round = 0; answer.ok && answer.value.sw >> 8 === 0x61; round++) {
    if (round === GET_RESPONSE_MAX) return failed('card-garbled', 'unknown', 'endless 61xx');
    chunks.push(answer.value.data);
    before = answer.value.sw;
    answer = afterReply(await withRightLe(target, getResponse(answer.value.sw), timeout_ms));
  }
  if (!answer.ok || before === undefined) return answer;
  return ok({ sw: answer.value.sw, data: Buffer.concat([...chunks, answer.value.data]), before });
}

/** After 6Cxx the command goes out again, once, with the length that the card named. */
async function withRightLe(
  target: Transceiver,
  command: Command,
  timeout_ms: number,
): Promise<Reply<Response>> {
  const answer = await once(target, command, timeout_ms);
  if (!answer.ok || answer.value.sw >> 8 !== 0x6c) return answer;
  const le = answer.value.sw & 0xff || 256;
  const again = afterReply(await once(target, { ...command, le }, timeout_ms));
  return again.ok ? ok({ ...again.value, before: answer.value.sw }) : again;
}

function afterReply(answer: Reply<Response>): Reply<Response> {
  return answer.ok ? answer : failed(answer.fault.code, 'unknown', answer.fault.detail);
}

async function once(
  target: Transceiver,
  command: Command,
  timeout_ms: number,
): Promise<Reply<Response>> {
  const sent = encodeCommand(command);
  const answer = await target.transceive(sent, timeout_ms);
  if (command.secret) sent.fill(0);
  if (!answer.ok) return answer;
  const bytes = answer.value;
  if (bytes.length < 2) {
    return failed('card-garbled', 'unknown', `answer of ${bytes.length} bytes has no status word`);
  }
  const data = bytes.subarray(0, bytes.length - 2);
  return ok({ data, sw: bytes.readUInt16BE(bytes.length - 2) });
}

/** @param sw 61xx */
function getResponse(sw: number): Command {
  return { cla: 0x00, ins: 0xc0, p1: 0, p2: 0, le: sw & 0xff || 256 };
}
