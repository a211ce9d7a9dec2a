/**
 * The back office: fetches the books as `tapway ledger export` gives them and checks each record
 * with keys and arithmetic of its own. Only here do cards, ledger and office meet to the fen.
 */

import { exportClearing } from '../../controller/ledger/export.ts';
import { diversifyAll, mac, tacKey } from '../crypto.ts';
import { type KeyAlgorithm, masterKey, SCHEMES, SIM_KEYS } from '../keys.ts';
import type { Debit } from './checks.ts';
import { framesIn, hashOf, isSegment } from './journal.ts';
import { lived, type World } from './world.ts';

interface Row {
  readonly record_seq: number;
  readonly card: string;
  readonly issuer: string;
  readonly counter: number;
  readonly txn_type: string;
  readonly amount_fen: number;
  readonly terminal: string;
  readonly term_seq: string | null;
  readonly at: string;
  readonly tac: string | null;
  readonly algorithm: string;
  readonly status: string;
}

const TAKEN = ['done', 'recovered'];
const ALGORITHMS = Object.keys(SCHEMES) as KeyAlgorithm[];

export async function balanceBooks(world: World): Promise<void> {
  const rows = await fetchBooks(world);
  const { debits } = world.checks;
  const byRef = new Map(debits.map((debit) => [debit.ref, debit]));
  for (const row of rows) {
    judge(world, row, byRef.get(row.record_seq));
    byRef.delete(row.record_seq);
  }
  for (const { serial, counter } of byRef.values()) {
    world.checks.fail('money', `${serial} paid at n ${counter} and the books do not know of it`);
  }
  countCards(world);
  checkChain(world);
}

async function fetchBooks(world: World): Promise<Row[]> {
  const ledger = world.life?.lane?.ledger;
  if (!ledger) throw new Error('the books are fetched from a lane that does not run');
  const rows: Row[] = [];
  const read = async () => {
    const exported = exportClearing(ledger.stories(), { format: 'jsonl', software: 'world' });
    for await (const line of exported) rows.push(JSON.parse(line) as Row);
  };
  await lived(world, read());
  return rows;
}

/** What the record says, what its TAC proves, and what the card did, must be one. */
function judge({ checks, log }: World, row: Row, debit: Debit | undefined): void {
  const { record_seq, status } = row;
  const name = `record ${record_seq} (${status}) of ${row.card}`;
  log.count('books', status);
  const proved = row.tac !== null && row.term_seq !== null && row.tac === tacOf(row);
  if (debit && debit.amount_fen !== row.amount_fen) {
    checks.fail('money', `${name}: ${row.amount_fen} fen in the books, ${debit.amount_fen} paid`);
  }
  if (debit && status === 'not-debited') checks.fail('money', `${name}: the card did pay`);
  if (!debit && TAKEN.includes(status)) checks.fail('money', `${name}: the card did not pay`);
  if (TAKEN.includes(status) && row.term_seq !== null && !proved) {
    checks.fail('money', `${name}: its TAC is wrong`);
  }
  if (!debit && proved) checks.fail('money', `${name}: a TAC that no card gave`);
  if (debit && !TAKEN.includes(status)) log.count('books', 'paid, for the host to settle');
}

const keys = new Map<string, Buffer>();

/** The TAC that this record must bear (docs/protocol.md §3.4). */
function tacOf(row: Row): string {
  const id = Number.parseInt(row.algorithm, 16);
  const algorithm = ALGORITHMS.find((one) => SCHEMES[one].algorithmId === id) ?? 'sm4';
  const name = `${algorithm} ${row.issuer} ${row.card}`;
  const key = keys.get(name) ?? keyOf(algorithm, row);
  keys.set(name, key);
  const amount = Buffer.alloc(4);
  amount.writeUInt32BE(row.amount_fen);
  const rest = Buffer.from(`${row.txn_type}${row.terminal}${row.term_seq}${row.at}`, 'hex');
  return mac(algorithm, key, Buffer.concat([amount, rest]))
    .toString('hex')
    .toUpperCase();
}

function keyOf(algorithm: KeyAlgorithm, { issuer, card }: Row): Buffer {
  const factors = [Buffer.from(issuer, 'hex'), Buffer.from(card, 'hex').subarray(2)];
  const master = masterKey(SIM_KEYS, 'tac', algorithm).key;
  return tacKey(algorithm, diversifyAll(algorithm, master, factors));
}

/** What left each card is what it paid here. */
function countCards({ cards, checks }: World): void {
  for (const card of cards) {
    if (!card.purse) continue;
    const paid_fen = checks.debits
      .filter((debit) => debit.card === card)
      .reduce((sum, { amount_fen }) => sum + amount_fen, 0);
    const left_fen = card.given_fen - card.purse.balance_fen;
    if (left_fen === paid_fen) continue;
    checks.fail('money', `${card.serial}: ${left_fen} fen left the card, ${paid_fen} were paid`);
  }
}

/** Every record names the one before, and every record that was confirmed is there. */
function checkChain({ disk, checks }: World): void {
  const seen = new Set<number>();
  let before = '';
  for (const path of disk.paths().filter(isSegment)) {
    const bytes = disk.durable(path);
    checks.privacy.stored(path, bytes);
    for (const { seq, prev, frame } of framesIn(bytes)) {
      if (before !== '' && prev !== before) {
        checks.fail('journal', `record ${seq} names another predecessor`);
      }
      before = hashOf(frame);
      seen.add(seq);
    }
  }
  for (const seq of checks.appended.keys()) {
    if (!seen.has(seq)) checks.fail('journal', `record ${seq} was confirmed and is gone`);
  }
}
