/** SELECT of a Social Security Card: environment and directories by name, directories and files. */

import { type Apdu, answer, SW } from '../apdu.ts';
import type { Directory } from './files.ts';
import { SSC_POWER_UP, type SscHandler, type SscMoment, type SscStep } from './memory.ts';

const MASTER_FILE = 0x3f00;

/** P1 04 by name, 02 a file of the directory, 01 a directory, 00 whichever has that id. */
export const select: SscHandler = (moment, apdu) => {
  if (apdu.p2 !== 0) return refuse(SW.wrongParameters);
  if (apdu.p1 === 0x04) return byName(moment, apdu.data);
  if (apdu.p1 > 0x02) return refuse(SW.wrongParameters);
  if (apdu.data.length !== 2) return refuse(SW.wrongLength);
  return byId(moment, apdu);
};

/** Partial names are not known. */
function byName(moment: SscMoment, name: Buffer): SscStep {
  if (name.length === 0) return refuse(SW.wrongLength);
  const found = moment.card.directories.find(({ aid }) => aid.equals(name));
  return found ? enter(moment, found) : refuse(SW.fileNotFound);
}

function byId(moment: SscMoment, { p1, data }: Apdu): SscStep {
  const { card, session } = moment;
  const fid = data.readUInt16BE();
  if (p1 !== 0x02) {
    if (fid === MASTER_FILE) return { answer: answer(SW.ok), session: SSC_POWER_UP };
    const found = card.directories.find((directory) => directory.fid === fid);
    if (found) return enter(moment, found);
    if (p1 === 0x01) return refuse(SW.fileNotFound);
  }
  if (!directoryOf(moment)?.files.has(fid)) return refuse(SW.fileNotFound);
  return { answer: answer(SW.ok), session: { ...session, file: fid, record: null } };
}

/**
 * The environment begins anew; a directory below it keeps PIN and keys of the environment and drops
 * those of the directory before.
 */
function enter({ card, session }: SscMoment, { name, fci }: Directory): SscStep {
  if (card.profile.locked === 'permanent') return refuse(SW.notSupported);
  const kept = (right: string) => right === 'PIN' || right < '80';
  const rights = name === 'SSSE' ? [] : session.rights.filter(kept);
  const sw = card.profile.locked === 'temporary' ? SW.blocked : SW.ok;
  return { answer: answer(sw, fci), session: { ...SSC_POWER_UP, directory: name, rights } };
}

export function directoryOf({ card, session }: SscMoment): Directory | undefined {
  return card.directories.find(({ name }) => name === session.directory);
}

function refuse(sw: number): SscStep {
  return { answer: answer(sw) };
}
