/** Looks for planted marks in all that a lane writes: names, numbers, keys, whole serials. */

import { SIM_KEYS } from '../keys.ts';
import { PLANTED } from './cards.ts';

const SECRETS = [
  PLANTED.name,
  PLANTED.number,
  Buffer.from(PLANTED.name).toString('hex'),
  ...SIM_KEYS.masters.map(({ key }) => key.toString('hex')),
].map((text) => text.toUpperCase());
/** A whole card number; a log may show its last four digits. */
const SERIAL = /0310\d{16}/;

export interface Privacy {
  /** A line of the log, or words for operator or passenger. */
  said(text: string): void;
  /** What lies on the disk. */
  stored(path: string, bytes: Buffer): void;
}

export function createPrivacy(leak: (text: string) => void): Privacy {
  return {
    said(text) {
      const words = text.toUpperCase();
      if (SECRETS.some((secret) => words.includes(secret))) leak(`in the log: ${text}`);
      if (SERIAL.test(text)) leak(`a whole card number in the log: ${text}`);
    },
    stored(path, bytes) {
      const words = bytes.toString('latin1').toUpperCase();
      const found = SECRETS.find((secret) => words.includes(secret));
      if (found) leak(`in the file ${path}`);
    },
  };
}
