/** The ledger as the page tells it: one line a record, and the takings. */

import { yuan } from '../../controller/gate/feedback.ts';
import type { Ledger } from '../../controller/ledger/ledger.ts';
import type { LedgerRecord, Status, Story } from '../../controller/ledger/records.ts';
import type { LedgerRow } from '../panel/state.ts';

const ROWS_MAX = 60;
/** Debits that the operator may count on. */
const TAKEN: readonly Status[] = ['done', 'recovered', 'mac2-unverified'];

export interface Books {
  /** Newest first. */
  readonly rows: readonly LedgerRow[];
  readonly takings_fen: number;
}

export async function followBooks(ledger: Ledger, changed: () => void): Promise<Books> {
  const amounts = new Map<number, number>();
  const books = { rows: [] as LedgerRow[], takings_fen: 0 };
  for await (const story of ledger.stories()) retell(story);
  ledger.onAppend(({ seq, record }) => {
    note(seq, record);
    changed();
  });
  return books;

  function retell({ ref, intent, outcome }: Story): void {
    note(ref, intent);
    if (outcome) note(ref, outcome);
  }

  function note(seq: number, record: LedgerRecord): void {
    if (record.type === 'intent') amounts.set(seq, record.amount_fen);
    if (record.type === 'outcome') {
      if (TAKEN.includes(record.status)) books.takings_fen += amounts.get(record.ref) ?? 0;
      amounts.delete(record.ref);
    }
    books.rows = [{ seq, type: record.type, text: textOf(record) }, ...books.rows].slice(
      0,
      ROWS_MAX,
    );
  }
}

function textOf(record: LedgerRecord): string {
  switch (record.type) {
    case 'intent': {
      const { kind, amount_fen, card, counter, balance_before_fen } = record;
      const money = `${yuan(amount_fen)} of ${yuan(balance_before_fen)}`;
      return `kind ${kind} ${money} · card …${card.slice(-4)} · n ${counter}`;
    }
    case 'authorised':
      return `#${record.ref} termSeq ${record.term_seq} · MAC1 ${record.mac1}`;
    case 'debited':
      return `#${record.ref} TAC ${record.tac} · MAC2 ${record.mac2} · by ${record.by}`;
    case 'outcome':
      return `#${record.ref} ${record.status} · ${record.reason}`;
    case 'passage':
      return `#${record.ref} walked through`;
    case 'retired':
      return `records ${record.first_seq} to ${record.last_seq} settled and removed`;
    case 'free-passage':
      return `free passage ${record.phase}: ${record.reason} · ${record.passed} passed unpaid`;
    case 'sighting':
      return `card …${record.card.slice(-4)} ${record.reason}${record.blocked ? ' · blocked' : ''}`;
  }
}
