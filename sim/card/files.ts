/** SELECT, READ BINARY and READ RECORD of the virtual transit card (docs/protocol.md §1, §2.1). */

import { type Apdu, answer, readBinary, readRecord, SW, tlv } from './apdu.ts';
import type { Handler, Moment, Session, Step } from './memory.ts';
import { directoryEntry, directoryFci, PPSE, PSE, PURSE_AID } from './personalise.ts';

const PURSE_ENTRY = directoryEntry(PURSE_AID, 'MOT_T_EP');
const BALANCE_EF = 0x02;
const LOG_EF = 0x18;
const TRIP_EF = 0x1e;

/** By name (P1 04) or by file id (P1 00). Any SELECT ends a purchase. */
export const select: Handler = (moment, apdu) => {
  if (apdu.data.length === 0) return { answer: answer(SW.wrongLength) };
  if (apdu.p2 !== 0) return { answer: answer(SW.wrongParameters) };
  switch (apdu.p1) {
    case 0x04:
      return selectByName(moment, apdu.data);
    case 0x00:
      return selectById(moment, apdu.data);
    default:
      return { answer: answer(SW.wrongParameters) };
  }
};

function selectByName(moment: Moment, name: Buffer): Step {
  if (name.equals(PPSE)) return enter('ppse', directoryFci(PPSE, [PURSE_ENTRY]));
  if (name.equals(PSE)) return enter('pse', directoryFci(PSE, []));
  if (name.equals(PURSE_AID)) return selectPurse(moment);
  return { answer: answer(SW.fileNotFound) };
}

/** 3F00 the master file, 3F01 the purse, 00xx a file of the purse. */
function selectById(moment: Moment, id: Buffer): Step {
  if (id.length !== 2) return { answer: answer(SW.wrongLength) };
  const fid = id.readUInt16BE();
  if (fid === 0x3f00) return enter('mf', directoryFci(PSE, []));
  if (fid === 0x3f01) return selectPurse(moment);
  const known = moment.card.files.has(fid) || [BALANCE_EF, LOG_EF, TRIP_EF].includes(fid);
  if (moment.session.application !== 'purse' || !known) {
    return { answer: answer(SW.fileNotFound) };
  }
  const session: Session = { ...moment.session, file: fid, purchase: null };
  return { answer: answer(SW.ok), session };
}

/** A temporary block still shows the FCI, with 6283; a permanent one leaves nothing to select. */
function selectPurse({ card, stored }: Moment): Step {
  switch (stored.blocked) {
    case 'no':
      return enter('purse', card.fci);
    case 'temporary':
      return enter('purse', card.fci, SW.blocked);
    case 'permanent':
      return { answer: answer(SW.notSupported) };
  }
}

function enter(application: Session['application'], fci: Buffer, sw: number = SW.ok): Step {
  const session: Session = { application, file: null, challenge: null, purchase: null };
  return { answer: answer(sw, fci), session };
}

/** P1 `80|SFI` with offset P2, or P1P2 an offset into the file that SELECT named. */
export const binary: Handler = ({ card, session }, { p1, p2, data, le }) => {
  if (data.length > 0) return { answer: answer(SW.wrongLength) };
  const short = (p1 & 0x80) !== 0;
  if (short && (p1 & 0x60) !== 0) return { answer: answer(SW.wrongParameters) };
  const file = short ? p1 & 0x1f : session.file;
  if (session.application !== 'purse') return { answer: answer(SW.fileNotFound) };
  if (file === null) return { answer: answer(SW.noCurrentFile) };
  if (file === BALANCE_EF) return { answer: answer(SW.notPermitted) };
  if (file === LOG_EF || file === TRIP_EF) return { answer: answer(SW.wrongStructure) };
  const bytes = card.files.get(file);
  if (!bytes) return { answer: answer(SW.fileNotFound) };
  return { answer: readBinary(bytes, short ? p2 : (p1 << 8) | p2, le) };
};

/** P2 `SFI<<3|4`: P1 is the number, 1 the newest; `SFI<<3`: P1 is the record's first byte. */
export const record: Handler = (moment, apdu) => {
  if (apdu.data.length > 0) return { answer: answer(SW.wrongLength) };
  const mode = apdu.p2 & 0x07;
  if (mode !== 0 && mode !== 4) return { answer: answer(SW.wrongParameters) };
  const sfi = apdu.p2 >> 3 || moment.session.file;
  if (sfi === null) return { answer: answer(SW.noCurrentFile) };
  const records = recordsOf(moment, sfi);
  if (typeof records === 'number') return { answer: answer(records) };
  const found = find(records, apdu, mode === 4);
  return { answer: found ? readRecord(found, apdu.le) : answer(SW.recordNotFound) };
};

function find(records: readonly Buffer[], { p1 }: Apdu, byNumber: boolean): Buffer | undefined {
  return byNumber ? records[p1 - 1] : records.find((bytes) => bytes.readUInt8(0) === p1);
}

/** The records of a file, newest first, or the status word why there are none. */
function recordsOf({ card, stored, session }: Moment, sfi: number): readonly Buffer[] | number {
  if (session.application === 'pse' && sfi === 1) return [tlv('70', PURSE_ENTRY)];
  if (session.application !== 'purse') return SW.fileNotFound;
  if (sfi === LOG_EF) return stored.log.map(fromHex);
  if (sfi === TRIP_EF) return stored.trips.map(fromHex);
  return card.files.has(sfi) || sfi === BALANCE_EF ? SW.wrongStructure : SW.fileNotFound;
}

function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
