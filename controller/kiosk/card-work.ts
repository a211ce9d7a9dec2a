/**
 * What the kiosk does with the card that lies there: reads it, asks it for the PIN, has it pay.
 * Each piece of work ends with one event for the session, or with none when it has moved on.
 */

import type { Card, Fault, Reply } from '../../firmware-bridge/ports.ts';
import { maskSerial } from '../ops/log.ts';
import type { Odd } from './card-loop.ts';
import type { OpenKiosk } from './kiosk.ts';
import type { PinEntry, PinTries, PinVerdict } from './reading/reading.ts';
import type { CardReport, Face, InsuranceItem } from './report.ts';
import type { TillResult } from './till.ts';
import type { PayTold, PayVisit } from './visit.ts';

/** How a card is read, with everything that it needs. */
export interface CardDesk {
  read(card: Card, face: Face): Promise<Reply<CardReport>>;
  pinTriesLeft(card: Card): Promise<Reply<PinTries>>;
  verifyPin(card: Card, entry: PinEntry): Promise<Reply<PinVerdict>>;
  readInsurance(card: Card): Promise<Reply<readonly InsuranceItem[]>>;
}

export interface CardWork {
  /** A card lies there, alone. */
  met(face: Face): void;
  odd(face: Face, odd: Odd): void;
  gone(): void;
  trouble(face: Face, fault: Fault): void;
  read(): void;
  askTries(): void;
  /** With what was typed; wiped afterwards. */
  verify(): void;
  pay(): void;
  /** The torn payment's card did not come back. */
  giveUp(): void;
}

/** A torn card that stays may try again so often before it must be taken away. */
const REPEATS_MAX = 3;

export function createCardWork(kiosk: OpenKiosk): CardWork {
  const { visit } = kiosk;
  const { cards, config, log } = kiosk.deps;
  /** Wrong MAC2 in a row point at the SAM rather than at the cards. */
  let wrongMac2 = 0;

  return { met, odd, gone, trouble, read, askTries, verify, pay, giveUp };

  function met(face: Face): void {
    if (kiosk.session === 'paying') {
      kiosk.loop.work(comparePayer);
      return;
    }
    visit.face = face;
    kiosk.notice = null;
    kiosk.send({ type: 'CARD' });
  }

  function odd(face: Face, what: Odd): void {
    if (kiosk.session === 'paying') {
      kiosk.tell('several-cards');
      return;
    }
    const unknown = face === 'contact' ? 'unreadable' : 'contact-only';
    visit.advice = what === 'several' ? 'several-cards' : unknown;
    kiosk.send({ type: 'ODD' });
  }

  function gone(): void {
    kiosk.send({ type: 'CARD_GONE' });
    const { pay: payment } = visit;
    if (kiosk.session !== 'paying' || kiosk.facts.torn || !payment) return;
    // The card left before its turn came: nothing was sent to it this time.
    if (payment.doubt) kiosk.send({ type: 'TORN' });
    else judge(payment, untouched(payment));
  }

  function trouble(face: Face, fault: Fault): void {
    kiosk.devices.report(`${face}-reader`, fault);
    kiosk.tell('reader-trouble');
  }

  function read(): void {
    kiosk.loop.work(async (card) => {
      const report = await cards.read(card, visit.face);
      if (kiosk.session !== 'reading') return;
      if (!report.ok) {
        kiosk.devices.report(null, report.fault);
        visit.advice = 'unreadable';
        return kiosk.send({ type: 'UNREADABLE' });
      }
      visit.report = report.value;
      void kiosk.printing.refresh();
      kiosk.send({ type: 'READ' });
    });
  }

  function askTries(): void {
    const { pin } = visit;
    kiosk.loop.work(async (card) => {
      const tries = await cards.pinTriesLeft(card);
      // Another page of the session has been opened meanwhile.
      if (kiosk.session !== 'pin' || visit.pin !== pin) return;
      if (!tries.ok) return pinEnds('pin-not-read', tries.fault);
      switch (tries.value.kind) {
        case 'left':
          pin.left = tries.value.left;
          pin.busy = false;
          return kiosk.touch();
        case 'unset':
          return insurance(card, pin);
        case 'locked':
          return pinEnds('pin-locked');
        case 'untold':
          return pinEnds('pin-not-read');
      }
    });
  }

  function verify(): void {
    const { pin, pad } = visit;
    pin.busy = true;
    kiosk.loop.work(async (card) => {
      if (kiosk.session !== 'pin' || visit.pin !== pin) return;
      // A copy: the pad may be wiped, and filled anew, while the card is asked.
      const digits = Buffer.from(pad.digits());
      pad.wipe();
      const verdict = await cards.verifyPin(card, { pin: digits, lastTryAgreed: pin.agreed });
      digits.fill(0);
      if (kiosk.session !== 'pin' || visit.pin !== pin) return;
      if (!verdict.ok) {
        kiosk.devices.report(null, verdict.fault);
        kiosk.tell('pin-not-read');
        // Nobody knows whether it cost a try: the card is asked before the next one.
        pin.agreed = false;
        return askTries();
      }
      await answered(card, pin, verdict.value);
    });
  }

  async function answered(card: Card, pin: typeof visit.pin, verdict: PinVerdict): Promise<void> {
    switch (verdict.kind) {
      case 'right':
      case 'unset':
        return insurance(card, pin);
      case 'wrong':
        Object.assign(pin, { left: verdict.left, wrong: true, agreed: false, busy: false });
        return verdict.left === 0 ? pinEnds('pin-locked') : kiosk.touch();
      case 'last-try':
        Object.assign(pin, { left: 1, agreed: false, busy: false });
        return kiosk.touch();
      case 'malformed':
        pin.busy = false;
        return kiosk.touch();
      case 'locked':
        return pinEnds('pin-locked');
      case 'untold':
        return pinEnds('pin-not-read');
    }
  }

  async function insurance(card: Card, pin: typeof visit.pin): Promise<void> {
    const rows = await cards.readInsurance(card);
    if (kiosk.session !== 'pin' || visit.pin !== pin) return;
    if (!rows.ok) return pinEnds('insurance-not-read', rows.fault);
    visit.insurance = rows.value;
    kiosk.send({ type: 'PIN_RIGHT' });
  }

  function pinEnds(
    notice: 'pin-locked' | 'pin-not-read' | 'insurance-not-read',
    fault?: Fault,
  ): void {
    if (fault) kiosk.devices.report(null, fault);
    kiosk.notice = notice;
    kiosk.send({ type: 'PIN_ENDS' });
  }

  function pay(): void {
    const { pay: payment } = visit;
    const { till } = kiosk;
    if (!payment || !till) throw new Error('a payment without an item');
    kiosk.loop.work(async (card) => {
      const result = await till.pay(card, payment.item, payment.serial);
      tellLog(result);
      payment.doubt = result.torn;
      if (!result.torn) return judge(payment, result.told);
      payment.told = result.told;
      tryAgain(payment);
      kiosk.send({ type: 'TORN' });
    });
  }

  /** A card came while a payment is in doubt: only the one that began it may settle it. */
  async function comparePayer(card: Card): Promise<void> {
    const { pay: payment } = visit;
    const serial = kiosk.till && (await kiosk.till.serialOf(card));
    if (kiosk.session !== 'paying' || !payment || !serial) return;
    if (!serial.ok) {
      kiosk.devices.report(null, serial.fault);
      return tryAgain(payment);
    }
    if (serial.value !== payment.serial) return kiosk.tell('several-cards');
    kiosk.notice = null;
    kiosk.send({ type: 'RETAP' });
  }

  /** The card may still lie there, for instance after radio noise. */
  function tryAgain(payment: PayVisit): void {
    payment.repeats += 1;
    if (payment.repeats < REPEATS_MAX) kiosk.loop.again();
  }

  function giveUp(): void {
    log.warn({ card: maskSerial(visit.pay?.serial ?? null) }, 'torn payment: the card stays away');
  }

  function judge(payment: PayVisit, told: PayTold): void {
    payment.told = told;
    const { report } = visit;
    if (report?.purse && told.balance_fen !== null) {
      visit.report = { ...report, purse: { ...report.purse, balance_fen: told.balance_fen } };
    }
    kiosk.send({ type: 'JUDGED' });
  }

  function untouched({ item }: PayVisit): PayTold {
    const texts = Object.fromEntries(
      config.site.locales.map((locale) => {
        const { title = '', advice = '' } = config.texts[locale]?.['try-again'] ?? {};
        return [locale, { title, advice }];
      }),
    );
    return { item, outcome: 'refused', texts, balance_fen: null, receipt: null };
  }

  /** Starts like any other SAM afterwards, and is not to be trusted: the till stays shut. */
  function countMac2(message: TillResult['message']): void {
    if (message === 'pass') wrongMac2 = 0;
    if (message !== 'mac2-wrong') return;
    wrongMac2 += 1;
    log.error({ consecutive: wrongMac2 }, 'wrong MAC2');
    if (wrongMac2 >= (config.sam?.mac2_fail_limit ?? 1)) kiosk.distrustSam();
  }

  function tellLog({ detail, message, serial, fault }: TillResult): void {
    log.info({ message, card: maskSerial(serial) }, detail);
    countMac2(message);
    if (!fault) return;
    const { code } = fault;
    const part = code.startsWith('sam-') ? 'sam' : code.startsWith('ledger-') ? 'books' : null;
    kiosk.devices.report(code === 'ledger-busy' || code === 'sam-refused' ? null : part, fault);
  }
}
