/** What the screen shows, from what the kiosk is doing and what it knows of the person. */

import type { KioskConfig } from '../../config/kiosk.ts';
import { withPhones } from '../gate/feedback.ts';
import { adviceFor, cardView } from './card-view.ts';
import type { Printing } from './printing.ts';
import type { SessionState } from './session.ts';
import type { Staff } from './staff.ts';
import type { Till } from './till.ts';
import type { DeviceHealth, Guide, GuideLink, PayItem, Screen, Service, Slip } from './view.ts';
import type { Priced, Visit } from './visit.ts';
import type { Prompt } from './words.ts';

export type Mode = 'starting' | 'inService' | 'outOfService' | 'code' | 'maintenance' | 'stopped';

export interface Settings {
  readonly locale: string;
  readonly elder: boolean;
  readonly highContrast: boolean;
  readonly sound: boolean;
}

export interface Scene {
  readonly config: KioskConfig;
  readonly settings: Settings;
  readonly mode: Mode;
  readonly session: SessionState;
  readonly facts: { readonly service: Service; readonly slip: Slip; readonly torn: boolean };
  readonly visit: Visit;
  readonly till: Till | null;
  /** May anything be paid at the moment? */
  readonly canPay: boolean;
  readonly printing: Pick<Printing, 'ready'>;
  readonly staff: Pick<Staff, 'typed' | 'wrong'>;
  readonly health: () => readonly DeviceHealth[];
}

/** Money or paper under way, or a card to be taken: told even when the kiosk closes meanwhile. */
const TOLD_FIRST: readonly SessionState[] = ['paying', 'paid', 'printing', 'printed', 'takeCard'];

export function screenOf(scene: Scene): Screen {
  const { mode, session, staff, health } = scene;
  if (mode === 'code') return { kind: 'service-code', typed: staff.typed, wrong: staff.wrong };
  if (mode === 'maintenance') return { kind: 'maintenance', devices: health() };
  if (mode === 'inService' || TOLD_FIRST.includes(session)) return sessionScreen(scene);
  const code = mode === 'starting' ? 'starting' : 'out-of-service';
  return { kind: 'out-of-service', advice: adviceIn(scene, code) };
}

function sessionScreen(scene: Scene): Screen {
  const { session, visit, facts } = scene;
  switch (session) {
    case 'welcome':
      return { kind: 'welcome', guides: guideLinks(scene) };
    case 'guide':
      return guideScreen(scene);
    case 'reading':
      return { kind: 'reading', face: visit.face };
    case 'unreadable':
      return { kind: 'unreadable', advice: adviceIn(scene, visit.advice) };
    case 'card':
      return cardScreen(scene);
    case 'pin':
      return pinScreen(scene);
    case 'confirming':
    case 'paying':
    case 'paid':
      return payScreen(scene);
    case 'printing':
      return { kind: 'printing', what: facts.slip };
    case 'printed':
      return { kind: 'printed', what: facts.slip };
    case 'takeCard':
      return { kind: 'take-card' };
  }
}

function guideScreen(scene: Scene): Screen {
  const guides = guidesIn(scene);
  const guide = guides.find(({ id }) => id === scene.visit.guide) ?? guides[0];
  if (!guide) return { kind: 'welcome', guides: [] };
  return { kind: 'guide', guide, guides: guideLinks(scene) };
}

function cardScreen({ config, settings, visit, facts, till, canPay }: Scene): Screen {
  const { report } = visit;
  if (!report) return { kind: 'reading', face: visit.face };
  const { locale } = settings;
  const card = cardView({
    ...{ visit, report, locale },
    guides: guidesOf(config, locale),
    site: config.site,
    items: canPay && till ? till.items(locale) : [],
  });
  return { kind: 'card', card, service: facts.service };
}

function pinScreen({ visit }: Scene): Screen {
  const { left, wrong, agreed } = visit.pin;
  if (left === null) return { kind: 'reading', face: visit.face };
  const lastTry = left === 1 && !agreed;
  return { kind: 'pin', triesLeft: left, typed: visit.pad.typed, lastTry, wrong };
}

function payScreen(scene: Scene): Screen {
  const { session, visit, printing, settings, facts } = scene;
  const { pay, report } = visit;
  if (!pay) return { kind: 'take-card' };
  const item = named(scene, pay.item);
  if (session === 'confirming') {
    const balance_fen = report?.purse?.balance_fen ?? null;
    return { kind: 'confirm-pay', item, balance_fen, again: pay.again, noReceipt: !printing.ready };
  }
  const { told } = pay;
  if (session === 'paying' || !told) {
    return { kind: 'paying', item, state: facts.torn ? 'tap-again' : 'working' };
  }
  const { title = '', advice = '' } = told.texts[settings.locale] ?? {};
  const { outcome, balance_fen } = told;
  const receipt = told.receipt !== null;
  const said = { outcome, title, advice, balance_fen, receipt };
  return { kind: 'paid', item: named(scene, told.item), ...said };
}

function named({ till, settings }: Scene, item: Priced): PayItem {
  return till?.named(item, settings.locale) ?? { ...item, name: item.id };
}

function adviceIn({ config, settings }: Scene, code: Parameters<typeof adviceFor>[0]) {
  const { site } = config;
  return adviceFor(code, { guides: guidesOf(config, settings.locale), site });
}

function guidesIn({ config, settings }: Pick<Scene, 'config' | 'settings'>): Guide[] {
  const fill = (text: string) => withPhones(text, config.site);
  return guidesOf(config, settings.locale).guides.map(({ id, title, sections }) => ({
    ...{ id, title: fill(title) },
    sections: sections.map(({ heading, lines }) => ({
      heading: fill(heading),
      lines: lines.map(fill),
    })),
  }));
}

function guideLinks(scene: Scene): GuideLink[] {
  return guidesIn(scene).map(({ id, title }) => ({ id, title }));
}

export function guidesOf({ guides }: KioskConfig, locale: string) {
  const found = guides[locale] ?? Object.values(guides)[0];
  if (!found) throw new Error('a kiosk has guides in one language at least');
  return found;
}

/** What is said aloud when this scene begins; null: nothing new. */
export function promptOf({ mode, session, visit, facts }: Scene): Prompt | null {
  if (mode === 'code' || mode === 'maintenance') return null;
  if (mode !== 'inService' && !TOLD_FIRST.includes(session)) return 'out-of-service';
  switch (session) {
    case 'unreadable':
      return visit.advice === 'several-cards' ? 'several-cards' : 'unreadable';
    case 'pin': {
      if (visit.pin.left === null) return null;
      if (visit.pin.left === 1 && !visit.pin.agreed) return 'pin-last';
      return visit.pin.wrong ? 'pin-wrong' : 'pin';
    }
    case 'confirming':
      return visit.pay?.again ? 'pay-again' : 'confirm-pay';
    case 'paying':
      return facts.torn ? 'tap-again' : 'paying';
    case 'paid':
      return visit.pay?.told?.outcome ?? 'uncertain';
    case 'takeCard':
      return 'take-card';
    default:
      return session;
  }
}
