/**
 * How long line and field take, in milliseconds. Pure functions of lengths and rates; figures
 * marked (A) are planning assumptions, never measured on a chip.
 */

/** RF rate as a multiple of 106 kbit/s. */
export type RfRate = 1 | 2 | 4;

export interface Timing {
  uart_ms(bytes: number, baud: number): number;
  wakeUp_ms(): number;
  fieldStart_ms(): number;
  emptyRound_ms(): number;
  autoPollSlot_ms(periods: number): number;
  activation_ms(uidBytes: number, atsBytes: number): number;
  send_ms(apduBytes: number, block: number, rate: RfRate): number;
  rateChange_ms(): number;
  work_ms(card_ms: number): number;
  silence_ms(fwi: number): number;
  thruTimeout_ms(code: number): number;
}

const CARRIER_KHZ = 13_560;
/** One bit at 106 kbit/s is 128 carrier periods (ISO/IEC 14443-2 §8.1): 9.44 µs. */
const BIT_MS = 128 / CARRIER_KHZ;
/** PCB and CRC around the payload of a block (ISO/IEC 14443-4 §7.1, no CID, no NAD). */
const BLOCK_OVERHEAD = 3;
/** FSD 64: the PN532 sends RATS with FSDI 5. */
export const FSD = 64;

/** Start bit, eight data bits, stop bit (UM0701-02 §6.1.3: HSU is 8N1). */
export function uart_ms(bytes: number, baud: number): number {
  return (bytes * 10 * 1000) / baud;
}

/** Oscillator start after PowerDown; bytes that arrive meanwhile are lost. (A) */
function wakeUp_ms(): number {
  return 1;
}

/** A card must be ready 5 ms after the field came (ISO/IEC 14443-3 §5). */
function fieldStart_ms(): number {
  return 5;
}

/** One REQA without answer, the chip's waiting included; also the search for a second card. (A) */
export function emptyRound_ms(): number {
  return 5;
}

/** InAutoPoll's Period counts units of 150 ms (UM0701-02 §7.3.13). */
export function autoPollSlot_ms(periods: number): number {
  return periods * 150;
}

/** Gap between two frames: 1172 to 1236 carrier periods, 86 to 91 µs (ISO/IEC 14443-3 §6.2.1). */
function frameDelay_ms(): number {
  return 0.09;
}

/** A type A frame: nine bits a byte, start and end of communication. */
export function frame_ms(bytes: number, rate: RfRate = 1): number {
  return ((9 * bytes + 2) * BIT_MS) / rate;
}

/**
 * REQA and ATQA; for each cascade level anticollision (2 and 5 bytes) and select (9 and 3); RATS
 * (4) and ATS with CRC, if there is one (ISO/IEC 14443-3 §6.5, 14443-4 §5). Always 106 kbit/s.
 */
export function activation_ms(uidBytes: number, atsBytes: number): number {
  const levels = uidBytes <= 4 ? 1 : uidBytes <= 7 ? 2 : 3;
  const shortFrame = 9 * BIT_MS;
  const level = frame_ms(2) + frame_ms(5) + frame_ms(9) + frame_ms(3) + 4 * frameDelay_ms();
  const rats = atsBytes > 0 ? frame_ms(4) + frame_ms(atsBytes + 2) + 2 * frameDelay_ms() : 0;
  return shortFrame + frame_ms(2) + 2 * frameDelay_ms() + levels * level + rats;
}

/** One side's I-blocks of at most `block` bytes; the other side acknowledges all but the last. */
export function send_ms(apduBytes: number, block: number, rate: RfRate): number {
  const room = block - BLOCK_OVERHEAD;
  const blocks = Math.max(1, Math.ceil(apduBytes / room));
  const bits = 9 * (apduBytes + blocks * BLOCK_OVERHEAD) + 2 * blocks;
  const acknowledge_ms = frame_ms(BLOCK_OVERHEAD, rate) + frameDelay_ms();
  return (bits * BIT_MS) / rate + blocks * frameDelay_ms() + (blocks - 1) * acknowledge_ms;
}

/** PPS request (5 bytes) and answer (3), at 106 kbit/s (ISO/IEC 14443-4 §5.3). */
export function rateChange_ms(): number {
  return frame_ms(5) + frame_ms(3) + 2 * frameDelay_ms();
}

/** Frame waiting time 256 · 16 / fc · 2^FWI (ISO/IEC 14443-4 §7.2); FWI 4, the default: 4.8 ms. */
export function silence_ms(fwi: number): number {
  return (4096 / CARRIER_KHZ) * 2 ** fwi;
}

/** RFConfiguration item 02: 0 is no time-out, n is 100 µs · 2^(n−1) (UM0701-02 §7.3.1). */
export function thruTimeout_ms(code: number): number {
  return code === 0 ? Number.POSITIVE_INFINITY : 0.1 * 2 ** (code - 1);
}

export const REAL_TIMING: Timing = {
  uart_ms,
  wakeUp_ms,
  fieldStart_ms,
  emptyRound_ms,
  autoPollSlot_ms,
  activation_ms,
  send_ms,
  rateChange_ms,
  work_ms: (card_ms) => card_ms,
  silence_ms,
  thruTimeout_ms,
};

const nothing = () => 0;

/** Everything at once: no timer is ever set. */
export const NO_TIMING: Timing = {
  uart_ms: nothing,
  wakeUp_ms: nothing,
  fieldStart_ms: nothing,
  emptyRound_ms: nothing,
  autoPollSlot_ms: nothing,
  activation_ms: nothing,
  send_ms: nothing,
  rateChange_ms: nothing,
  work_ms: nothing,
  silence_ms: nothing,
  thruTimeout_ms: nothing,
};
