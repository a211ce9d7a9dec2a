/**
 * One chip, several applications, up to two faces. SELECT by name goes to the application that has
 * the name; every other command to the one selected last, at first to the first. The directories
 * PPSE and PSE are the chip's own and list whatever has a label.
 */

import { type Apdu, answer, encodeAnswer, parseApdu, SW, tlv } from '../apdu.ts';
import { directoryEntry, directoryFci, PPSE, PSE } from '../personalise.ts';
import { createT0 } from '../t0.ts';
import type { Target } from '../target.ts';

export interface Application extends Pick<Target, 'exchange' | 'powerDown'> {
  /** By which SELECT finds it; the first one stands in the directories. */
  readonly names: readonly Buffer[];
  /** In the directories; null: not listed. */
  readonly label: string | null;
}

/** What a contact reader meets. An empty answer is silence. */
export interface ContactFace extends Pick<Target, 'exchange' | 'powerDown'> {
  /** Empty: no answer to reset. */
  readonly atr: Buffer;
}

export interface Chip {
  readonly contact: ContactFace | null;
  readonly contactless: Target | null;
}

export interface ChipProfile {
  /** Of the card on the tray, never a person's. */
  readonly name: string;
  readonly faces: readonly ('contact' | 'contactless')[];
  /** Historical bytes of both answers. */
  readonly history: Buffer;
  /** 4 or 7 bytes, hex. */
  readonly uid: string;
}

type Selected = Application | 'ppse' | 'pse' | null;

/** @param applications the first one is the master file's: it answers before any SELECT */
export function createChip(profile: ChipProfile, applications: readonly Application[]): Chip {
  const listed = applications.flatMap(({ names: [aid], label }) =>
    aid && label ? [directoryEntry(aid, label)] : [],
  );
  let selected: Selected = applications[0] ?? null;

  const exchange: Target['exchange'] = (bytes) => {
    const apdu = parseApdu(bytes);
    if (apdu && byName(apdu)) return choose(apdu, bytes);
    if (apdu && isMasterFile(apdu)) turnTo(applications[0] ?? null);
    if (selected === 'pse' || selected === 'ppse' || !selected) {
      return { answer: encodeAnswer(ofDirectory(apdu, listed, selected)), work_ms: OWN_MS };
    }
    return selected.exchange(bytes);
  };

  function choose(apdu: Apdu, bytes: Buffer): ReturnType<Target['exchange']> {
    const own = listed.length > 0 ? directoryOf(apdu.data) : null;
    const found = own ?? applications.find(({ names }) => names.some((n) => n.equals(apdu.data)));
    if (!found) {
      const sw = apdu.data.length === 0 ? SW.wrongLength : SW.fileNotFound;
      return { answer: encodeAnswer(answer(sw)), work_ms: OWN_MS };
    }
    if (found === 'ppse' || found === 'pse') {
      turnTo(found);
      const fci = directoryFci(apdu.data, listed);
      return { answer: encodeAnswer(answer(SW.ok, fci)), work_ms: OWN_MS };
    }
    const done = found.exchange(bytes);
    // A refused SELECT leaves whatever was selected before.
    const sw = done.answer.readUInt16BE(done.answer.length - 2);
    if (sw === SW.ok || sw === SW.blocked) turnTo(found);
    return done;
  }

  /** Leaving an application ends whatever it had begun. */
  function turnTo(next: Selected): void {
    if (selected !== next && selected && typeof selected !== 'string') selected.powerDown();
    selected = next;
  }

  function powerDown(): void {
    for (const application of applications) application.powerDown();
    selected = applications[0] ?? null;
  }

  const { faces } = profile;
  return {
    contact: faces.includes('contact') ? contactFace(profile, { exchange, powerDown }) : null,
    contactless: faces.includes('contactless') ? target(profile, { exchange, powerDown }) : null,
  };
}

type Working = Pick<Target, 'exchange' | 'powerDown'>;

const OWN_MS = 10; // [I]

function byName({ cla, ins, p1 }: Apdu): boolean {
  return cla === 0x00 && ins === 0xa4 && p1 === 0x04;
}

function isMasterFile({ cla, ins, p1, data }: Apdu): boolean {
  return cla === 0x00 && ins === 0xa4 && p1 === 0x00 && data.equals(Buffer.from([0x3f, 0x00]));
}

function directoryOf(name: Buffer): 'ppse' | 'pse' | null {
  if (name.equals(PPSE)) return 'ppse';
  return name.equals(PSE) ? 'pse' : null;
}

/** While a directory is selected: the contact one has its entries in the records of file 1. */
function ofDirectory(apdu: Apdu | null, listed: readonly Buffer[], which: 'ppse' | 'pse' | null) {
  if (!apdu) return answer(SW.wrongLength);
  if (apdu.cla !== 0x00) return answer(SW.wrongClass);
  if (apdu.ins === 0xa4) return answer(SW.fileNotFound);
  if (apdu.ins !== 0xb2) return answer(SW.wrongInstruction);
  if (which !== 'pse' || apdu.p2 !== 0x0c) return answer(SW.fileNotFound);
  const entry = listed[apdu.p1 - 1];
  return entry ? answer(SW.ok, tlv('70', entry)) : answer(SW.recordNotFound);
}

/** TS, T0 (TB1 TC1), no programming voltage, no extra guard time, historical bytes: T=0. */
function contactFace({ history }: ChipProfile, working: Working): ContactFace {
  const atr = Buffer.from([0x3b, 0x60 | history.length, 0x00, 0x00, ...history]);
  return { atr, ...createT0(working) };
}

/** ATS: FSCI 8, 106 kbit/s only, FWI 10, CID, historical bytes; as one real card showed it. */
function target({ name, uid, history }: ChipProfile, working: Working): Target {
  const format = Buffer.from('7880A002', 'hex');
  return {
    name,
    uid: Buffer.from(uid, 'hex'),
    atqa: Buffer.from(uid.length === 14 ? '0044' : '0004', 'hex'),
    sak: 0x20,
    ats: Buffer.from([1 + format.length + history.length, ...format, ...history]),
    ...working,
  };
}
