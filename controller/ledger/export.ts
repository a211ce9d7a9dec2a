/** Clearing records: one row a story, as JSON Lines or CSV. Fields: see README.md. */

import type { Story } from './records.ts';
import { isDebited } from './stories.ts';

interface ExportOptions {
  readonly format: 'jsonl' | 'csv';
  /** Name and version of the program that exports. */
  readonly software: string;
}

/** Yields whole lines with their line ends: LF for JSON Lines, CRLF for CSV (RFC 4180). */
export async function* exportClearing(
  stories: AsyncIterable<Story>,
  options: ExportOptions,
): AsyncGenerator<string> {
  if (options.format === 'csv') yield `${CLEARING_FIELDS.join(',')}\r\n`;
  for await (const story of stories) {
    const row = clearingRow(story, options.software);
    if (options.format === 'jsonl') yield `${JSON.stringify(row)}\n`;
    else yield `${CLEARING_FIELDS.map((field) => csvCell(row[field])).join(',')}\r\n`;
  }
}

/** One story as the host gets it; null where this ledger does not know. */
function clearingRow(story: Story, software: string) {
  const { ref, intent, authorised, debited, outcome, passed } = story;
  const taken = isDebited(story);
  const trip = tripParts(intent.trip);
  const entry = intent.entry === null ? null : tripParts(intent.entry);
  const after = <T>(debited: T, untouched: T) =>
    taken === 'unknown' ? null : taken ? debited : untouched;
  return {
    record_seq: ref,
    card: intent.card,
    issuer: intent.issuer,
    acquirer_city: trip.city,
    acquirer: trip.acquirer,
    card_kind: intent.card_kind,
    industry: trip.industry,
    counter: intent.counter,
    counter_after: after(intent.counter + 1, intent.counter),
    txn_type: intent.txn_type,
    kind: intent.kind,
    amount_fen: intent.amount_fen,
    balance_before_fen: intent.balance_before_fen,
    balance_after_fen: after(
      intent.balance_before_fen - intent.amount_fen,
      intent.balance_before_fen,
    ),
    terminal: intent.terminal,
    psam: intent.psam,
    term_seq: authorised?.term_seq ?? null,
    place: trip.place,
    at: intent.at,
    tac: debited?.tac ?? null,
    mac2: debited?.mac2 ?? null,
    key_version: intent.key_version,
    algorithm: intent.algorithm,
    fare_rule: intent.fare_rule,
    entry_terminal: entry?.terminal ?? null,
    entry_place: entry?.place ?? null,
    entry_at: entry?.at ?? null,
    status: outcome?.status ?? 'grey',
    reason: outcome?.reason ?? null,
    passed,
    software,
  };
}

type ClearingRow = ReturnType<typeof clearingRow>;

const CLEARING_FIELDS = [
  'record_seq',
  'card',
  'issuer',
  'acquirer_city',
  'acquirer',
  'card_kind',
  'industry',
  'counter',
  'counter_after',
  'txn_type',
  'kind',
  'amount_fen',
  'balance_before_fen',
  'balance_after_fen',
  'terminal',
  'psam',
  'term_seq',
  'place',
  'at',
  'tac',
  'mac2',
  'key_version',
  'algorithm',
  'fare_rule',
  'entry_terminal',
  'entry_place',
  'entry_at',
  'status',
  'reason',
  'passed',
  'software',
] as const satisfies readonly (keyof ClearingRow)[];

/** Fields of a 48-byte trip record (T-Union EF1E), as hex. */
function tripParts(trip: string) {
  const field = (offset: number, length: number) => trip.slice(offset * 2, (offset + length) * 2);
  return {
    // Eight bytes, `0000` before the six of the terminal id.
    terminal: field(3, 6),
    industry: field(9, 1),
    place: field(10, 4),
    at: field(25, 7),
    city: field(32, 2),
    acquirer: field(34, 8),
  };
}

function csvCell(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
