/** The card of the rehearsal: answers a T-Union purse would give, without keys or files. */

import type { LaneConfig } from '../../config/schema.ts';
import { type Card, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { bcdStamp, hexOf, u16, u32 } from '../card/bytes.ts';
import { buildTrip, TRIP_RECORD_LENGTH } from '../card/purse/trip-record.ts';

export const KEY_VERSION = '01';

export interface RehearsalCard extends Card {
  /** Upper-case hex. */
  readonly serial: string;
  /** The card leaves after the next 8054: it has paid, and nobody hears of it. */
  tearNext(): void;
}

const DONE = Buffer.from('9000', 'hex');
const UNKNOWN = Buffer.from('6D00', 'hex');
const MAC = Buffer.alloc(4);
const ENTERED_AGO_MS = 600_000;

/** @param wall_ms the time of the rehearsal; at an exit, cards entered ten minutes before it */
export function cardMaker(config: LaneConfig, wall_ms: number): (number: number) => RehearsalCard {
  const { site, purse } = config;
  const issuer = `${site.issuers[0] ?? `0113${site.local_cities[0] ?? site.city_code}`}FFFFFFFF`;
  const [algorithm = '04'] = Object.entries(purse.algorithms).find(([, of]) => of === 'sm4') ?? [];
  const offer = Buffer.from(`000000${KEY_VERSION}${algorithm}00000000`, 'hex');
  const trip = config.lane.kind === 'exit' ? entryTrip(config, wall_ms) : blankTrip();
  return (number) => {
    const serial = `9${String(number).padStart(19, '0')}`;
    const info = `${issuer}0201${serial}20000101209912310000`;
    const balance_fen = purse.balance_max_fen;
    return createCard({ serial, offer, trip, balance_fen, fci: fciOf(purse.aid, info) });
  };
}

interface Making {
  readonly serial: string;
  readonly fci: Buffer;
  /** What 8050 answers behind balance and counter. */
  readonly offer: Buffer;
  readonly trip: Buffer;
  readonly balance_fen: number;
}

function createCard({ serial, fci, offer, ...made }: Making): RehearsalCard {
  let { trip, balance_fen } = made;
  let counter = 0;
  let amount_fen = 0;
  let cached = trip;
  let torn = false;
  let tears = false;

  /** The answer before its 9000; null for a command that this card does not know. */
  function answer(command: Buffer): Buffer | null {
    switch (command.readUInt8(1)) {
      case 0xa4:
        return fci;
      case 0xb0:
        return MANAGEMENT;
      case 0xb2:
        return trip;
      case 0x50:
        amount_fen = command.readUInt32BE(6);
        return Buffer.concat([u32(balance_fen), u16(counter), offer]);
      case 0xdc:
        cached = Buffer.from(command.subarray(5));
        return EMPTY;
      case 0x54:
        counter += 1;
        balance_fen -= amount_fen;
        trip = cached;
        torn = tears;
        tears = false;
        return PROOF;
      case 0x5a:
        return PROOF;
      case 0x84:
        return MAC;
      case 0x1e:
        return EMPTY;
      default:
        return null;
    }
  }

  async function transceive(command: Buffer): Promise<Reply<Buffer>> {
    torn = false;
    const data = answer(command);
    if (torn) return failed('card-gone', 'unknown', 'the rehearsal card was taken away');
    return ok(data ? Buffer.concat([data, DONE]) : UNKNOWN);
  }

  return {
    serial,
    uid: Buffer.from(serial.slice(-14), 'hex'),
    ats: EMPTY,
    transceive,
    present: async () => ok(!torn),
    release: async () => {},
    tearNext() {
      tears = true;
    },
  };
}

const EMPTY = Buffer.alloc(0);
/** TAC and MAC2. */
const PROOF = Buffer.alloc(8);
/** EF17 of a card that may be used in other cities. */
const MANAGEMENT = Buffer.from(`${'00'.repeat(8)}000101${'00'.repeat(49)}`, 'hex');

/** EF15 in tag 9F0C, as T-Union cards have it. */
function fciOf(aid: string, info: string): Buffer {
  const name = `84${lengthOf(aid)}${aid}`;
  const about = `9F0801029F0C${lengthOf(info)}${info}`;
  const inner = `${name}A5${lengthOf(about)}${about}`;
  return Buffer.from(`6F${lengthOf(inner)}${inner}`, 'hex');
}

function lengthOf(hex: string): string {
  return hexOf(Buffer.from([hex.length / 2]));
}

function blankTrip(): Buffer {
  return Buffer.alloc(TRIP_RECORD_LENGTH);
}

/** Entered at another station of the fare table, a moment ago. */
function entryTrip({ site, lane, fare }: LaneConfig, wall_ms: number): Buffer {
  const { stations = [], max_fen = 0, max_minutes = 0 } = fare.distance ?? {};
  const from = stations.find(({ place }) => place !== lane.place);
  return buildTrip({
    kind: '03',
    terminal: Buffer.alloc(6),
    industry: 0,
    place: from?.place ?? lane.place,
    amount_fen: 0,
    balanceAfter_fen: 0,
    at: hexOf(bcdStamp(wall_ms - ENTERED_AGO_MS, site.utc_offset_minutes)),
    city: site.city_code,
    acquirer: site.acquirer,
    incompleteMax_fen: max_fen,
    tripMax_minutes: max_minutes,
  });
}
