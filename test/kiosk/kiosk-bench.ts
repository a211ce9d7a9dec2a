/**
 * A whole kiosk on a bench, in virtual time: the real machines, card loop, till, tap runner, PN532
 * driver, PSAM client and ledger; behind them a virtual chip, virtual purses, a virtual PSAM, and a
 * slot, a printer and a reading of cards that do what the test says.
 */

import * as assert from 'uvu/assert';
import type { KioskConfig } from '../../config/kiosk.ts';
import { shippedDirectory } from '../../config/load.ts';
import { loadKiosk } from '../../config/load-kiosk.ts';
import type { Answer } from '../../controller/blacklist/blacklist.ts';
import { hexOf } from '../../controller/card/bytes.ts';
import { createNetwork } from '../../controller/gate/network.ts';
import type { CardDesk } from '../../controller/kiosk/card-work.ts';
import { createKiosk, type Kiosk } from '../../controller/kiosk/kiosk.ts';
import type { PinEntry, PinTries, PinVerdict } from '../../controller/kiosk/reading/reading.ts';
import type { CardReport, InsuranceItem } from '../../controller/kiosk/report.ts';
import type { KioskCommand, KioskView, Screen } from '../../controller/kiosk/view.ts';
import { type Ledger, openLedger } from '../../controller/ledger/ledger.ts';
import { createPsam, psamOptions } from '../../controller/sam/psam.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import {
  type Card,
  type CardReader,
  failed,
  ok,
  type Presence,
  type Printer,
  type PrinterStatus,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import type { CardProfile } from '../../sim/card/personalise.ts';
import { createPurseCard, type PurseCard } from '../../sim/card/purse.ts';
import { createForgedPurse } from '../../sim/card/strangers.ts';
import type { Target } from '../../sim/card/target.ts';
import { createField } from '../../sim/chip/field.ts';
import { attachToLink } from '../../sim/chip/on-link.ts';
import { createVirtualPn532 } from '../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../sim/chip/timing.ts';
import { SIM_ISSUER, SIM_KEYS } from '../../sim/keys.ts';
import { createVirtualPsam } from '../../sim/sam/psam.ts';
import { report as sample } from '../controller/kiosk/slip/samples.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { SlowDisk } from '../kit/slow-disk.ts';

const GOOD: PrinterStatus = { paper: 'ok', cover: 'closed', cutter: 'ok', offline: false };
const NONE: Presence = { kind: 'none' };
/** Longer than any answer of the bench takes, shorter than any time that the kiosk waits. */
const MOMENT_MS = 400;
const STEP_MS = 50;

export interface BenchOptions {
  readonly settings?: (config: KioskConfig) => KioskConfig;
  readonly without?: readonly ('contact' | 'contactless' | 'printer' | 'till')[];
}

export class KioskBench {
  readonly clock = createFakeClock();
  readonly disk = new SlowDisk(this.clock);
  readonly field = createField();
  readonly psam = createVirtualPsam(this.clock, { timed: false });
  readonly config: KioskConfig;
  /** What a card says of itself; the next reading takes it. */
  report: Reply<CardReport> = ok(sample);
  /** Answers of the card to the PIN, in their order. */
  tries: Reply<PinTries> = ok({ kind: 'left', left: 3 });
  readonly verdicts: Reply<PinVerdict>[] = [];
  /** As the card got it. */
  readonly pins: (Omit<PinEntry, 'pin'> & { readonly pin: string })[] = [];
  /** What the kiosk handed over, which it must wipe. */
  readonly pinBuffers: Buffer[] = [];
  insurance: Reply<readonly InsuranceItem[]> = ok([{ code: 'insured-region', value: '330200' }]);
  /** A reading waits for it. */
  whileReading: () => Promise<void> = async () => {};
  /** The contact slot; a fault is a reader that is gone. */
  slot: Reply<boolean> = ok(false);
  printer: Reply<PrinterStatus> = ok(GOOD);
  printed: Reply<void> = ok(undefined);
  /** A slip waits for it. */
  whilePrinting: () => Promise<void> = async () => {};
  readonly slips: Buffer[] = [];
  /** Serial → listed for this reason. */
  readonly listed = new Map<string, Answer>();
  readonly log: string[] = [];
  /** Kinds of the screens in the order in which they came. */
  readonly screens: string[] = [];
  /** Prompts as they were said. */
  readonly said: string[] = [];
  #kiosk: Kiosk | null = null;
  #ledger: Ledger | null = null;
  readonly #options: BenchOptions;
  readonly #chip;
  #cards = 0;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.config = (options.settings ?? ((config) => config))(shipped());
    const { clock, field } = this;
    this.#chip = createVirtualPn532({ clock, field, timing: NO_TIMING });
  }

  get kiosk(): Kiosk {
    if (!this.#kiosk) throw new Error('the kiosk was not started');
    return this.#kiosk;
  }

  get ledger(): Ledger {
    if (!this.#ledger) throw new Error('the kiosk was not started');
    return this.#ledger;
  }

  get view(): KioskView {
    return this.kiosk.desk.view();
  }

  /** The screen of this kind, which must be the one that is shown. */
  screen<K extends Screen['kind']>(kind: K): Extract<Screen, { kind: K }> {
    const { screen } = this.view;
    if (screen.kind !== kind) throw new Error(`the screen is ${screen.kind}, not ${kind}`);
    return screen as Extract<Screen, { kind: K }>;
  }

  async start(): Promise<void> {
    const { clock, disk, config } = this;
    const { without = [] } = this.#options;
    const opened = await clock.until(openLedger({ disk, directory: 'ledger' }));
    if (!opened.ok) throw new Error(opened.fault.detail);
    this.#ledger = opened.value;
    const sam = config.sam;
    if (!sam) throw new Error('the shipped kiosk has a SAM');
    const kiosk = createKiosk({
      ...{ config, clock, cards: this.#cardDesk(), crypto: null, voice: null },
      readers: {
        ...(!without.includes('contact') && { contact: this.#slotReader() }),
        ...(!without.includes('contactless') && { contactless: this.#pad() }),
      },
      printer: without.includes('printer') ? null : this.#printer(),
      sale: without.includes('till')
        ? null
        : {
            sam: createPsam(this.psam, psamOptions({ sam })),
            ledger: opened.value,
            blacklist: { check: (card) => this.listed.get(hexOf(card)) ?? { kind: 'clear' } },
            network: createNetwork(config.site),
          },
      prepared: async () => null,
      log: {
        debug: (fields, text) => this.#tell('debug', fields, text),
        info: (fields, text) => this.#tell('info', fields, text),
        warn: (fields, text) => this.#tell('warn', fields, text),
        error: (fields, text) => this.#tell('error', fields, text),
      },
    });
    this.#kiosk = kiosk;
    kiosk.desk.onChange(() => this.#hear());
    await clock.until(kiosk.start());
    await this.moment();
  }

  /** Ends the kiosk and leaves nothing behind. */
  async stop(): Promise<void> {
    const from_ms = this.clock.now_ms();
    await this.clock.until(this.kiosk.stop());
    assert.ok(this.clock.now_ms() - from_ms <= 2_000, 'stop took more than two seconds');
    await this.clock.until(this.ledger.close());
    await this.clock.advance(300_000);
    assert.is(this.clock.timers(), 0);
  }

  /** Power cut: what was not synced is gone, and the PSAM has lost its session. */
  async crash(): Promise<void> {
    this.disk.crash();
    await this.clock.until(this.kiosk.stop());
    await this.clock.until(this.ledger.close());
    this.field.clearTears();
    await this.start();
  }

  /** In small steps: what does not wait for time has room between them. */
  async moment(time_ms = MOMENT_MS): Promise<void> {
    const end_ms = this.clock.now_ms() + time_ms;
    while (this.clock.now_ms() < end_ms) {
      await this.clock.advance(Math.min(STEP_MS, end_ms - this.clock.now_ms()));
    }
  }

  async do(...commands: readonly KioskCommand[]): Promise<void> {
    for (const command of commands) {
      this.kiosk.desk.command(command);
      await this.moment();
    }
  }

  async type(digits: string): Promise<void> {
    for (const key of digits) this.kiosk.desk.command({ type: 'key', key: key as '0' });
    await this.do({ type: 'key', key: 'enter' });
  }

  /** A card is put into the slot, or taken out of it. */
  async insert(report: CardReport = sample): Promise<void> {
    this.report = ok({ ...report, face: 'contact' });
    this.slot = ok(true);
    await this.moment();
  }

  async takeOut(): Promise<void> {
    this.slot = ok(false);
    await this.moment();
  }

  /** A purse without keys, whose MAC2 is made up. */
  forgedPurse(): PurseCard {
    return createForgedPurse(this.#profile(5_000));
  }

  /** A transit purse on a card of its own, with ¥50 unless it says otherwise. */
  purse(balance_fen = 5_000): PurseCard {
    return createPurseCard(this.#profile(balance_fen), SIM_KEYS);
  }

  #profile(balance_fen: number): CardProfile {
    this.#cards += 1;
    const digits = String(this.#cards).padStart(2, '0');
    return {
      ...{ name: `card ${digits}`, uid: `04A1B2C3D4E5${digits}`, issuer: SIM_ISSUER },
      serial: `031043999000000002${digits}`,
      ...{ city: '3320', start: '20230101', expiry: '20331231', cardType: '00', cardKind: '01' },
      ...{ interoperable: true, balance_fen, algorithm: 'sm4' as const },
    };
  }

  /** Lays a card on the pad, which says of itself what `report` says. */
  async lay(card: PurseCard, report?: CardReport): Promise<void> {
    const purse = sample.purse && {
      ...sample.purse,
      serial: card.serial,
      balance_fen: card.balance_fen,
    };
    this.report = ok({ ...(report ?? { ...sample, purse }), face: 'contactless' });
    this.field.enter(card);
    await this.moment();
  }

  async lift(card: Target): Promise<void> {
    this.field.leave(card);
    await this.moment();
  }

  #tell(level: string, fields: object, text: string): void {
    this.log.push(`${level} ${text} ${JSON.stringify(fields)}`);
  }

  #hear(): void {
    const { screen, says } = this.view;
    if (this.screens.at(-1) !== screen.kind) this.screens.push(screen.kind);
    const spoken = says && `${says.id} ${says.prompt}`;
    if (spoken && this.said.at(-1) !== spoken) this.said.push(spoken);
  }

  #pad(): CardReader {
    const openLink = async () => {
      const { near, far } = createMemoryLinkPair('pad');
      attachToLink(this.#chip, far);
      return ok(near);
    };
    const { clock, config } = this;
    if (!config.contactless) throw new Error('the shipped kiosk has a pad');
    return createPn532Reader({ openLink, clock, config: config.contactless });
  }

  #slotReader(): CardReader {
    const alive = (): Reply<string> => (this.slot.ok ? ok('scripted slot') : this.slot);
    return {
      name: 'scripted slot',
      detect: async () => {
        if (!this.slot.ok) return this.slot;
        return ok(this.slot.value ? { kind: 'card', card: this.#slotCard() } : NONE);
      },
      probe: async () => alive(),
      recover: async () => alive(),
      counters: () => ({}),
      close: async () => {},
    };
  }

  #slotCard(): Card {
    return {
      uid: Buffer.alloc(0),
      ats: Buffer.from('3B00', 'hex'),
      transceive: async () => failed('card-gone', 'none', 'scripted'),
      present: async () => this.slot,
      release: async () => {},
    };
  }

  #printer(): Printer {
    return {
      name: 'scripted printer',
      status: async () => this.printer,
      print: async (document) => {
        const copy = Buffer.from(document);
        await this.whilePrinting();
        if (this.printed.ok) this.slips.push(copy);
        return this.printed;
      },
      probe: async () => (this.printer.ok ? ok('scripted printer') : this.printer),
      recover: async () => (this.printer.ok ? ok('scripted printer') : this.printer),
      counters: () => ({}),
      close: async () => {},
    };
  }

  #cardDesk(): CardDesk {
    return {
      read: async () => {
        await this.whileReading();
        return this.report;
      },
      pinTriesLeft: async () => this.tries,
      verifyPin: async (_, entry) => {
        this.pins.push({ ...entry, pin: entry.pin.toString('latin1') });
        this.pinBuffers.push(entry.pin);
        return this.verdicts.shift() ?? ok({ kind: 'right' });
      },
      readInsurance: async () => this.insurance,
    };
  }
}

export async function started(options: BenchOptions = {}): Promise<KioskBench> {
  const bench = new KioskBench(options);
  await bench.start();
  return bench;
}

/** Something that the test ends when it likes. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

let config: KioskConfig | null = null;

function shipped(): KioskConfig {
  if (config) return config;
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  config = loaded.config;
  return config;
}
