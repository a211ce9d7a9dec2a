/**
 * A card on paper: a table of commands and answers, for rules rather than for bytes on the wire.
 * What is not in the table is answered 6A82. It counts commands, and can be drawn at any of them.
 */

import { sscSchema } from '../../../config/ssc.ts';
import type { ReadingDeps } from '../../../controller/kiosk/reading/reading.ts';
import type { AuthRequest, SscCrypto } from '../../../controller/sam/ssc-keys.ts';
import {
  type Card,
  type Fault,
  type FaultCode,
  failed,
  ok,
  type Reply,
} from '../../../firmware-bridge/ports.ts';

/** Command in hex → answer in hex, or answers in turn (the last one stays). Blanks are free. */
export type Sheet = Readonly<Record<string, string | readonly string[]>>;

export interface PaperCard extends Card {
  /** Commands so far, in hex. */
  readonly sent: string[];
}

interface Drawn {
  /** The command, from 1, at which it happens. */
  readonly at: number;
  readonly fault?: FaultCode;
}

export function paperCard(
  sheet: Sheet,
  { atr = '', drawn }: { readonly atr?: string; readonly drawn?: Drawn } = {},
): PaperCard {
  const table = new Map(
    Object.entries(sheet).map(([command, answer]) => [
      plain(command),
      [answer].flat().map((each) => Buffer.from(plain(each), 'hex')),
    ]),
  );
  const sent: string[] = [];
  return {
    uid: Buffer.alloc(0),
    ats: Buffer.from(plain(atr), 'hex'),
    sent,
    async transceive(command): Promise<Reply<Buffer>> {
      sent.push(command.toString('hex').toUpperCase());
      if (drawn && sent.length >= drawn.at) {
        return failed(drawn.fault ?? 'card-gone', 'unknown', 'drawn');
      }
      const answers = table.get(sent.at(-1) ?? '');
      const next = (answers?.length ?? 0) > 1 ? answers?.shift() : answers?.[0];
      return ok(next ?? Buffer.from('6A82', 'hex'));
    },
    present: async () => ok(true),
    async release() {},
  };
}

/** Keys on paper too: answers by key and raw data. */
export function paperKeys(answers: Readonly<Record<string, string>>) {
  const asked: AuthRequest[] = [];
  const crypto: SscCrypto = {
    name: 'paper',
    async authenticate(request) {
      asked.push(request);
      const data = answers[`${request.key} ${request.raw.toString('hex').toUpperCase()}`];
      return data
        ? ok(Buffer.from(data, 'hex'))
        : failed('sam-refused', 'none', 'not on the paper');
    },
    probe: async () => ok('paper'),
    async close() {},
  };
  return { crypto, asked };
}

/** 1 July 2026, 12:00 in Ningbo. */
const NOON_MS = Date.UTC(2026, 6, 1, 4, 0, 0);

export function readingDeps(
  differs: Partial<ReadingDeps> = {},
  ssc: object = {},
): ReadingDeps & { readonly troubles: Fault[] } {
  const troubles: Fault[] = [];
  return {
    clock: { wall_ms: () => NOON_MS },
    utcOffset_minutes: 480,
    ssc: sscSchema.parse(ssc),
    purse: { aid: 'A000000632010105' },
    crypto: null,
    deadCards: null,
    onTrouble: (fault) => troubles.push(fault),
    ...differs,
    troubles,
  };
}

function plain(hex: string): string {
  return hex.replaceAll(/\s/g, '').toUpperCase();
}
