/**
 * `tapway decode HEX`: explains whatever a maintainer copied out of a trace. Tries every reading
 * that the bytes allow and prints all that fit, the most specific first.
 */

import { decodeCommand } from '../card/apdu.ts';
import { hexOf } from '../card/bytes.ts';
import { LOG_RECORD_LENGTH, parseLogRecord } from '../card/purse/log-record.ts';
import { parsePublicInfo } from '../card/purse/public-info.ts';
import { parseTrip } from '../card/purse/trip-record.ts';
import { describeStatus } from '../card/status-words.ts';
import { parseTlv, type Tlv } from '../card/tlv.ts';
import type { ExitCode, Io } from './io.ts';

/** Lines that explain the bytes, or null when they are no such thing. */
export type Reading = (bytes: Buffer) => string[] | null;

/** @param frames reads PN532 frames; the cli has it from the bridge */
export function decode(io: Io, text: string, frames: Reading): ExitCode {
  const digits = text.replace(/[\s:,]|0x/gi, '');
  if (!/^([0-9A-Fa-f]{2})+$/.test(digits)) {
    io.err('decode wants bytes as hex digits, two each; blanks, colons and 0x are allowed');
    return 2;
  }
  const bytes = Buffer.from(digits, 'hex');
  const found = [frames, ...READINGS].flatMap((reading) => {
    const lines = reading(bytes);
    return lines ? [lines] : [];
  });
  for (const lines of found) for (const line of lines) io.out(line);
  if (found.length > 0) return 0;
  io.err(`${bytes.length} bytes that are no PN532 frame, APDU, TLV, trip or log record`);
  return 1;
}

const INSTRUCTIONS: Readonly<Record<string, string>> = {
  '00A4': 'SELECT',
  '00B0': 'READ BINARY',
  '00B2': 'READ RECORD',
  '0084': 'GET CHALLENGE',
  '0082': 'EXTERNAL AUTHENTICATE',
  '0088': 'INTERNAL AUTHENTICATE',
  '0020': 'VERIFY PIN',
  '00C0': 'GET RESPONSE',
  '805C': 'GET BALANCE',
  '8050': 'INITIALIZE FOR LOAD OR PURCHASE',
  '80DC': 'UPDATE CAPP DATA CACHE',
  '8054': 'DEBIT FOR PURCHASE',
  '8052': 'CREDIT FOR LOAD',
  '805A': 'GET TRANSACTION PROVE',
  '841E': 'APPLICATION BLOCK',
  '8070': 'INIT SAM FOR PURCHASE',
  '8072': 'CREDIT SAM FOR PURCHASE',
  '801A': 'INIT FOR DESCRYPT',
  '80FA': 'DES CRYPT',
};

const READINGS: readonly Reading[] = [trip, log, publicInfo, command, tlv, response];

function trip(bytes: Buffer): string[] | null {
  const record = parseTrip(bytes);
  return record && ['Trip record EF1E', ...fieldsOf({ ...record })];
}

function log(bytes: Buffer): string[] | null {
  const record = bytes.length === LOG_RECORD_LENGTH ? parseLogRecord(bytes) : null;
  return record && ['Log record EF18', ...fieldsOf({ ...record })];
}

function publicInfo(bytes: Buffer): string[] | null {
  const info = parsePublicInfo(bytes);
  return info && ['Public application information EF15', ...fieldsOf({ ...info })];
}

function command(bytes: Buffer): string[] | null {
  const apdu = decodeCommand(bytes);
  const name = apdu && INSTRUCTIONS[hexOf(bytes.subarray(0, 2))];
  if (!apdu || !name) return null;
  const { p1, p2, data, le } = apdu;
  const parameters = `P1 ${byteHex(p1)}, P2 ${byteHex(p2)}`;
  const lines = [`Command ${name}: ${parameters}${le === undefined ? '' : `, Le ${le}`}`];
  if (data) lines.push(`  data (${data.length}) ${hexOf(data)}`);
  return lines;
}

function response(bytes: Buffer): string[] | null {
  if (bytes.length < 2) return null;
  const sw = bytes.readUInt16BE(bytes.length - 2);
  if (![0x6, 0x9].includes(sw >> 12)) return null;
  const data = bytes.subarray(0, bytes.length - 2);
  const lines = [`Response, status ${describeStatus(sw)}`];
  if (data.length > 0) lines.push(`  data (${data.length}) ${hexOf(data)}`);
  return lines;
}

function tlv(bytes: Buffer): string[] | null {
  const parsed = parseTlv(bytes);
  if (!parsed.ok || parsed.nodes.length === 0) return null;
  return ['BER-TLV', ...parsed.nodes.flatMap((node) => tree(node, 1))];
}

function tree(node: Tlv, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (!node.children) return [`${indent}${node.tag} (${node.value.length}) ${hexOf(node.value)}`];
  const below = node.children.flatMap((child) => tree(child, depth + 1));
  return [`${indent}${node.tag} (${node.value.length})`, ...below];
}

function fieldsOf(record: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(record).map(
    ([name, value]) => `  ${name.padEnd(20)} ${Buffer.isBuffer(value) ? hexOf(value) : value}`,
  );
}

function byteHex(value: number): string {
  return hexOf(Buffer.from([value]));
}
