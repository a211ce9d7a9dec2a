/**
 * A card to its report: Social Security Card, transit purse, bank application, or what else it may
 * be. Reads alone; nothing here can take money from a card.
 */

import type { Card, Reply } from '../../../firmware-bridge/ports.ts';
import { selectByName } from '../../card/purse/select.ts';
import { historicalBytes, looksLikeSsc } from '../../card/ssc/historical.ts';
import type { CardReport, Face } from '../report.ts';
import { CardTalk } from './card-talk.ts';
import { readBank } from './read-bank.ts';
import { readPurse } from './read-purse.ts';
import { lockedSsc, readSsc } from './read-ssc.ts';
import type { ReadingDeps } from './reading.ts';

/**
 * Faults: `card-gone` and the like when the card was lost on the way; nothing half read is handed
 * out. A file that is missing or damaged spoils nothing but itself.
 */
export async function readCard(
  card: Card,
  face: Face,
  deps: ReadingDeps,
): Promise<Reply<CardReport>> {
  const talk = new CardTalk(card, deps.ssc.timeout_ms);
  const answer = await readSsc(talk, deps);
  const pooling = typeof answer === 'string' && (await isPoolingCard(talk, face, deps));
  const purse = await readPurse(talk, deps.purse.aid);
  const bank = await readBank(talk, face, deps);
  const nothingElse = !pooling && !purse && !bank;
  const likely = nothingElse || looksLikeSsc(historicalBytes(card.ats));
  const part = answer === 'maybe-locked' && likely ? lockedSsc() : answer;
  const ssc = typeof part === 'string' ? null : part;
  const kind = kindOf({ ssc, pooling, bank, purse });
  return talk.end({
    kind,
    ...(kind === 'medical-pooling' && { uncertain: true as const }),
    face,
    ssc: ssc?.report ?? null,
    purse,
    bank,
    warnings: ssc?.warnings ?? [],
  });
}

function kindOf(found: {
  readonly ssc: unknown;
  readonly pooling: boolean;
  readonly bank: unknown;
  readonly purse: unknown;
}): CardReport['kind'] {
  if (found.ssc) return 'ssc';
  if (found.pooling) return 'medical-pooling';
  if (found.bank) return 'bank';
  return found.purse ? 'transit' : 'unknown';
}

/** By the rule of the configuration: it answers one of these names, and has no SSC environment. */
async function isPoolingCard(talk: CardTalk, face: Face, { ssc }: ReadingDeps): Promise<boolean> {
  const { select, faces } = ssc.pooling_card;
  if (!faces.includes(face)) return false;
  for (const name of select) {
    const bytes = Buffer.from(name, 'hex');
    const command = selectByName(bytes);
    const byFileId = bytes.length === 2;
    if (await talk.data(byFileId ? { ...command, p1: 0x00 } : command)) return true;
  }
  return false;
}
