/** `tapway card read`: what a card says, in a terminal. Masked unless somebody wants it in full. */

import { sleep } from '../../firmware-bridge/clock.ts';
import {
  type Card,
  type CardReader,
  explainFault,
  failed,
  ok,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import * as mask from '../kiosk/mask.ts';
import { readCard } from '../kiosk/reading/read-card.ts';
import type { ReadingDeps } from '../kiosk/reading/reading.ts';
import type { CardReport, Face, SscReport } from '../kiosk/report.ts';
import type { ExitCode, Io } from './io.ts';

export interface CardReadRequest {
  readonly reader: CardReader;
  readonly deps: ReadingDeps;
  /** Absent: told from the answer to reset. */
  readonly face?: Face | undefined;
  readonly json: boolean;
  /** Name, number, card number and photo as they are. */
  readonly full: boolean;
  /** How long to wait for a card. */
  readonly wait_s: number;
}

const LOOK_MS = 200;
/** Readers and PSAMs behind pcscd live in processes of their own, which take a moment to start. */
const START_S = 5;

export async function cardRead(io: Io, request: CardReadRequest): Promise<ExitCode> {
  const card = await awaitCard(io, request);
  if (!card.ok) {
    io.err(explainFault(card.fault));
    return 2;
  }
  const face = request.face ?? faceOf(card.value.ats);
  const report = await readCard(card.value, face, request.deps);
  await card.value.release();
  if (!report.ok) {
    io.err(explainFault(report.fault));
    return 1;
  }
  const shown = request.full ? report.value : masked(report.value);
  if (request.json) await io.write(`${JSON.stringify(shown, photoAsText, 2)}\n`);
  else for (const line of describeReport(shown)) io.out(line);
  return 0;
}

async function awaitCard(
  { clock, err }: Io,
  { reader, deps, wait_s }: CardReadRequest,
): Promise<Reply<Card>> {
  const alive = await patiently(clock, () => reader.recover());
  if (!alive.ok) return alive;
  const { crypto, onTrouble } = deps;
  const keys = crypto && (await patiently(clock, () => crypto.probe()));
  if (keys && !keys.ok) onTrouble?.(keys.fault);
  const until_ms = clock.now_ms() + wait_s * 1_000;
  let told = '';
  const tell = (text: string) => {
    if (text !== told) err(text);
    told = text;
  };
  tell(`waiting ${wait_s} s for a card on ${reader.name}`);
  for (;;) {
    const found = await reader.detect();
    if (!found.ok) return found;
    switch (found.value.kind) {
      case 'card':
        return ok(found.value.card);
      case 'several':
        tell('several cards: leave one');
        break;
      case 'unsupported':
        tell('a card that answers no commands');
        break;
      case 'none':
        break;
    }
    if (clock.now_ms() >= until_ms) return failed('card-gone', 'none', 'no card came');
    await sleep(clock, LOOK_MS);
  }
}

/** Until it is well; after a while whatever it says stands. */
async function patiently<T>(
  clock: Io['clock'],
  attempt: () => Promise<Reply<T>>,
): Promise<Reply<T>> {
  const until_ms = clock.now_ms() + START_S * 1_000;
  for (;;) {
    const reply = await attempt();
    if (reply.ok || clock.now_ms() >= until_ms) return reply;
    await sleep(clock, LOOK_MS);
  }
}

/** An ATR begins with 3B or 3F; a PC/SC reader makes 3B 8n 80 01 of a contactless card's ATS. */
function faceOf(answer: Buffer): Face {
  const reset = answer[0] === 0x3b || answer[0] === 0x3f;
  const made = ((answer[1] ?? 0) & 0xf0) === 0x80 && answer[2] === 0x80 && answer[3] === 0x01;
  return reset && !made ? 'contact' : 'contactless';
}

function masked(report: CardReport): CardReport {
  const { ssc, purse } = report;
  return {
    ...report,
    ssc: ssc && maskedSsc(ssc),
    purse: purse && { ...purse, serial: mask.maskSerial(purse.serial) },
  };
}

function maskedSsc(ssc: SscReport): SscReport {
  const { holder } = ssc;
  return {
    ...ssc,
    cardId: mask.maskCardId(ssc.cardId),
    cardNumber: ssc.cardNumber && mask.maskCardNumber(ssc.cardNumber),
    photo: null,
    holder: holder && {
      ...holder,
      name: mask.maskName(holder.name),
      citizenNumber: mask.maskCitizenNumber(holder.citizenNumber),
      birthDate: holder.birthDate && mask.maskDate(holder.birthDate),
    },
  };
}

/** A photo as base64: JSON would make a list of numbers of it. */
function photoAsText(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' && Array.isArray(data)
    ? Buffer.from(data as number[]).toString('base64')
    : value;
}

/** One line each: what it is, then what is known of it. */
function describeReport(report: CardReport): string[] {
  const { kind, uncertain, face, ssc, purse, bank, warnings } = report;
  return [
    row('card', `${kind}${uncertain ? ' (uncertain)' : ''}, by ${face}`),
    ...(ssc ? describeSsc(ssc) : []),
    ...(purse ? describePurse(purse) : []),
    ...(bank ? describeBank(bank) : []),
    ...warnings.map((warning) => row('warning', warning)),
  ];
}

function describeSsc(ssc: SscReport): string[] {
  const { holder, photo, region } = ssc;
  return [
    row(
      'generation',
      `${ssc.generation ?? 'unknown'} (${ssc.version || 'no version'}), ${ssc.algorithm}`,
    ),
    row('card number', ssc.cardNumber),
    row('card id', ssc.cardId),
    row('region', [region.name, region.code].filter(Boolean).join(' ')),
    row('class', ssc.cardClass),
    row('issued', ssc.issuedOn),
    row('valid until', ssc.validUntil),
    row('validity', `${ssc.validity.state} (${ssc.validity.reason})`),
    row('genuine', ssc.genuine),
    row('holder', holder ? holder.name : ssc.holderState),
    ...(holder
      ? [
          row('number', holder.citizenNumber),
          row('sex', holder.sex),
          row(
            'ethnic group',
            holder.ethnicGroup && (holder.ethnicGroup.name ?? holder.ethnicGroup.code),
          ),
          row('born', holder.birthDate),
        ]
      : []),
    ...(photo ? [row('photo', `${photo.type}, ${photo.bytes.length} bytes`)] : []),
  ];
}

function describePurse(purse: NonNullable<CardReport['purse']>): string[] {
  return [
    row('purse', purse.serial),
    row('balance', purse.balance_fen === null ? null : yuan(purse.balance_fen)),
    row('purse valid', `${purse.startsOn ?? '—'} to ${purse.endsOn ?? '—'}`),
    ...purse.records.map(({ kind, amount_fen, at, terminal }) =>
      row(kind, `${at ?? '—'}  ${yuan(amount_fen)}  terminal ${terminal}`),
    ),
  ];
}

function describeBank(bank: NonNullable<CardReport['bank']>): string[] {
  return [
    row('bank', bank.bank?.en ?? 'not among the issuing banks'),
    row('account', bank.maskedAccount),
    row('application', bank.label),
    row('expires', bank.expires),
  ];
}

function row(name: string, value: string | null): string {
  return `${name.padEnd(14)} ${value || '—'}`;
}

function yuan(amount_fen: number): string {
  return `¥${(amount_fen / 100).toFixed(2)}`;
}
