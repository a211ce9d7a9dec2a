/**
 * Which bank's card is this? Reads the account number for its first digits, and can never pay: see
 * the rules at `accountAfterOptions` and docs/protocol.md §10.8.
 */

import { type Response, SW_OK } from '../../card/apdu.ts';
import { bcdStamp, hexOf } from '../../card/bytes.ts';
import { selectByName } from '../../card/purse/select.ts';
import { type Account, accountInRecord, accountInTrack2 } from '../../card/qpboc/account.ts';
import { getProcessingOptions, type Options, parseOptions } from '../../card/qpboc/gpo.ts';
import * as select from '../../card/qpboc/select.ts';
import type { BankReport, Face } from '../report.ts';
import type { CardTalk } from './card-talk.ts';
import type { ReadingDeps } from './reading.ts';

/** Where account numbers stand on most cards; free to read on some before any transaction. */
const USUAL_RECORDS = [
  { sfi: 1, number: 1 },
  { sfi: 2, number: 1 },
] as const;
const DIRECTORY_RECORDS_MAX = 10;

/** Null when the card has no PBOC application. */
export async function readBank(
  talk: CardTalk,
  face: Face,
  deps: ReadingDeps,
): Promise<BankReport | null> {
  for (const aid of await applications(talk, face)) {
    const fci = await talk.data(selectByName(aid));
    if (!fci) continue;
    const { label, pdol } = select.parseApplication(fci);
    const account = await readAccount(talk, { face, pdol, deps });
    return {
      maskedAccount: account?.masked ?? '',
      bank: account?.bank ?? null,
      label,
      expires: account?.expires ?? null,
    };
  }
  return null;
}

/** In the order in which they are to be tried. */
async function applications(talk: CardTalk, face: Face): Promise<readonly Buffer[]> {
  const directory = await talk.data(selectByName(select.DIRECTORY[face]));
  if (!directory) return select.AIDS;
  const records = face === 'contact' ? await directoryRecords(talk, directory) : directory;
  return select.parseDirectory(records).map(({ aid }) => aid);
}

async function directoryRecords(talk: CardTalk, fci: Buffer): Promise<Buffer> {
  const sfi = select.directorySfi(fci);
  const records: Buffer[] = [];
  for (let number = 1; sfi !== null && number <= DIRECTORY_RECORDS_MAX; number++) {
    const record = await talk.data(select.readRecord(sfi, number));
    if (!record) break;
    records.push(record);
  }
  return Buffer.concat(records);
}

interface AccountSearch {
  readonly face: Face;
  readonly pdol: Buffer | null;
  readonly deps: ReadingDeps;
}

async function readAccount(talk: CardTalk, search: AccountSearch): Promise<Account | null> {
  const { bank_account, banks } = search.deps.ssc;
  if (bank_account === 'never') return null;
  // No transaction has begun: nothing that is read now can end one.
  for (const { sfi, number } of USUAL_RECORDS) {
    const record = await talk.data(select.readRecord(sfi, number));
    const account = record && accountInRecord(record, banks);
    if (account) return account;
  }
  return bank_account === 'gpo' ? accountByOptions(talk, search) : null;
}

async function accountByOptions(
  talk: CardTalk,
  { face, pdol, deps }: AccountSearch,
): Promise<Account | null> {
  const { clock, utcOffset_minutes, ssc } = deps;
  const date = hexOf(bcdStamp(clock.wall_ms(), utcOffset_minutes)).slice(2, 8);
  const command = getProcessingOptions(pdol, { face, date });
  const answer: Response | null = command && (await talk.send(command));
  const options = answer?.sw === SW_OK ? parseOptions(answer.data) : null;
  return options && accountAfterOptions(talk, options, { face, banks: ssc.banks });
}

/**
 * A contactless card that approved offline debits when the last record of its list is read, and on
 * no other command. So: once it has decided, whatever it decided, no record is read at all; and
 * where it has not, the last one is still left alone. With contacts a card debits in GENERATE AC
 * alone, which does not exist here. And every amount was zero.
 */
async function accountAfterOptions(
  talk: CardTalk,
  { decided, track2, records }: Options,
  { face, banks }: { face: Face; banks: ReadingDeps['ssc']['banks'] },
): Promise<Account | null> {
  const told = track2 && accountInTrack2(track2, banks);
  if (told || decided) return told;
  for (const { sfi, number } of face === 'contactless' ? records.slice(0, -1) : records) {
    const record = await talk.data(select.readRecord(sfi, number));
    const account = record && accountInRecord(record, banks);
    if (account) return account;
  }
  return null;
}
