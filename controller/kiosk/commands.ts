/** What a person asks at the screen. A command that the present screen does not know is counted. */

import { adviceFor, canReveal, servicesOf } from './card-view.ts';
import type { OpenKiosk } from './kiosk.ts';
import { guidesOf } from './screen-view.ts';
import type { SlipContent } from './slip/slip.ts';
import { localTime } from './till.ts';
import type { Key, KioskCommand, Preview, Service, Slip } from './view.ts';

export interface Commands {
  take(command: KioskCommand): void;
  /** Work of the session: prints what was asked for. */
  printSlip(): Promise<void>;
  dropSlip(): void;
  /** What is shown of the slip that is about to be printed. */
  preview(): Preview | null;
  counters(): Readonly<Record<string, number>>;
}

/** Shorter PINs and codes are not sent. */
const PIN_MIN = 4;

export function createCommands(kiosk: OpenKiosk): Commands {
  const { visit } = kiosk;
  const { config, clock } = kiosk.deps;
  const counts = { commands: 0, ignored: 0, slips: 0, slips_failed: 0 };
  let slip: Buffer | null = null;

  return { take, printSlip, dropSlip, preview: shown, counters: () => ({ ...counts }) };

  function take(command: KioskCommand): void {
    counts.commands += 1;
    if (!handled(command)) counts.ignored += 1;
    kiosk.touch();
  }

  /** False: the present screen does not know it. */
  function handled(command: KioskCommand): boolean {
    switch (command.type) {
      case 'language':
      case 'elder':
      case 'contrast':
      case 'sound':
        return set(command);
      case 'guide':
        return openGuide(command.id);
      case 'service':
        return showService(command.service);
      case 'reveal':
        return reveal(command.on);
      case 'preview':
        return preview(command.what, command.full);
      case 'print':
        return print(command.what, command.full);
      case 'pay':
        return choose(command.item);
      case 'key':
        return typed(command.key);
      case 'confirm':
        return confirm();
      case 'back':
      case 'finish':
        return leave(command.type);
      case 'stay':
        return true;
      case 'staff':
        return askCode();
    }
  }

  function set(
    command: Extract<KioskCommand, { type: 'language' | 'elder' | 'contrast' | 'sound' }>,
  ): boolean {
    const { settings } = kiosk;
    switch (command.type) {
      case 'language':
        if (!config.site.locales.includes(command.locale)) return false;
        kiosk.settings = { ...settings, locale: command.locale };
        return true;
      case 'elder':
        kiosk.settings = { ...settings, elder: command.on };
        return true;
      case 'contrast':
        kiosk.settings = { ...settings, highContrast: command.high };
        return true;
      case 'sound':
        kiosk.settings = { ...settings, sound: command.on };
        return true;
    }
  }

  function openGuide(id: string): boolean {
    const here = ['welcome', 'guide', 'card'].includes(kiosk.session);
    const known = guidesOf(config, kiosk.settings.locale).guides.some((guide) => guide.id === id);
    if (kiosk.mode !== 'inService' || !here || !known) return false;
    visit.guide = id;
    kiosk.send({ type: 'GUIDE' });
    return true;
  }

  function showService(service: Service): boolean {
    const { report } = visit;
    if (kiosk.session !== 'card' || !report) return false;
    if (!servicesOf(report, saleable()).includes(service)) return false;
    kiosk.notice = null;
    visit.preview = null;
    const wantsPin = service === 'insurance' && visit.insurance === null;
    kiosk.send(wantsPin ? { type: 'ASK_PIN' } : { type: 'SERVICE', service });
    return true;
  }

  function saleable() {
    return kiosk.canPay && kiosk.till ? kiosk.till.items(kiosk.settings.locale) : [];
  }

  function reveal(on: boolean): boolean {
    if (kiosk.session !== 'card' || !visit.report) return false;
    visit.revealed = on;
    return true;
  }

  function preview(what: Slip, full: boolean): boolean {
    if (!contentOf(what)) return false;
    visit.preview = { what, full };
    return true;
  }

  /** Drawn anew each time, in the language and size of the moment: no picture is kept. */
  function shown(): Preview | null {
    const content = visit.preview && contentOf(visit.preview.what);
    if (!visit.preview || !content) return null;
    const { what, full } = visit.preview;
    const hasNumbers = visit.report !== null && canReveal(visit.report);
    const picture = kiosk.printing.preview(content, styleOf(full));
    return { what, full, canFull: what === 'information' && hasNumbers, picture };
  }

  function print(what: Slip, full: boolean): boolean {
    const content = contentOf(what);
    if (!content) return false;
    kiosk.notice = null;
    dropSlip();
    // Made at once: the card, and with it all that is known, may leave while it is printed.
    slip = kiosk.printing.compose(content, styleOf(full));
    kiosk.send({ type: 'PRINT', what });
    return true;
  }

  function styleOf(full: boolean) {
    const { locale, elder } = kiosk.settings;
    const { site, kiosk: own } = config;
    return {
      ...{ full, locale, elder },
      site: {
        name: site.name,
        phone: site.service_phone,
        serviceUrl: own.service_url ?? null,
      },
      printedAt: localTime(clock.wall_ms(), site.utc_offset_minutes).slice(0, 16),
    };
  }

  /** Null: there is nothing of the kind to print here. */
  function contentOf(what: Slip): SlipContent | null {
    if (!['card', 'paid', 'printed'].includes(kiosk.session)) return null;
    const { report, pay } = visit;
    const { locale } = kiosk.settings;
    switch (what) {
      case 'information':
        return report && { kind: 'information', report };
      case 'balance':
        return report?.purse ? { kind: 'balance', purse: report.purse } : null;
      case 'validity': {
        if (!report?.ssc) return null;
        const about = { guides: guidesOf(config, locale), site: config.site };
        const advice = adviceFor(report.ssc.validity.reason, about);
        return { kind: 'validity', ssc: report.ssc, advice };
      }
      case 'receipt': {
        const told = kiosk.session === 'card' ? null : pay?.told;
        if (!told?.receipt || !kiosk.till) return null;
        const item = kiosk.till.named(told.item, locale).name;
        const said = told.texts[locale] ?? { title: '', advice: '' };
        return { kind: 'receipt', payment: { ...told.receipt, item }, told: said };
      }
    }
  }

  async function printSlip(): Promise<void> {
    const document = slip;
    slip = null;
    const wrong = document ? await kiosk.printing.print(document) : 'not-printed';
    counts[wrong ? 'slips_failed' : 'slips'] += 1;
    if (wrong) kiosk.notice = wrong;
    kiosk.send({ type: wrong ? 'NOT_PRINTED' : 'PRINTED' });
  }

  function dropSlip(): void {
    slip?.fill(0);
    slip = null;
  }

  function choose(id: string): boolean {
    const item = saleable().find((each) => each.id === id);
    const serial = visit.report?.purse?.serial;
    if (kiosk.session !== 'card' || !item || !serial || !kiosk.till) return false;
    const again = kiosk.till.paidBefore(serial, id);
    const { price_fen } = item;
    kiosk.notice = null;
    const begun = { doubt: false, repeats: 0, told: null };
    visit.pay = { item: { id, price_fen }, serial, again, ...begun };
    // Whether there will be a receipt is told before the money moves.
    void kiosk.printing.refresh();
    kiosk.send({ type: 'PAY' });
    return true;
  }

  function typed(key: Key): boolean {
    if (kiosk.mode === 'code') {
      kiosk.staff.key(key);
      return true;
    }
    const { pin, pad } = visit;
    if (kiosk.session !== 'pin' || pin.left === null || pin.busy) return false;
    if (pin.left === 1 && !pin.agreed) return false;
    if (key === 'clear') pad.wipe();
    else if (key !== 'enter') pad.push(key);
    else if (pad.typed < PIN_MIN) return false;
    else kiosk.work.verify();
    return true;
  }

  function confirm(): boolean {
    if (kiosk.session === 'confirming' && !kiosk.canPay) {
      kiosk.notice = 'pay-not-now';
      kiosk.send({ type: 'BACK' });
      return true;
    }
    const lastTry = kiosk.session === 'pin' && visit.pin.left === 1 && !visit.pin.agreed;
    if (kiosk.session !== 'confirming' && !lastTry) return false;
    kiosk.send({ type: 'CONFIRM' });
    return true;
  }

  function leave(how: 'back' | 'finish'): boolean {
    if (kiosk.mode === 'code' || kiosk.mode === 'maintenance') {
      kiosk.sendMode({ type: 'LEAVE' });
      return true;
    }
    const before = kiosk.session;
    kiosk.notice = null;
    if (how === 'back' && visit.preview) {
      visit.preview = null;
      return true;
    }
    const { service } = kiosk.facts;
    kiosk.send({ type: how === 'back' ? 'BACK' : 'FINISH' });
    return before !== kiosk.session || service !== kiosk.facts.service;
  }

  function askCode(): boolean {
    const quiet = ['welcome', 'guide', 'unreadable', 'takeCard'].includes(kiosk.session);
    if (!quiet || kiosk.mode === 'code' || kiosk.mode === 'maintenance') return false;
    kiosk.sendMode({ type: 'STAFF' });
    return true;
  }
}
