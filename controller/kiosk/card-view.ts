/**
 * What the screen shows of a card. Names and numbers are masked here, before they leave the
 * controller, unless the holder asked to see them.
 */

import type { SiteGuides } from '../../config/guides.ts';
import { type Phones, withPhones } from '../gate/feedback.ts';
import {
  maskCardId,
  maskCardNumber,
  maskCitizenNumber,
  maskDate,
  maskName,
  maskSerial,
} from './mask.ts';
import type { BankReport, CardReport, Holder, PurseReport, SscReport } from './report.ts';
import type { Advice, CardView, HolderView, PayItem, Service } from './view.ts';
import type { Visit } from './visit.ts';
import { wordsIn } from './words.ts';

export interface CardViewParts {
  readonly visit: Visit;
  readonly report: CardReport;
  readonly locale: string;
  readonly guides: SiteGuides;
  readonly site: Phones;
  /** What can be paid now; none: no till, or not at the moment. */
  readonly items: readonly PayItem[];
}

export function cardView(parts: CardViewParts): CardView {
  const { visit, report, locale, items } = parts;
  const { ssc, purse, bank } = report;
  const { revealed } = visit;
  const services = servicesOf(report, items);
  return {
    kind: report.kind,
    face: report.face,
    generation: ssc?.generation ?? null,
    revealed,
    canReveal: canReveal(report),
    services,
    holder: ssc?.holder ? holderView(ssc.holder, revealed) : null,
    holderState: ssc?.holderState ?? null,
    card: ssc && cardRows(ssc, revealed),
    photo: revealed ? photoOf(ssc) : null,
    validity: ssc && { ...ssc.validity, advice: adviceFor(ssc.validity.reason, parts) },
    purse: purse && purseView(purse, revealed),
    bank: bank && bankView(bank, locale),
    insurance:
      visit.insurance?.map(({ code, value }) => ({
        label: wordsIn(locale).insurance[code],
        value,
      })) ?? null,
    items: services.includes('pay') ? items : [],
    warnings: report.warnings,
    advice: adviceOf(parts),
  };
}

/** Has it names or numbers that are masked until the holder agrees? */
export function canReveal({ ssc, purse }: CardReport): boolean {
  return ssc !== null || purse !== null;
}

export function servicesOf({ ssc, purse }: CardReport, items: readonly PayItem[]): Service[] {
  const services: Service[] = ['information'];
  if (purse) services.push('balance');
  if (ssc) services.push('validity');
  // A locked card lets nobody try a PIN.
  if (ssc && ssc.validity.state !== 'locked') services.push('insurance');
  if (purse && items.length > 0) services.push('pay');
  return services;
}

export function adviceFor(
  code: keyof SiteGuides['advice'],
  { guides, site }: Pick<CardViewParts, 'guides' | 'site'>,
): Advice {
  const { title, lines, guide: wanted } = guides.advice[code];
  const fill = (text: string) => withPhones(text, site);
  const guide = guides.guides.find(({ id }) => id === wanted);
  return {
    ...{ title: fill(title), lines: lines.map(fill) },
    ...(guide && { guide: { id: guide.id, title: fill(guide.title) } }),
  };
}

/** The one thing most worth saying about this card. */
function adviceOf(parts: CardViewParts): Advice | null {
  const { kind, ssc } = parts.report;
  if (kind !== 'ssc') return adviceFor(kind, parts);
  if (!ssc) return null;
  if (ssc.genuine === 'counterfeit') return adviceFor('counterfeit', parts);
  if (ssc.validity.state !== 'valid') return adviceFor(ssc.validity.reason, parts);
  return ssc.holderState === 'read' ? null : adviceFor(ssc.holderState, parts);
}

function holderView(holder: Holder, revealed: boolean): HolderView {
  const { name, citizenNumber, sex, ethnicGroup, birthDate } = holder;
  if (!revealed) {
    return {
      name: maskName(name),
      citizenNumber: maskCitizenNumber(citizenNumber),
      sex,
      ethnicGroup: null,
      birthDate: birthDate && maskDate(birthDate),
    };
  }
  const group = ethnicGroup && (ethnicGroup.name ?? ethnicGroup.code);
  return { name, citizenNumber, sex, ethnicGroup: group, birthDate };
}

function cardRows(ssc: SscReport, revealed: boolean): CardView['card'] {
  const { cardNumber, cardId, cardClass, region, issuedOn, validUntil, version, genuine } = ssc;
  return {
    number: revealed ? cardNumber : cardNumber && maskCardNumber(cardNumber),
    id: revealed ? cardId : maskCardId(cardId),
    region: region.name ?? region.code,
    ...{ cardClass, issuedOn, validUntil, version, genuine },
  };
}

function photoOf(ssc: SscReport | null): string | null {
  if (!ssc?.photo) return null;
  return `data:image/${ssc.photo.type};base64,${ssc.photo.bytes.toString('base64')}`;
}

function purseView(purse: PurseReport, revealed: boolean): CardView['purse'] {
  return revealed ? purse : { ...purse, serial: maskSerial(purse.serial) };
}

function bankView({ maskedAccount, bank, label, expires }: BankReport, locale: string) {
  const name = bank && (bank[locale] ?? Object.values(bank)[0] ?? null);
  return { account: maskedAccount, name, label, expires };
}
