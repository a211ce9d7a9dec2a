/** Feedback table: message → light and sound, and the text of each locale with its amounts. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Light, Sign, Sound } from '../../firmware-bridge/ports.ts';
import { GRANTED, type Message, TROUBLED } from './outcome.ts';

interface Signal {
  readonly light: Light;
  readonly sound: Sound;
}

const SPECIAL: Partial<Record<Message, Signal>> = {
  ready: { light: 'blue', sound: 'none' },
  starting: { light: 'off', sound: 'none' },
  closed: { light: 'red', sound: 'none' },
  maintenance: { light: 'red', sound: 'none' },
  emergency: { light: 'green', sound: 'alarm' },
  'free-passage': { light: 'green', sound: 'none' },
  wait: { light: 'red', sound: 'none' },
  'pass-free': { light: 'green', sound: 'pass-concession' },
  'pass-concession': { light: 'green', sound: 'pass-concession' },
  'several-cards': { light: 'amber', sound: 'retry' },
  'out-of-service': { light: 'red', sound: 'refuse' },
  'mac2-wrong': { light: 'red', sound: 'alarm' },
  'listed-stolen': { light: 'red', sound: 'alarm' },
  'listed-fraud': { light: 'red', sound: 'alarm' },
};

/** Green lets pass, amber asks for another tap, red refuses. */
export function signalFor(message: Message): Signal {
  const special = SPECIAL[message];
  if (special) return special;
  if (isOneOf(GRANTED, message)) return { light: 'green', sound: 'pass' };
  if (isOneOf(TROUBLED, message)) return { light: 'amber', sound: 'retry' };
  return { light: 'red', sound: 'refuse' };
}

export interface Amounts {
  readonly amount_fen: number;
  readonly balance_fen: number;
}

const BLANKS = /\{(?:amount|balance|phone|loss_phone)\}/g;

export type Phones = Pick<LaneConfig['site'], 'service_phone' | 'loss_phone'>;

/** Without amounts, a text that asks for them shows a dash in their place. */
export function signFor(
  message: Message,
  config: Pick<LaneConfig, 'site' | 'texts'>,
  amounts?: Amounts,
): Sign {
  const values: Readonly<Record<string, string>> = {
    '{amount}': amounts ? yuan(amounts.amount_fen) : '–',
    '{balance}': amounts ? yuan(amounts.balance_fen) : '–',
    '{phone}': config.site.service_phone,
    '{loss_phone}': config.site.loss_phone,
  };
  const fill = (text: string) => text.replace(BLANKS, (blank) => values[blank] ?? blank);
  const text = Object.fromEntries(
    config.site.locales.map((locale) => {
      const entry = config.texts[locale]?.[message];
      if (!entry) throw new Error(`no text for ${message} in locale ${locale}`);
      return [locale, { title: fill(entry.title), advice: fill(entry.advice) }];
    }),
  );
  return { ...signalFor(message), text };
}

/** A text of the site with the numbers that it names. */
export function withPhones(text: string, site: Phones): string {
  return text.replaceAll('{phone}', site.service_phone).replaceAll('{loss_phone}', site.loss_phone);
}

/** ¥1.80 @param amount_fen whole and not negative */
export function yuan(amount_fen: number): string {
  return `¥${Math.trunc(amount_fen / 100)}.${String(amount_fen % 100).padStart(2, '0')}`;
}

function isOneOf(list: readonly string[], message: Message): boolean {
  return list.includes(message);
}
