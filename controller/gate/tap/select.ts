/** Stage `selecting`: read what the purse says of itself, in as few commands as possible. */

import type { Reply } from '../../../firmware-bridge/ports.ts';
import { type Command, exchange, type Response, SW_OK } from '../../card/apdu.ts';
import { hexOf } from '../../card/bytes.ts';
import { parseManagementInfo, readManagementInfo } from '../../card/purse/management-info.ts';
import {
  cityOf,
  type PublicInfo,
  parsePublicInfo,
  readPublicInfo,
} from '../../card/purse/public-info.ts';
import { publicInfoInFci, selectByName } from '../../card/purse/select.ts';
import { readLatestTrip, TRIP_RECORD_LENGTH } from '../../card/purse/trip-record.ts';
import { describeStatus, isBlocked } from '../../card/status-words.ts';
import { fault, NEXT, type Purse, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function select(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const { purse, reader } = deps.config;
  const send = (command: Command) => exchange(tap.card, command, reader.card_timeout_ms);

  const selected = await send(selectByName(Buffer.from(purse.aid, 'hex')));
  if (!selected.ok) return fault(selected.fault);
  const { sw, data } = selected.value;
  if (isBlocked(sw)) return refuse('card-blocked', `SELECT ${describeStatus(sw)}`);
  if (sw !== SW_OK) return refuse('unsupported-card', `SELECT ${describeStatus(sw)}`);

  const info = await publicInfo(data, send);
  if (!info.ok) return fault(info.fault);
  if (!info.value) return refuse('card-damaged', 'EF15 cannot be read');

  const foreign = !deps.network.isLocal(cityOf(info.value));
  const management = foreign ? await send(readManagementInfo()) : null;
  if (management && !management.ok) return fault(management.fault);

  const trip = await send(readLatestTrip());
  if (!trip.ok) return fault(trip.fault);
  const record = tripIn(trip.value);
  if (record === 'damaged') return refuse('card-damaged', 'EF1E cannot be read');

  tap.purse = {
    info: info.value,
    serial: hexOf(info.value.serial),
    management: management ? parseManagementInfo(management.value.data) : null,
    foreign,
    trip: record,
  };
  return NEXT;
}

async function publicInfo(
  fci: Buffer,
  send: (command: Command) => Promise<Reply<Response>>,
): Promise<Reply<PublicInfo | null>> {
  const inFci = publicInfoInFci(fci);
  if (inFci) return { ok: true, value: parsePublicInfo(inFci) };
  const file = await send(readPublicInfo());
  if (!file.ok) return file;
  return { ok: true, value: file.value.sw === SW_OK ? parsePublicInfo(file.value.data) : null };
}

/** A card fresh from personalisation may have no record yet. */
function tripIn(response: Response): Purse['trip'] | 'damaged' {
  if (response.sw === 0x6a83 || response.sw === 0x6a82) return null;
  const whole = response.sw === SW_OK && response.data.length === TRIP_RECORD_LENGTH;
  return whole ? response.data : 'damaged';
}
