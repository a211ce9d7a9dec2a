/** A virtual PSAM in its contact slot: commands.ts with power, time, T=0 manners and faults. */

import type { Clock, Reply, SamSlot } from '../../firmware-bridge/ports.ts';
import { type Answer, type Apdu, answer, encodeAnswer, parseApdu, SW } from '../card/apdu.ts';
import { type KeySet, SIM_KEYS } from '../keys.ts';
import { execute, PSAM_POWER_UP, type PsamSettings, type PsamSnapshot } from './commands.ts';

/**
 * mute: powered, never answers; absent: no card in the slot; wrongMac1: 8070 gives a bad MAC1;
 * wrongCipher: 80FA gives bad data.
 */
type PsamFault = 'none' | 'mute' | 'absent' | 'wrongMac1' | 'wrongCipher';

export interface PsamOptions extends Partial<Omit<PsamSettings, 'keys'>> {
  readonly keys?: KeySet;
  /** Answers only after the time a real PSAM needs. Default true. */
  readonly timed?: boolean;
  /** Gives data of case 4 commands with 61xx and GET RESPONSE, as bare T=0 does. Default false. */
  readonly getResponse?: boolean;
}

export interface VirtualPsam extends SamSlot {
  /** Sequence number of the latest 8070. */
  readonly termSeq: number;
  /** Holds from the next command on. */
  setFault(fault: PsamFault): void;
  snapshot(): PsamSnapshot;
  /** Also powers it down. */
  restore(snapshot: PsamSnapshot): void;
}

/** TS, T0 (TB1 TC1, 11 historical bytes), no programming voltage, guard time 2, "TAPWAY-PSAM". */
const ATR = Buffer.from(`3B6B0002${Buffer.from('TAPWAY-PSAM').toString('hex')}`, 'hex');
const RESET_MS = 100; // [I]
const RESET_TIMEOUT_MS = 1_000;
const OTHER_MS = 20; // [I] a short command at T=0 and 38400 baud
/** One bus POS of 2019, T=0, 3DES (docs/protocol.md §5.1); 801A and 80FA [I]. */
const WORK_MS: ReadonlyMap<number, number> = new Map([
  [0x70, 121],
  [0x72, 72],
  [0x1a, 60],
  [0xfa, 40],
  [0xde, 60],
]);

/** One command at a time: a second one meanwhile is answered `link-busy`. */
export function createVirtualPsam(clock: Clock, options: PsamOptions = {}): VirtualPsam {
  const chip = createChip(options);
  const timed = options.timed ?? true;
  let fault: PsamFault = 'none';
  let busy = false;

  function obstacle(): Reply<Buffer> | null {
    if (fault === 'absent') return failed('sam-absent', 'virtual PSAM: the slot is empty');
    return busy ? failed('link-busy', 'virtual PSAM: the command before is still running') : null;
  }

  /** Waits for what the PSAM needs, at most for what the caller grants. */
  async function afterwards(work_ms: number, timeout_ms: number, bytes: Buffer) {
    busy = true;
    const late = fault === 'mute' || (timed && work_ms > timeout_ms);
    const wait_ms = late ? timeout_ms : work_ms;
    if (timed || late) await new Promise<void>((done) => clock.setTimeout(done, wait_ms));
    busy = false;
    if (late) return failed('sam-mute', `virtual PSAM: no answer in ${timeout_ms} ms`);
    return { ok: true, value: bytes } as const;
  }

  return {
    name: 'virtual PSAM',
    get termSeq() {
      return chip.snapshot().termSeq;
    },
    async reset() {
      const refusal = obstacle();
      if (refusal) return refusal;
      chip.powerDown();
      return afterwards(RESET_MS, RESET_TIMEOUT_MS, ATR);
    },
    async transceive(command, timeout_ms) {
      const refusal = obstacle();
      if (refusal) return refusal;
      const apdu = parseApdu(command);
      const told = fault === 'mute' ? answer(SW.ok) : spoilt(chip.exchange(apdu), apdu, fault);
      const work_ms = WORK_MS.get(apdu?.ins ?? 0) ?? OTHER_MS;
      return afterwards(work_ms, timeout_ms, encodeAnswer(told));
    },
    async close() {
      chip.powerDown();
    },
    setFault(next) {
      fault = next;
      if (next === 'absent') chip.powerDown();
    },
    snapshot: chip.snapshot,
    restore: chip.restore,
  };
}

/** The card itself: its memory, and T=0 manners if wanted. Takes no time, has no faults. */
function createChip(options: PsamOptions) {
  const { keys, levels, keyIndex, mac2Limit, getResponse, ssc } = options;
  const settings: PsamSettings = {
    keys: keys ?? SIM_KEYS,
    levels: levels ?? 2,
    keyIndex: keyIndex ?? 0x41,
    mac2Limit: mac2Limit ?? null,
    ssc: ssc ?? null,
  };
  let stored: PsamSnapshot = { termSeq: 0, wrongMac2: 0, draws: 0 };
  let session = PSAM_POWER_UP;
  let waiting: Buffer | null = null;

  function powerDown() {
    session = PSAM_POWER_UP;
    waiting = null;
  }

  return {
    powerDown,
    exchange(apdu: Apdu | null): Answer {
      if (apdu?.ins === 0xc0 && waiting) {
        const { told, rest } = fetched(apdu, waiting);
        waiting = rest;
        return told;
      }
      waiting = null;
      const step = execute({ settings, stored, session }, apdu);
      stored = step.stored ?? stored;
      session = step.session ?? session;
      const { data } = step.answer;
      if (!getResponse || !apdu?.data.length || !data.length) return step.answer;
      waiting = data;
      return answer(0x6100 | data.length);
    },
    snapshot: () => stored,
    restore(snapshot: PsamSnapshot) {
      stored = snapshot;
      powerDown();
    },
  };
}

/** 00C00000xx: all of it or a beginning; too much asked answers 6Cxx. */
function fetched({ le = 256 }: Apdu, waiting: Buffer) {
  if (le !== 256 && le > waiting.length) {
    return { told: answer(0x6c00 | waiting.length), rest: waiting };
  }
  const rest = waiting.subarray(le);
  const sw = rest.length > 0 ? 0x6100 | rest.length : SW.ok;
  return { told: answer(sw, waiting.subarray(0, le)), rest: rest.length > 0 ? rest : null };
}

/** The last byte that the command gives, at once or by GET RESPONSE, is another one. */
function spoilt(told: Answer, apdu: Apdu | null, fault: PsamFault): Answer {
  const ins = fault === 'wrongMac1' ? 0x70 : fault === 'wrongCipher' ? 0xfa : null;
  const meant = ins !== null && (apdu?.ins === ins || apdu?.ins === 0xc0);
  if (!meant || told.data.length === 0) return told;
  const data = Buffer.from(told.data);
  data.writeUInt8(~data.readUInt8(data.length - 1) & 0xff, data.length - 1);
  return { ...told, data };
}

function failed(code: 'sam-absent' | 'sam-mute' | 'link-busy', detail: string): Reply<Buffer> {
  return { ok: false, fault: { code, effect: 'none', detail } };
}
