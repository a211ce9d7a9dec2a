/**
 * The final balance: each record that the back office ever got is checked with keys and arithmetic
 * of its own. Only here do cards, ledger and office meet to the fen.
 */

import { diversifyAll, mac, tacKey } from '../crypto.ts';
import { type KeyAlgorithm, masterKey, SCHEMES, SIM_KEYS } from '../keys.ts';
import type { Debit } from './checks.ts';
import { lived } from './clock.ts';
import { framesIn, hashOf, isSegment } from './journal.ts';
import type { Row } from './office.ts';
import type { World } from './world.ts';

const TAKEN = ['done', 'recovered'];
const ALGORITHMS = Object.keys(SCHEMES) as KeyAlgorithm[];

export async function balanceBooks(world: World): Promise<void> {
  const { office } = world;
  await lived(world.clock, office.fetch());
  const { debits } = world.checks;
  const byRef = new Map(debits.map((debit) => [debit.ref, debit]));
  for (const row of office.rows) {
    judge(world, row, byRef.get(row.record_seq));
    byRef.delete(row.record_seq);
  }
  for (const { serial, counter } of byRef.values()) {
    world.checks.fail('money', `${serial} paid at n ${counter} and the books do not know of it`);
  }
  countCards(world);
  checkChain(world);
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
function checkChain({ disk, checks, office }: World): void {
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
    // What the office has confirmed may be gone, and nothing else.
    if (!seen.has(seq) && seq > office.confirmed)
      checks.fail('journal', `record ${seq} was confirmed and is gone`);
  }
}
