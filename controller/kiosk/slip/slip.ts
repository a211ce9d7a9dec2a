/**
 * What each slip says: pure functions from what is known to a receiptline document. Names and
 * numbers are masked unless the holder agreed to see them in full (`full`).
 */

import {
  maskCardId,
  maskCardNumber,
  maskCitizenNumber,
  maskDate,
  maskName,
  maskSerial,
} from '../mask.ts';
import type { CardReport, Holder, IsoDate, PurseReport, SscReport } from '../report.ts';
import type { Advice } from '../view.ts';
import { type SlipParts, type SlipStyle, slipParts } from './document.ts';
import { type SlipWords, slipWords } from './words.ts';

export interface SlipOptions extends SlipStyle {
  /** The holder agreed: name and numbers in full. */
  readonly full: boolean;
  readonly site: {
    readonly name: string;
    readonly phone: string;
    /** Where the QR code leads; null for none. */
    readonly serviceUrl: string | null;
  };
  /** Site's local time, `YYYY-MM-DD HH:MM`. */
  readonly printedAt: string;
}

/** A payment as its receipt tells it. */
export interface Payment {
  readonly item: string;
  readonly amount_fen: number;
  readonly outcome: 'paid' | 'uncertain';
  /** What is left on the card; null when nobody knows. */
  readonly balance_fen: number | null;
  /** Application serial of the purse, 20 digits. */
  readonly serial: string;
  /** 12 hex digits. */
  readonly terminal: string;
  readonly termSeq: number | null;
  /** 8 hex digits; null when there is none. */
  readonly tac: string | null;
  /** Site's local time, `YYYY-MM-DD HH:MM:SS`. */
  readonly at: string;
  /** What the books know it by, such as `K01-4711`; says nothing of the person. */
  readonly reference: string;
}

export type SlipContent =
  | { readonly kind: 'information'; readonly report: CardReport }
  | { readonly kind: 'balance'; readonly purse: PurseReport }
  | { readonly kind: 'validity'; readonly ssc: SscReport; readonly advice: Advice }
  | {
      readonly kind: 'receipt';
      readonly payment: Payment;
      /** What the screen says of it, title and advice. */
      readonly told: { readonly title: string; readonly advice: string };
    };

/** Paper knows no unknown dates. */
const NOTHING = '—';

interface Desk {
  readonly parts: SlipParts;
  readonly words: SlipWords;
  readonly full: boolean;
}

/** The slip as a receiptline document, for `slipToEscPos` or `slipToSvg`. */
export function composeSlip(content: SlipContent, options: SlipOptions): string {
  const { site, printedAt } = options;
  const desk = { parts: slipParts(options), words: slipWords(options.locale), full: options.full };
  const { parts, words } = desk;
  const hides = !options.full || content.kind === 'receipt' || content.kind === 'validity';
  return [
    parts.centred(site.name),
    parts.title(titleOf(content, words)),
    parts.rule(),
    ...body(content, desk),
    parts.rule(),
    parts.row(words.labels.printedAt, printedAt),
    parts.row(words.labels.phone, site.phone),
    ...(hides ? [parts.paragraph(words.masked)] : []),
    ...qrCode(content, site.serviceUrl, desk),
  ].join('\n');
}

/** What is in doubt must not look like a proof of payment. */
function titleOf(content: SlipContent, words: SlipWords): string {
  const doubt = content.kind === 'receipt' && content.payment.outcome === 'uncertain';
  return doubt ? words.unconfirmed : words.titles[content.kind];
}

function body(content: SlipContent, desk: Desk): string[] {
  switch (content.kind) {
    case 'information':
      return information(content.report, desk);
    case 'balance':
      return balance(content.purse, desk);
    case 'validity':
      return validity(content.ssc, content.advice, desk);
    case 'receipt':
      return receipt(content, desk);
  }
}

function information(report: CardReport, desk: Desk): string[] {
  const { parts, words, full } = desk;
  const { labels } = words;
  const { ssc, purse, bank } = report;
  return [
    parts.centred(words.kind[report.kind]),
    ...(ssc ? [...holder(ssc, desk), ...card(ssc, desk)] : []),
    ...(purse
      ? [
          parts.rule(),
          parts.row(labels.purse, full ? purse.serial : maskSerial(purse.serial)),
          parts.row(labels.balance, yuanOr(purse.balance_fen)),
        ]
      : []),
    ...(bank
      ? [
          parts.rule(),
          parts.row(labels.bank, nameOf(bank.bank, words) ?? bank.label ?? NOTHING),
          parts.row(labels.account, bank.maskedAccount),
          parts.row(labels.expires, bank.expires ?? NOTHING),
        ]
      : []),
  ];
}

function holder(ssc: SscReport, desk: Desk): string[] {
  const { parts, words, full } = desk;
  const { labels } = words;
  if (!ssc.holder) return [parts.paragraph(words.nameNotRead)];
  const { name, citizenNumber, sex, birthDate }: Holder = ssc.holder;
  const shown = (text: string, mask: (text: string) => string) => (full ? text : mask(text));
  return [
    parts.row(labels.name, shown(name, maskName)),
    parts.row(labels.citizenNumber, shown(citizenNumber, maskCitizenNumber)),
    parts.row(labels.sex, sex ? words.sex[sex] : NOTHING),
    parts.row(labels.birthDate, birthDate === null ? NOTHING : shown(birthDate, maskDate)),
    ...(full ? ethnicGroup(ssc.holder, desk) : []),
  ];
}

function ethnicGroup({ ethnicGroup }: Holder, { parts, words }: Desk): string[] {
  if (!ethnicGroup) return [];
  return [parts.row(words.labels.ethnicGroup, ethnicGroup.name ?? ethnicGroup.code)];
}

function card(ssc: SscReport, { parts, words, full }: Desk): string[] {
  const { labels } = words;
  const { cardNumber, cardId, cardClass, region, generation } = ssc;
  const number = full ? cardNumber : cardNumber && maskCardNumber(cardNumber);
  return [
    parts.row(labels.cardNumber, number ?? NOTHING),
    parts.row(labels.cardId, full ? cardId : maskCardId(cardId)),
    parts.row(labels.cardClass, cardClass ? words.cardClass[cardClass] : NOTHING),
    parts.row(labels.region, region.name ?? region.code),
    parts.row(labels.generation, generation ? words.generation(generation) : ssc.version),
    parts.row(labels.issuedOn, ssc.issuedOn ?? NOTHING),
    parts.row(labels.validUntil, ssc.validUntil ?? NOTHING),
    parts.row(labels.genuine, words.genuine[ssc.genuine]),
  ];
}

function balance(purse: PurseReport, { parts, words, full }: Desk): string[] {
  const { labels } = words;
  const records = purse.records.map(({ at, kind, amount_fen }) =>
    // Month, day, hour, minute: whoever travelled knows the year.
    parts.record([at?.slice(5, 16) ?? NOTHING, words.record[kind], yuan(amount_fen)]),
  );
  return [
    parts.row(labels.purse, full ? purse.serial : maskSerial(purse.serial)),
    parts.bigRow(labels.balance, yuanOr(purse.balance_fen)),
    parts.row(labels.usable, span(purse.startsOn, purse.endsOn)),
    parts.rule(),
    ...(records.length > 0 ? records : [parts.centred(words.noRecords)]),
  ];
}

function validity(ssc: SscReport, advice: Advice, { parts, words }: Desk): string[] {
  const { labels } = words;
  const { cardNumber, generation, validUntil } = ssc;
  return [
    parts.row(labels.cardNumber, cardNumber === null ? NOTHING : maskCardNumber(cardNumber)),
    parts.row(labels.generation, generation ? words.generation(generation) : ssc.version),
    parts.row(labels.validUntil, validUntil ?? NOTHING),
    parts.rule(),
    parts.title(advice.title),
    ...advice.lines.map((line) => parts.paragraph(line)),
  ];
}

type Receipt = Extract<SlipContent, { readonly kind: 'receipt' }>;

function receipt({ payment, told }: Receipt, { parts, words }: Desk): string[] {
  const { labels } = words;
  const { termSeq, tac, item, amount_fen } = payment;
  const paid = [
    parts.row(labels.item, item),
    parts.bigRow(labels.amount, yuan(amount_fen)),
    parts.paragraph(words.paid),
    parts.rule(),
    parts.row(labels.balance, yuanOr(payment.balance_fen)),
  ];
  const doubted = [
    ...[told.title, told.advice].map((text) => parts.paragraph(text.replaceAll('¥', '￥'))),
    parts.rule(),
    parts.row(labels.item, item),
    parts.row(labels.unconfirmed, yuan(amount_fen)),
  ];
  return [
    ...(payment.outcome === 'paid' ? paid : doubted),
    parts.row(labels.purse, maskSerial(payment.serial)),
    parts.row(labels.terminal, payment.terminal),
    parts.row(labels.termSeq, termSeq === null ? NOTHING : String(termSeq)),
    // Enough to find the payment in the books, too little to forge a claim.
    parts.row(labels.tac, tac === null ? NOTHING : `${tac.slice(0, 4).toUpperCase()}…`),
    parts.row(labels.at, payment.at),
    parts.row(labels.reference, payment.reference),
  ];
}

/** Leads to the site, for a receipt with its reference; nothing of the person. */
function qrCode(content: SlipContent, url: string | null, { parts, words }: Desk): string[] {
  const reference = content.kind === 'receipt' ? content.payment.reference : null;
  if (url === null) return reference === null ? [] : [parts.qr(reference)];
  const address = new URL(url);
  if (reference !== null) address.searchParams.set('ref', reference);
  return [parts.qr(address.href), parts.centred(words.scan)];
}

function span(from: IsoDate, to: IsoDate): string {
  return `${from ?? NOTHING} – ${to ?? NOTHING}`;
}

function nameOf(names: Readonly<Record<string, string>> | null, words: SlipWords): string | null {
  if (!names) return null;
  const language = words === slipWords('en') ? 'en' : 'zh';
  const own = Object.keys(names).find((locale) => locale.startsWith(language));
  return names[own ?? Object.keys(names)[0] ?? ''] ?? null;
}

function yuanOr(amount_fen: number | null): string {
  return amount_fen === null ? NOTHING : yuan(amount_fen);
}

/** ￥1.80, with the full-width sign that Chinese printers have. */
function yuan(amount_fen: number): string {
  const sign = amount_fen < 0 ? '-' : '';
  const fen = Math.abs(amount_fen);
  return `${sign}￥${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
}
