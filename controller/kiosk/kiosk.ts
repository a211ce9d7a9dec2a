/**
 * A kiosk: joins session and mode machines to readers, printer, SAM, books and voice, and is the
 * desk that the page talks to. What it does with a card stands in `card-work.ts`.
 */

import { createActor } from 'xstate';
import { failed, type Timer } from '../../firmware-bridge/ports.ts';
import { createAnnouncer } from './announcer.ts';
import { createCardLoop } from './card-loop.ts';
import { createCardWork } from './card-work.ts';
import { createCommands } from './commands.ts';
import type { KioskDeps } from './deps.ts';
import { createDevices, type Part } from './devices.ts';
import { createForgetter } from './forget.ts';
import { createIdle } from './idle.ts';
import { modeMachine } from './mode.ts';
import { createPrinting } from './printing.ts';
import { type Mode, promptOf, type Scene, type Settings, screenOf } from './screen-view.ts';
import { SESSION_MS, type SessionEvent, type SessionState, sessionMachine } from './session.ts';
import { createSpeaker } from './speaker.ts';
import { createStaff } from './staff.ts';
import { createTill } from './till.ts';
import type { DeviceHealth, KioskDesk, KioskView, Notice } from './view.ts';
import { Visit } from './visit.ts';
import { wordsIn } from './words.ts';

export interface Kiosk {
  readonly desk: KioskDesk;
  readonly mode: Mode;
  readonly session: SessionState;
  /** Tries every device once; serves with those that answer. */
  start(): Promise<void>;
  /** Legal in every state; a payment under way is told to the books first. */
  stop(): Promise<void>;
  /** How long ago the loop over the readers last went round. */
  stillFor_ms(): number;
  counters(): Readonly<Record<string, number>>;
}

const PAUSE_MS = 60;
/** What `stop` may take: a payment that ends, and devices that close. */
const WORK_ENDS_MS = 1_200;
const CLOSE_MS = 700;
/** How often the service page looks again at the counters of the devices. */
const HEALTH_MS = 1_000;
/** Nobody needs to be here while the kiosk works, or waits for its card. */
const BUSY: readonly SessionState[] = ['reading', 'paying', 'printing', 'takeCard'];
/** Notices that are true for the next person, too. */
const OF_DEVICES: readonly Notice['code'][] = ['reader-trouble', 'printer-broken', 'paper-out'];
/** Where a card may begin a session. */
const OPEN: readonly SessionState[] = ['welcome', 'guide', 'unreadable', 'paid', 'printed'];

export function createKiosk(deps: KioskDeps): Kiosk {
  const kiosk = new OpenKiosk(deps);
  return {
    desk: {
      view: () => kiosk.view(),
      command: (command) => kiosk.commands.take(command),
      onChange: (listener) => kiosk.onChange(listener),
      speech: (id) => kiosk.speaker.sound(id),
    },
    get mode() {
      return kiosk.mode;
    },
    get session() {
      return kiosk.session;
    },
    start: () => kiosk.start(),
    stop: () => kiosk.stop(),
    stillFor_ms: () => kiosk.loop.stillFor_ms(),
    counters: () => kiosk.commands.counters(),
  };
}

class OpenKiosk {
  readonly visit = new Visit();
  readonly deps: KioskDeps;
  settings: Settings;
  notice: Notice['code'] | null = null;
  readonly #listeners = new Set<() => void>();
  #seq = 0;
  #samDistrusted = false;
  readonly #announcer = createAnnouncer();
  #lastState: SessionState = 'welcome';
  #lastMode: Mode = 'starting';
  #running: Promise<void> | null = null;
  #healthTimer: Timer | null = null;

  readonly devices;
  readonly printing;
  readonly till;
  readonly speaker;
  readonly staff;
  readonly idle;
  readonly loop;
  readonly work;
  readonly commands;
  readonly #forgetter;
  readonly #mode;
  readonly #session;

  constructor(deps: KioskDeps) {
    const { config, clock, readers, printer, sale, log } = deps;
    const changed = () => this.changed();
    this.deps = deps;
    this.settings = this.#fresh();
    const faces = (['contact', 'contactless'] as const).filter((face) => readers[face]);
    this.#mode = createActor(modeMachine, {
      ...{ clock, input: { readers: faces.map((face) => `${face}-reader`) } },
    });
    this.devices = createDevices({
      ...deps,
      ...{ sam: sale?.sam ?? null, ledger: sale?.ledger ?? null },
      served: () => this.loop.face,
      paying: () => this.session === 'paying',
      onState: (part, usable) => this.#follow(part, usable),
    });
    const devices = () => this.devices;
    this.printing = createPrinting({ config: config.printer, printer, devices, changed });
    this.till =
      sale && config.till.items.length > 0 ? createTill({ config, clock, ...sale }) : null;
    this.speaker = createSpeaker({
      ...{ locales: config.site.locales, voice: deps.voice, prepared: deps.prepared },
      onFault: (fault) => this.devices.report(null, fault),
    });
    this.staff = createStaff({
      ...{ clock, code: config.maintenance.code, changed },
      onRight: () => this.#mode.send({ type: 'CODE_RIGHT' }),
      onWrong: (inRow) => log.warn({ in_row: inRow }, 'wrong service code'),
    });
    this.idle = createIdle({
      ...{ clock, changed, limits: () => this.#limits() },
      onIdle: () => this.send({ type: 'IDLE' }),
    });
    this.loop = createCardLoop({
      ...{ clock, faces, pause_ms: PAUSE_MS },
      look: (face) => this.devices.look(face),
      open: () => this.#open(),
      onCard: (face) => this.work.met(face),
      onOdd: (face, odd) => this.work.odd(face, odd),
      onGone: () => this.work.gone(),
      onTrouble: (face, fault) => this.work.trouble(face, fault),
    });
    this.work = createCardWork(this);
    this.commands = createCommands(this);
    this.#forgetter = createForgetter(clock);
    this.#session = createActor(this.#sessionMachine(), { clock });
  }

  get mode(): Mode {
    const { value } = this.#mode.getSnapshot();
    // `settling` is left in the same step in which it is entered.
    return value === 'settling' ? 'starting' : value;
  }

  get session(): SessionState {
    return this.#session.getSnapshot().value;
  }

  get facts() {
    return this.#session.getSnapshot().context;
  }

  get canPay(): boolean {
    if (this.till === null || this.#samDistrusted) return false;
    return this.devices.usable('sam') && this.devices.usable('books');
  }

  async start(): Promise<void> {
    this.#mode.subscribe(() => this.#modeChanged());
    this.#session.subscribe(({ value }) => this.#sessionChanged(value));
    this.#session.start();
    this.#mode.start();
    this.printing.rehearse();
    await this.devices.begin();
    this.#mode.send({ type: 'READY' });
    void this.printing.refresh();
    this.#running = this.loop.run();
  }

  async stop(): Promise<void> {
    const { clock } = this.deps;
    this.#mode.send({ type: 'STOP' });
    this.loop.stop();
    // A payment under way ends first, with its money told, as far as the devices let it.
    let timer: Timer = null;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, WORK_ENDS_MS);
    });
    await Promise.race([this.#running, late]);
    clock.clearTimeout(timer);
    this.visit.end();
    this.idle.rest();
    this.#forgetter.stop();
    clock.clearTimeout(this.#healthTimer);
    this.#session.stop();
    await this.devices.stop(CLOSE_MS);
    this.#mode.stop();
  }

  send(event: SessionEvent): void {
    this.#session.send(event);
  }

  sendMode(event: { readonly type: 'STAFF' | 'LEAVE' }): void {
    this.#mode.send(event);
  }

  /** Nothing is sold any more until the kiosk is started anew. */
  distrustSam(): void {
    this.#samDistrusted = true;
    const why = 'too many wrong MAC2 in a row: the till is shut';
    this.devices.report(null, failed('sam-distrusted', 'none', why).fault);
  }

  /** `null`: nothing is wrong any more. */
  tell(notice: Notice['code'] | null): void {
    this.notice = notice;
    this.changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    this.#say();
    this.#seq += 1;
    for (const listener of this.#listeners) listener();
  }

  view(): KioskView {
    const { config } = this.deps;
    const { site } = config;
    const { locale, elder, highContrast, sound } = this.settings;
    return {
      seq: this.#seq,
      site: { name: site.name, phone: site.service_phone },
      ...{ locale, elder, highContrast, sound, locales: site.locales },
      screen: screenOf(this.scene()),
      notice: this.notice && { code: this.notice, text: wordsIn(locale).notices[this.notice] },
      clearsIn_s: this.idle.clearsIn_s,
      says: sound ? this.#announcer.says : null,
      pace: elder ? config.speech.elder_pace : 1,
      canPrint: this.printing.ready,
      preview: this.commands.preview(),
    };
  }

  scene(): Scene {
    const { settings, mode, session, facts, visit, till, canPay, printing, staff } = this;
    const health = () => this.#health();
    const { config } = this.deps;
    return { config, settings, mode, session, facts, visit, till, canPay, printing, staff, health };
  }

  #sessionMachine() {
    const { work } = this;
    const { adviceShown, resultShown } = SESSION_MS;
    const slowly = (time_ms: number) => () => time_ms * this.#slowness();
    return sessionMachine.provide({
      delays: {
        adviceShown: slowly(adviceShown),
        resultShown: slowly(resultShown),
        tornWaits: slowly(this.deps.config.till.torn_wait_s * 1_000),
      },
      actions: {
        readCard: () => work.read(),
        askTries: () => work.askTries(),
        wipePin: () => this.visit.wipePin(),
        agree: () => {
          this.visit.pin.agreed = true;
        },
        payItem: () => work.pay(),
        giveUpTorn: () => work.giveUp(),
        printSlip: () => void this.commands.printSlip(),
        dropReport: () => this.visit.dropReport(),
        endVisit: ({ context }) => this.#endVisit(context.card),
        remind: () => this.#announcer.again(),
      },
    });
  }

  /** @param cardLies the person is still to be told to take it, in words and size of the person */
  #endVisit(cardLies: boolean): void {
    this.visit.end();
    this.commands.dropSlip();
    this.#forgetter.soon();
    // What was said of a card or PIN is not for the next person.
    if (this.notice && !OF_DEVICES.includes(this.notice)) this.notice = null;
    if (!cardLies) this.settings = this.#fresh();
  }

  #fresh(): Settings {
    const locale = this.deps.config.site.locales[0] ?? 'zh-CN';
    return { locale, elder: false, highContrast: false, sound: true };
  }

  #limits() {
    const { idle_s, warn_s } = this.deps.config.screen;
    const factor = this.#slowness();
    return { idle_s: idle_s * factor, warn_s: warn_s * factor };
  }

  /** 适老: everything that runs out takes so many times as long. */
  #slowness(): number {
    return this.settings.elder ? this.deps.config.screen.elder_factor : 1;
  }

  /** May a card begin a session, or go on with a torn payment? */
  #open(): boolean {
    const { session, facts } = this;
    if (session === 'paying') return facts.torn;
    return this.mode === 'inService' && OPEN.includes(session);
  }

  #follow(part: Part, usable: boolean): void {
    if (part.endsWith('-reader')) {
      this.#mode.send({ type: usable ? 'PART_BACK' : 'PART_LOST', part });
    }
    if (part === 'printer' && usable) void this.printing.refresh();
    this.changed();
  }

  #modeChanged(): void {
    const { mode } = this;
    if (mode === this.#lastMode) {
      this.changed();
      return;
    }
    this.#lastMode = mode;
    if (mode !== 'inService') this.send({ type: 'CLOSE' });
    if (mode !== 'code') this.staff.clear();
    this.#watchHealth();
    this.touch();
  }

  /** Counters move without a word: the service page looks again every second. */
  #watchHealth(): void {
    const { clock } = this.deps;
    clock.clearTimeout(this.#healthTimer);
    this.#healthTimer = null;
    if (this.mode !== 'maintenance') return;
    this.#healthTimer = clock.setTimeout(() => {
      this.changed();
      this.#watchHealth();
    }, HEALTH_MS);
  }

  /** A machine also tells of events that changed nothing: they give nobody more time. */
  #sessionChanged(state: SessionState): void {
    const same = state === this.#lastState;
    this.#lastState = state;
    if (!same) this.visit.preview = null;
    if (same) this.changed();
    else this.touch();
  }

  /** Another scene, or somebody is here: the time begins anew. */
  touch(): void {
    const rests = BUSY.includes(this.session) || this.mode !== 'inService';
    if (rests || (this.session === 'welcome' && !this.#isChanged())) this.idle.rest();
    else this.idle.touch();
    this.changed();
  }

  /** Somebody has been at the settings. */
  #isChanged(): boolean {
    return JSON.stringify(this.settings) !== JSON.stringify(this.#fresh());
  }

  #say(): void {
    const warned = this.idle.clearsIn_s !== null && this.session !== 'welcome';
    const prompt = warned ? 'idle' : promptOf(this.scene());
    this.#announcer.scene(prompt, this.settings.locale);
  }

  #health(): DeviceHealth[] {
    const { speaker, printing } = this;
    const all = this.devices
      .health()
      .map((each) =>
        each.kind === 'printer' && each.detail === '' ? { ...each, detail: printing.detail } : each,
      );
    return [...all, speaker.health()];
  }
}

export type { OpenKiosk };
