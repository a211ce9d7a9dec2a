/**
 * The till: things with a fixed price, paid from the transit purse with the same tap as at a gate —
 * its screening, debit, ledger and recovery. What differs is what a payment means: it is used the
 * moment it is proved, and any number of them may follow each other.
 */

import type { KioskConfig } from '../../config/kiosk.ts';
import { type Card, type Clock, type Fault, ok, type Reply } from '../../firmware-bridge/ports.ts';
import type { Blacklist } from '../blacklist/blacklist.ts';
import { type Amounts, signFor } from '../gate/feedback.ts';
import type { Network } from '../gate/network.ts';
import type { Message } from '../gate/outcome.ts';
import { ageOf } from '../gate/rights.ts';
import { createTapRunner, type TapResult, type TapRunner } from '../gate/tap/runner.ts';
import { select } from '../gate/tap/select.ts';
import type { Tap, TapConfig, TapDeps, TapLedger } from '../gate/tap/tap.ts';
import type { LedgerRecord, Story } from '../ledger/records.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import type { PayItem } from './view.ts';
import type { PayTold, Priced } from './visit.ts';

export interface TillOptions {
  readonly config: KioskConfig;
  readonly clock: Clock;
  readonly sam: PurchaseSam;
  readonly ledger: TapLedger;
  readonly blacklist: Blacklist;
  readonly network: Network;
}

export interface TillResult {
  readonly told: PayTold;
  /** Something may have been debited: only the same card can tell. */
  readonly torn: boolean;
  readonly serial: string | null;
  readonly message: Message;
  /** For the log, in the field's words. */
  readonly detail: string;
  readonly fault: Fault | null;
  /** The story that was paid; null when none was, or none is proved. */
  readonly ref: number | null;
}

export interface Till {
  /** By its id; what is no longer sold keeps its id as its name. */
  named(item: Priced, locale: string): PayItem;
  items(locale: string): readonly PayItem[];
  /** Did this card just pay the same thing, or is such a payment still in doubt? */
  paidBefore(serial: string, item: string): boolean;
  /** Takes the money of one item, or settles what this card left open. Never rejects. */
  pay(card: Card, item: Priced, serial: string): Promise<TillResult>;
  /** Application serial as hex; null: no purse. */
  serialOf(card: Card): Promise<Reply<string | null>>;
}

/** Exchanges of a purse, in the slot or on the pad. */
const CARD_MS = 2_000;

export function createTill(options: TillOptions): Till {
  const { config, clock, ledger } = options;
  const samSession = { ref: null };
  const books = bookkeeper(ledger);
  const runners = new Map<string, TapRunner>();
  const { items } = config.till;

  return {
    named,
    items: (locale) => items.map((item) => named(item, locale)),
    paidBefore,
    pay,
    serialOf,
  };

  function named({ id, price_fen }: Priced, locale: string): PayItem {
    const name = items.find((item) => item.id === id)?.name ?? {};
    return { id, name: name[locale] ?? Object.values(name)[0] ?? id, price_fen };
  }

  function paidBefore(serial: string, item: string): boolean {
    const open = ledger.openStory(serial);
    if (open) return itemOf(open) === item;
    const last = ledger.lastClosed(serial);
    if (!last || itemOf(last) !== item) return false;
    return Math.abs(ageOf(last, { config, clock })) <= config.till.again_minutes * 60;
  }

  async function pay(card: Card, item: Priced, serial: string): Promise<TillResult> {
    const before = [ledger.openStory(serial), ledger.lastClosed(serial)];
    books.item = item.id;
    const result = await runnerFor(item).run(card);
    const paid = result.paid;
    if (paid) await ledger.append({ type: 'passage', ref: paid.ref });
    const earlier = before.find((story) => story && story.ref === paid?.ref);
    return judged(result, { item, earlier, serial: result.serial ?? serial });
  }

  function runnerFor(item: Priced): TapRunner {
    const known = runners.get(item.id);
    if (known) return known;
    const deps = { ...options, ledger: books.ledger, samSession };
    const runner = createTapRunner({ ...deps, config: tapConfig(config, item.price_fen) });
    runners.set(item.id, runner);
    return runner;
  }

  /** The verdict in the words of a till. A story that stays open is never told as "not paid". */
  function judged(result: TapResult, { item, earlier, serial }: Judging): TillResult {
    const { kind, detail, fault, paid } = result;
    const ref = paid?.ref ?? null;
    const about = { serial, detail, fault, ref };
    if (kind === 'granted' && paid) {
      const shown = boughtIn(earlier) ?? item;
      const amounts = { amount_fen: shown.price_fen, balance_fen: paid.balance_fen };
      const outcome = { item: shown, outcome: 'paid' } as const;
      const told = tell(outcome, result.message, { amounts, serial, ref });
      return { ...about, told, torn: false, message: result.message };
    }
    const open = ledger.openStory(serial);
    const forStaff = result.message === 'paid-see-staff' || result.message === 'mac2-wrong';
    const doubt = kind === 'uncertain' || open !== undefined;
    const message = doubt && !forStaff ? 'retry-same-card' : result.message;
    const outcome = doubt || forStaff ? 'uncertain' : 'refused';
    // What is in doubt may be what was bought before: that is told, with its place in the books.
    const story = open ?? (forStaff ? ledger.lastClosed(serial) : undefined);
    const told = tell({ item: boughtIn(story) ?? item, outcome }, message, {
      amounts: result.amounts,
      serial,
      ref: story?.ref ?? null,
    });
    // Staff must look at it: the same card would find the same answer.
    return { ...about, told, torn: doubt && !forStaff, message };
  }

  function tell(
    { item, outcome }: Pick<PayTold, 'item' | 'outcome'>,
    message: Message,
    { amounts, serial, ref }: { amounts: Amounts | null; serial: string; ref: number | null },
  ): PayTold {
    const { text } = signFor(message, config, amounts ?? undefined);
    const balance_fen = outcome === 'uncertain' ? null : (amounts?.balance_fen ?? null);
    const told = { item, outcome, texts: text, balance_fen, receipt: null };
    if (outcome === 'refused' || ref === null) return told;
    const story = [ledger.lastClosed(serial), ledger.openStory(serial)].find(
      (each) => each?.ref === ref,
    );
    const receipt = {
      ...{ amount_fen: item.price_fen, outcome, balance_fen, serial },
      termSeq: story?.authorised ? Number.parseInt(story.authorised.term_seq, 16) : null,
      tac: story?.debited?.tac ?? null,
      terminal: options.sam.identity.terminal.toString('hex').toUpperCase(),
      at: localTime(clock.wall_ms(), config.site.utc_offset_minutes),
      reference: `${config.kiosk.id}-${ref}`,
    };
    return { ...told, receipt };
  }

  async function serialOf(card: Card): Promise<Reply<string | null>> {
    const tap: Tap = { id: 0, card, charges: [] };
    const deps: TapDeps = {
      ...{ ...options, ledger: books.ledger, samSession },
      config: tapConfig(config, 0),
      span: (_, work) => work,
    };
    const end = await select(tap, deps);
    if (end.kind === 'fault') return { ok: false, fault: end.fault };
    return ok(tap.purse?.serial ?? null);
  }
}

interface Judging {
  readonly item: Priced;
  /** The payment before this one, when it is what was proved now. */
  readonly earlier: Story | undefined;
  readonly serial: string;
}

/**
 * The ledger as a tap sees it, with the item in the place of the fare rule. One object for all
 * taps: they order their writes by it.
 */
function bookkeeper(ledger: TapLedger): { item: string; readonly ledger: TapLedger } {
  const books = {
    item: '',
    ledger: {
      append: (record: LedgerRecord) =>
        ledger.append(
          record.type === 'intent' ? { ...record, fare_rule: `item/${books.item}` } : record,
        ),
      openStory: (card: string) => ledger.openStory(card),
      lastClosed: (card: string) => ledger.lastClosed(card),
    },
  };
  return books;
}

/** No passage to wait for: what was paid is settled by its card for as long as the site allows. */
function tapConfig({ site, purse, kiosk, till }: KioskConfig, price_fen: number): TapConfig {
  const window_s = till.settle_hours * 3_600;
  return {
    ...{ site, purse },
    lane: {
      kind: 'till',
      place: kiosk.place,
      direction: 'in',
      passback_minutes: 0,
      recovery_window_s: window_s,
      reentry_window_s: window_s,
      missing_exit: 'desk',
      missing_entry: 'desk',
      block_listed_cards: true,
    },
    reader: { card_timeout_ms: CARD_MS },
    fare: { name: 'till', flat_fen: price_fen, concessions: [] },
  };
}

function itemOf({ intent }: Story): string {
  return intent.fare_rule.replace(/^item\//, '');
}

function boughtIn(story: Story | undefined): Priced | undefined {
  return story && { id: itemOf(story), price_fen: story.intent.amount_fen };
}

/** Site's local time, `YYYY-MM-DD HH:MM:SS`. */
export function localTime(wall_ms: number, utcOffset_minutes: number): string {
  const local = new Date(wall_ms + utcOffset_minutes * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}
