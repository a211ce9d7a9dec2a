/** Records for the ledger's tests; bytes spell their place where they can. */

import type { Intent, LedgerRecord } from '../../../controller/ledger/records.ts';

/** Kind 04, terminal …0001, metro, place 01020003, 2.00 yuan, city 3320, acquirer 99…88. */
export const TRIP =
  `04${'0000332099000001'}01${'01020003'}000015${'000000C8'}${'00002648'}` +
  `${'20260701083000'}3320${'9999333200008888'}${'00000000'}0000`;

const ENTRY =
  `03${'0000332099000007'}01${'01020009'}000015${'00000000'}${'00002710'}` +
  `${'20260701080500'}3320${'9999333200008888'}${'000003E8'}00B4`;

export const CARD = '03104399900000000099';

export function intent(changes: Partial<Intent> = {}): Intent {
  return {
    type: 'intent',
    card: CARD,
    issuer: '01133320FFFFFFFF',
    card_kind: '01',
    counter: 7,
    txn_type: '09',
    kind: '04',
    amount_fen: 200,
    balance_before_fen: 10_000,
    at: '20260701083000',
    terminal: '332099000001',
    psam: '33209900000000000001',
    key_version: '01',
    algorithm: '04',
    trip: TRIP,
    entry: ENTRY,
    fare_rule: 'distance:2',
    opens: true,
    ...changes,
  };
}

export const authorised = (ref: number, term_seq = '00000102'): LedgerRecord => ({
  type: 'authorised',
  ref,
  term_seq,
  mac1: 'B915CAE7',
});
export const debited = (ref: number): LedgerRecord => ({
  type: 'debited',
  ref,
  tac: '4FE3D8DD',
  mac2: '046BF062',
  by: '8054',
});
export const outcome = (
  ref: number,
  status: 'done' | 'recovered' | 'mac2-unverified' | 'mac2-wrong' | 'not-debited' | 'grey' = 'done',
  reason = '9000',
): LedgerRecord => ({ type: 'outcome', ref, status, reason });
export const passage = (ref: number): LedgerRecord => ({ type: 'passage', ref });
export const sighting = (): LedgerRecord => ({
  type: 'sighting',
  card: CARD,
  reason: 'lost',
  at: '20260701083000',
  blocked: true,
});
