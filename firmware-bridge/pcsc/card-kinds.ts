/** What an answer to reset tells of a card, and how T=0 wants its commands. Pure. */

/** Protocol numbers of PC/SC. */
const T0 = 1;

/** 4 bytes of header, then P3 and what it counts. */
const HEADER = 4;

/** A contactless card behind a PC/SC reader: 3B 8n 80 01 … (PC/SC part 3, 3.1.3.2.3.1). */
export function isContactless(atr: Buffer): boolean {
  return atr.length >= 4 && atr[0] === 0x3b && isGeneric(atr);
}

function isGeneric(atr: Buffer): boolean {
  return ((atr[1] ?? 0) & 0xf0) === 0x80 && atr[2] === 0x80 && atr[3] === 0x01;
}

const STORAGE_RID = Buffer.from('A000000306', 'hex');
const RID_AT = 7;
const NAME_AT = 13;
/** Card name of PC/SC part 3, supplement → SAK, for the tokens that passengers carry. */
const SAKS: ReadonlyMap<number, number> = new Map([
  [0x0001, 0x08],
  [0x0002, 0x18],
  [0x0026, 0x09],
]);

/**
 * The SAK of a contactless card that knows no APDUs (Mifare Classic and the like; 0 when only that
 * much is known); undefined for every other card. The reader answers APDUs in its place.
 */
export function sakOfStorageCard(atr: Buffer): number | undefined {
  if (!isContactless(atr) || !atr.subarray(RID_AT).subarray(0, 5).equals(STORAGE_RID)) return;
  const name = atr.length >= NAME_AT + 2 ? atr.readUInt16BE(NAME_AT) : 0;
  return SAKS.get(name) ?? 0;
}

/**
 * Under T=0 a command with data goes out without Le, and one of four bytes gets P3 = 00; the card
 * then answers 61xx (ISO/IEC 7816-3, 12.2.1). Who follows that is controller/card/apdu.ts.
 */
export function forProtocol(command: Buffer, protocol: number): Buffer {
  if (protocol !== T0) return command;
  if (command.length === HEADER) return Buffer.concat([command, Buffer.alloc(1)]);
  const lc = command[HEADER] ?? 0;
  const whole = HEADER + 1 + lc;
  return lc > 0 && command.length === whole + 1 ? command.subarray(0, whole) : command;
}
