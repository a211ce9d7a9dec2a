/**
 * Stage `screening`: may this card be used here at all? The order is the field's: application
 * type, enabled, issuer, dates, interoperability, blacklist (docs/protocol.md §5).
 */

import { bcdStamp, hexOf } from '../../card/bytes.ts';
import type { Network } from '../network.ts';
import type { Refused } from '../outcome.ts';
import { blockListedCard } from './block.ts';
import { settleBefore } from './story.ts';
import { NEXT, type Purse, purseOf, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function screen(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const purse = purseOf(tap);
  const { config, clock, blacklist, ledger, network } = deps;
  const today = hexOf(bcdStamp(clock.wall_ms(), config.site.utc_offset_minutes)).slice(0, 8);

  const refusal = refusalOf(purse, network, today);
  if (refusal) return refuse(refusal, `EF15/EF17 of card ending ${purse.serial.slice(-4)}`);

  const answer = await blacklist.check(purse.info.serial);
  switch (answer.kind) {
    case 'unreadable':
      return refuse('list-unreadable', answer.detail);
    case 'listed': {
      const blocked = await blockListedCard(tap, deps, answer.reason);
      return refuse(`listed-${answer.reason}`, blocked ? 'blocked by 841E' : 'not blocked');
    }
    case 'clear': {
      await settleBefore(ledger);
      return ledger.openStory(purse.serial) ? { kind: 'torn' } : NEXT;
    }
  }
}

/** The rules over EF15 and EF17 alone; null when the card passes. @param today YYYYMMDD */
function refusalOf(purse: Purse, network: Network, today: string): Refused | null {
  const { info, foreign, management } = purse;
  const prefix = hexOf(info.issuer.subarray(0, 4));
  if (info.applicationType !== 0x02) return 'not-a-purse';
  if (info.version === 0xff) return 'expired';
  if (info.version === 0x00) return 'not-enabled';
  if (!network.accepts(prefix)) return 'issuer-unknown';
  if (!isDate(info.start) || !isDate(info.expiry)) return 'card-damaged';
  if (today < info.start) return 'not-yet-valid';
  if (today > info.expiry) return 'expired';
  if (foreign && !management?.interoperable) return 'not-interoperable';
  return null;
}

function isDate(digits: string): boolean {
  return /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits);
}
