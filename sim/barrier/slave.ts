/**
 * A Modbus-RTU slave: coils, discrete inputs and holding registers behind unit, CRC and exceptions.
 * Written from "MODBUS Application Protocol 1.1b3" (chapter 6) and "MODBUS over Serial Line 1.02"
 * (clause 2.5.1); shares no code with the driver.
 */

export interface Tables {
  readonly coils: boolean[];
  readonly inputs: boolean[];
  readonly holding: number[];
}

export interface Slave {
  /** Bytes from the line at a moment; whole answers go to `send`. */
  receive(bytes: Buffer, at_ms: number): void;
  counters(): Readonly<Record<'requests' | 'crc_errors' | 'exceptions' | 'foreign', number>>;
}

export interface SlaveOptions {
  readonly unit: number;
  readonly tables: Tables;
  readonly send: (answer: Buffer) => void;
  /** After every request that wrote something. */
  readonly written: (what: 'coils' | 'holding', first: number, count: number) => void;
}

/** A pause that ends a frame; generous, as a pseudo-terminal keeps no time. */
const FRAME_PAUSE_MS = 25;
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

export function createSlave({ unit, tables, send, written }: SlaveOptions): Slave {
  const counts = { requests: 0, crc_errors: 0, exceptions: 0, foreign: 0 };
  let line = Buffer.alloc(0);
  let heard_ms = 0;

  return {
    receive(bytes, at_ms) {
      if (at_ms - heard_ms > FRAME_PAUSE_MS) line = Buffer.alloc(0);
      heard_ms = at_ms;
      line = Buffer.concat([line, bytes]);
      for (let size = frameSize(line); size > 0 && line.length >= size; size = frameSize(line)) {
        const frame = line.subarray(0, size);
        line = line.subarray(size);
        take(frame);
      }
    },
    counters: () => ({ ...counts }),
  };

  function take(frame: Buffer): void {
    const body = frame.subarray(0, -2);
    if (crc16(body) !== frame.readUInt16LE(body.length)) {
      counts.crc_errors += 1;
      line = Buffer.alloc(0);
      return;
    }
    const address = frame.readUInt8(0);
    if (address !== unit && address !== 0) {
      counts.foreign += 1;
      return;
    }
    counts.requests += 1;
    const answer = execute(body.subarray(1));
    if (answer.readUInt8(0) & 0x80) counts.exceptions += 1;
    // A broadcast is obeyed in silence.
    if (address === unit) send(sealed(Buffer.concat([Buffer.from([unit]), answer])));
  }

  function execute(pdu: Buffer): Buffer {
    switch (pdu.readUInt8(0)) {
      case 1:
        return readBits(pdu, tables.coils);
      case 2:
        return readBits(pdu, tables.inputs);
      case 3:
        return readHolding(pdu);
      case 5:
        return writeCoil(pdu);
      case 6:
        return writeRegister(pdu);
      case 15:
        return writeCoils(pdu);
      case 16:
        return writeRegisters(pdu);
      default:
        return exception(pdu, ILLEGAL_FUNCTION);
    }
  }

  function readBits(pdu: Buffer, bits: readonly boolean[]): Buffer {
    const { first, count } = range(pdu);
    if (count < 1 || count > 2_000) return exception(pdu, ILLEGAL_VALUE);
    if (first + count > bits.length) return exception(pdu, ILLEGAL_ADDRESS);
    const packed = Buffer.alloc(Math.ceil(count / 8));
    for (let nth = 0; nth < count; nth += 1) {
      if (bits[first + nth]) packed[nth >> 3] = (packed[nth >> 3] ?? 0) | (1 << (nth & 7));
    }
    return Buffer.concat([Buffer.from([pdu.readUInt8(0), packed.length]), packed]);
  }

  function readHolding(pdu: Buffer): Buffer {
    const { first, count } = range(pdu);
    if (count < 1 || count > 125) return exception(pdu, ILLEGAL_VALUE);
    if (first + count > tables.holding.length) return exception(pdu, ILLEGAL_ADDRESS);
    const values = Buffer.alloc(2 * count);
    for (let nth = 0; nth < count; nth += 1) {
      values.writeUInt16BE(tables.holding[first + nth] ?? 0, 2 * nth);
    }
    return Buffer.concat([Buffer.from([pdu.readUInt8(0), values.length]), values]);
  }

  function writeCoil(pdu: Buffer): Buffer {
    const address = pdu.readUInt16BE(1);
    const value = pdu.readUInt16BE(3);
    if (value !== 0 && value !== 0xff00) return exception(pdu, ILLEGAL_VALUE);
    if (address >= tables.coils.length) return exception(pdu, ILLEGAL_ADDRESS);
    tables.coils[address] = value !== 0;
    written('coils', address, 1);
    return pdu;
  }

  function writeRegister(pdu: Buffer): Buffer {
    const address = pdu.readUInt16BE(1);
    if (address >= tables.holding.length) return exception(pdu, ILLEGAL_ADDRESS);
    tables.holding[address] = pdu.readUInt16BE(3);
    written('holding', address, 1);
    return pdu;
  }

  function writeCoils(pdu: Buffer): Buffer {
    const { first, count } = range(pdu);
    const packed = pdu.subarray(6);
    if (count < 1 || count > 1_968 || packed.length !== Math.ceil(count / 8)) {
      return exception(pdu, ILLEGAL_VALUE);
    }
    if (first + count > tables.coils.length) return exception(pdu, ILLEGAL_ADDRESS);
    for (let nth = 0; nth < count; nth += 1) {
      tables.coils[first + nth] = (packed.readUInt8(nth >> 3) & (1 << (nth & 7))) !== 0;
    }
    written('coils', first, count);
    return pdu.subarray(0, 5);
  }

  function writeRegisters(pdu: Buffer): Buffer {
    const { first, count } = range(pdu);
    const values = pdu.subarray(6);
    if (count < 1 || count > 123 || values.length !== 2 * count) {
      return exception(pdu, ILLEGAL_VALUE);
    }
    if (first + count > tables.holding.length) return exception(pdu, ILLEGAL_ADDRESS);
    for (let nth = 0; nth < count; nth += 1) {
      tables.holding[first + nth] = values.readUInt16BE(2 * nth);
    }
    written('holding', first, count);
    return pdu.subarray(0, 5);
  }
}

function range(pdu: Buffer): { readonly first: number; readonly count: number } {
  return { first: pdu.readUInt16BE(1), count: pdu.readUInt16BE(3) };
}

function exception(pdu: Buffer, code: number): Buffer {
  return Buffer.from([pdu.readUInt8(0) | 0x80, code]);
}

/** Bytes of the request that begins here; 0 while that cannot be told. */
function frameSize(line: Buffer): number {
  if (line.length < 2) return 0;
  const code = line.readUInt8(1);
  if (code !== 15 && code !== 16) return 8;
  return line.length < 7 ? 0 : 9 + line.readUInt8(6);
}

function sealed(frame: Buffer): Buffer {
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(frame));
  return Buffer.concat([frame, check]);
}

/** Serial Line 1.02, appendix B: polynomial A001 reflected, start value FFFF. */
export function crc16(bytes: Buffer): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}
