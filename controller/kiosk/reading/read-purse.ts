/** The transit purse on the card: serial, balance, validity, the last ten records. Reads alone. */

import { SW_OK } from '../../card/apdu.ts';
import { hexOf, wallOfStamp } from '../../card/bytes.ts';
import { getBalance, parseBalance } from '../../card/purse/get-balance.ts';
import { parseLogRecord, readLogRecord } from '../../card/purse/log-record.ts';
import { type PublicInfo, parsePublicInfo, readPublicInfo } from '../../card/purse/public-info.ts';
import { publicInfoInFci, selectByName } from '../../card/purse/select.ts';
import { parseTrip, readTrip } from '../../card/purse/trip-record.ts';
import { dateOf } from '../../card/ssc/text.ts';
import type { PurseRecord, PurseReport } from '../report.ts';
import type { CardTalk } from './card-talk.ts';

const RECORDS_MAX = 10;

/** Null when the card has no purse, or one that is blocked. */
export async function readPurse(talk: CardTalk, aid: string): Promise<PurseReport | null> {
  const fci = await talk.data(selectByName(Buffer.from(aid, 'hex')));
  if (!fci) return null;
  const file = publicInfoInFci(fci) ?? (await talk.data(readPublicInfo()));
  const info = file && parsePublicInfo(file);
  if (!info) return null;
  const balance = await talk.data(getBalance());
  const log = await readLog(talk);
  const trips = await readTrips(talk);
  return {
    serial: hexOf(info.serial),
    balance_fen: balance && parseBalance(balance),
    startsOn: dayOf(info.start),
    endsOn: dayOf(info.expiry),
    records: merged(log, trips),
  };
}

function dayOf(digits: PublicInfo['start']): string | null {
  return dateOf(Buffer.from(digits, 'hex')).date;
}

/** A record with its time as it stands, by which log and trips are told to be the same. */
type Stamped = PurseRecord & { readonly stamp: string };

/** EF18: every load and purchase. */
async function readLog(talk: CardTalk): Promise<Stamped[]> {
  const kinds: Readonly<Record<string, PurseRecord['kind']>> = {
    '01': 'load',
    '02': 'load',
    '05': 'purchase',
    '06': 'purchase',
    '09': 'purchase',
  };
  return collect(talk, readLogRecord, (bytes) => {
    const record = parseLogRecord(bytes);
    return record && { ...record, kind: kinds[record.type] ?? 'other' };
  });
}

/** EF1E: what was an entry, what an exit. */
async function readTrips(talk: CardTalk): Promise<Stamped[]> {
  const kinds: Readonly<Record<string, PurseRecord['kind']>> = {
    '03': 'entry',
    '04': 'exit',
    '06': 'purchase',
  };
  return collect(talk, readTrip, (bytes) => {
    const trip = parseTrip(bytes);
    if (!trip || trip.kind === '00') return null;
    return { ...trip, terminal: hexOf(trip.terminal), kind: kinds[trip.kind] ?? 'other' };
  });
}

type Raw = Pick<PurseRecord, 'kind' | 'amount_fen' | 'terminal'> & { readonly at: string };

/** Newest first, until the card has no more, or none that was ever written. */
async function collect(
  talk: CardTalk,
  read: typeof readTrip,
  parse: (bytes: Buffer) => Raw | null,
): Promise<Stamped[]> {
  const records: Stamped[] = [];
  for (let number = 1; number <= RECORDS_MAX; number++) {
    const answer = await talk.send(read(number));
    const raw = answer?.sw === SW_OK ? parse(answer.data) : null;
    if (!raw || /^(0*|F*)$/.test(raw.at)) break;
    const { kind, amount_fen, terminal, at } = raw;
    records.push({ kind, amount_fen, terminal, at: timeOf(at), stamp: at });
  }
  return records;
}

/** What the log and the trips tell of the same moment is one record: the trip knows its kind. */
function merged(log: readonly Stamped[], trips: readonly Stamped[]): PurseRecord[] {
  const byStamp = new Map(trips.map((trip) => [trip.stamp, trip]));
  const logged = log.map((record) => {
    const trip = record.kind === 'purchase' ? byStamp.get(record.stamp) : undefined;
    return trip ? { ...record, kind: trip.kind } : record;
  });
  const stamps = new Set(log.map(({ stamp }) => stamp));
  return [...logged, ...trips.filter(({ stamp }) => !stamps.has(stamp))]
    .sort((a, b) => (a.stamp < b.stamp ? 1 : a.stamp > b.stamp ? -1 : 0))
    .slice(0, RECORDS_MAX)
    .map(({ stamp: _, ...record }) => record);
}

/** @param stamp BCD `YYYYMMDDHHMMSS` */
function timeOf(stamp: string): string | null {
  if (Number.isNaN(wallOfStamp(stamp, 0))) return null;
  return stamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3 $4:$5:$6');
}
