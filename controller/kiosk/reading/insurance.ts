/** The PIN and what it opens. One try a call, and none without knowing how many are left. */

import type { Card, Reply } from '../../../firmware-bridge/ports.ts';
import { SW_OK } from '../../card/apdu.ts';
import { INSURANCE_FILES, insuranceValue } from '../../card/ssc/insurance-files.ts';
import * as pin from '../../card/ssc/pin.ts';
import { type Directory, selectEnvironment } from '../../card/ssc/select.ts';
import type { InsuranceItem } from '../report.ts';
import { CardTalk } from './card-talk.ts';
import type { PinEntry, PinTries, PinVerdict, ReadingDeps } from './reading.ts';
import { SscFiles } from './ssc-files.ts';

/** Costs no try. */
export async function pinTriesLeft(
  card: Card,
  { ssc }: Pick<ReadingDeps, 'ssc'>,
): Promise<Reply<PinTries>> {
  const talk = new CardTalk(card, ssc.timeout_ms);
  return talk.end(await askTries(talk));
}

/**
 * One entry of the holder. A fault with effect `unknown` may have cost a try.
 */
export async function verifyPin(
  card: Card,
  entry: PinEntry,
  { ssc }: Pick<ReadingDeps, 'ssc'>,
): Promise<Reply<PinVerdict>> {
  const talk = new CardTalk(card, ssc.timeout_ms);
  if (!pin.isPin(entry.pin)) return talk.end({ kind: 'malformed' });
  const tries = await askTries(talk);
  if (tries.kind !== 'left') return talk.end(tries);
  if (tries.left <= 1 && !entry.lastTryAgreed) return talk.end({ kind: 'last-try' });
  const command = pin.verify(entry.pin);
  const answer = await talk.send(command);
  command.data.fill(0);
  return talk.end(verdictOf(answer?.sw ?? 0));
}

/**
 * A card that refuses its environment, as locked ones do, stays in another application, such as the
 * bank's: neither question nor PIN goes there.
 */
async function askTries(talk: CardTalk): Promise<PinTries> {
  if ((await talk.send(selectEnvironment()))?.sw !== SW_OK) return { kind: 'untold' };
  const answer = pin.pinAnswer((await talk.send(pin.queryTries()))?.sw ?? 0);
  switch (answer.kind) {
    case 'ok':
      return { kind: 'unset' };
    case 'other':
      return { kind: 'untold' };
    case 'left':
    case 'locked':
      return answer;
  }
}

function verdictOf(sw: number): PinVerdict {
  const answer = pin.pinAnswer(sw);
  switch (answer.kind) {
    case 'ok':
      return { kind: 'right' };
    case 'left':
      return { kind: 'wrong', left: answer.left };
    case 'locked':
      return answer;
    case 'other':
      return { kind: 'untold' };
  }
}

/**
 * After the right PIN, with the card still where it was. What it does not hold, or still hides, is
 * left out.
 */
export async function readInsurance(
  card: Card,
  { ssc }: Pick<ReadingDeps, 'ssc'>,
): Promise<Reply<readonly InsuranceItem[]>> {
  const talk = new CardTalk(card, ssc.timeout_ms);
  const files = new SscFiles(talk);
  const found: InsuranceItem[] = [];
  let current: Directory | null = null;
  for (const { df, ef, items } of INSURANCE_FILES) {
    // A DF that is not there hides all its files.
    if (df !== current && (await files.enter(df)) !== SW_OK) continue;
    current = df;
    const { records } = await files.read(ef, items);
    for (const item of items) {
      const bytes = records.get(item.tag);
      const value = bytes ? insuranceValue(item, bytes) : null;
      if (value !== null) found.push({ code: item.code, value });
    }
  }
  return talk.end(found);
}
