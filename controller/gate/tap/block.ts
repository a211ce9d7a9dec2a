/** Blocks a listed card on the spot (841E), when the policy wants it and the SAM holds the key. */

import type { Reason } from '../../blacklist/blacklist.ts';
import { exchange, SW_OK } from '../../card/apdu.ts';
import { bcdStamp, hexOf } from '../../card/bytes.ts';
import { blockApplication, getChallenge } from '../../card/purse/block.ts';
import { purseOf, type Tap, type TapDeps } from './tap.ts';

/** Was the card blocked? Whatever fails here, the card is refused all the same. */
export async function blockListedCard(tap: Tap, deps: TapDeps, reason: Reason): Promise<boolean> {
  const { config, clock, ledger } = deps;
  const blocked = config.lane.block_listed_cards && (await block(tap, deps));
  const at = hexOf(bcdStamp(clock.wall_ms(), config.site.utc_offset_minutes));
  const card = purseOf(tap).serial;
  // The refusal does not wait for the disk: a sighting moves no money.
  void ledger.append({ type: 'sighting', card, reason, at, blocked });
  return blocked;
}

async function block(tap: Tap, deps: TapDeps): Promise<boolean> {
  const { info } = purseOf(tap);
  const timeout_ms = deps.config.reader.card_timeout_ms;
  const challenge = await exchange(tap.card, getChallenge(), timeout_ms);
  if (!challenge.ok || challenge.value.sw !== SW_OK) return false;
  // Whether a SAM keeps its purchase session through 801A is not documented; assume it does not.
  deps.samSession.ref = null;
  const cardFactor = info.serial.subarray(2);
  const mac = await deps.sam.blockMac(challenge.value.data, cardFactor, info.issuer);
  if (!mac.ok || !mac.value) return false;
  const answer = await exchange(tap.card, blockApplication(mac.value), timeout_ms);
  return answer.ok && answer.value.sw === SW_OK;
}
