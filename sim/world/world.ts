/**
 * A world: one gate lane with everything around it, in virtual time, that lives through a story.
 * The same story always gives the same events.
 */

import type { GateSnapshot } from '../../controller/gate/gate.ts';
import type { TapResult } from '../../controller/gate/tap/runner.ts';
import { createField, type Field } from '../chip/field.ts';
import { createVirtualPn532, type VirtualPn532 } from '../chip/pn532.ts';
import { NO_TIMING, REAL_TIMING } from '../chip/timing.ts';
import { type Chance, createChance } from '../lane/chance.ts';
import { createVirtualPsam, type VirtualPsam } from '../sam/psam.ts';
import { hearStates } from './actors.ts';
import type { Board, Doors } from './board.ts';
import { type Breakage, createBreakage } from './breakage.ts';
import { makeCards, type WorldCard } from './cards.ts';
import { Checks } from './checks.ts';
import { createVirtualClock, type Owner, type VirtualClock } from './clock.ts';
import { WorldDisk } from './disk.ts';
import { Hazards, type Struck } from './hazards.ts';
import { Holdings, spareOf } from './holdings.ts';
import { configFor, type Lane, openLane } from './lane.ts';
import type { Lists } from './lists.ts';
import { Office } from './office.ts';
import { makeBoard, makeLists } from './outfit.ts';
import type { Border } from './ports.ts';
import { createEventLog, type EventLog } from './record.ts';
import type { Step, Story } from './story.ts';

/** Between the death of a process and the next, where no fault says how long. */
const RESTART_MS = 2_000;
/** More than the gate's own two seconds: the disk may be slow. */
const STOPS_MS = 6_000;
const INCIDENT = /"incident":"([a-z-]+)"/;

export interface Life {
  readonly owner: Owner;
  readonly holds: Holdings;
  lane: Lane | null;
}

export class World {
  readonly story: Story;
  readonly clock: VirtualClock = createVirtualClock();
  readonly checks = new Checks(this.clock);
  readonly log: EventLog;
  readonly cards: readonly WorldCard[];
  readonly field: Field;
  readonly board: Board;
  readonly disk: WorldDisk;
  readonly hazards: Hazards;
  readonly lists: Lists;
  readonly office: Office;
  /** Results of taps, newest last, of this step. */
  told: TapResult[] = [];
  walks = true;
  /** The lane has met so many wrong MAC2 in a row that only staff may open it again. */
  distrusted = false;
  #wrongMac2 = 0;
  /** What whoever comes next takes through the zone. */
  readonly #crossing = { ms: 80, followed: false };
  life: Life | null = null;
  /** Null once faults have stopped. */
  step: Step | null = null;
  readonly #chip: VirtualPn532;
  readonly #psam: VirtualPsam;
  readonly #byTarget = new Map<object, WorldCard>();
  readonly #breakage: Breakage;
  #lives = 0;
  #chance: Chance;
  /** Chunks that are late on the reader line. */
  #late = 0;

  constructor(story: Story, whole = false) {
    this.story = story;
    const { clock, checks } = this;
    this.log = createEventLog(clock.now_ms, whole);
    this.#chance = createChance(story.seed);
    this.cards = makeCards([...story.cards, 'sm4']);
    for (const card of this.cards) this.#byTarget.set(card.target, card);
    const field = createField();
    this.field = { ...field, exchange: (target, apdu) => this.#exchange(field, target, apdu) };
    const timing = story.timed ? REAL_TIMING : NO_TIMING;
    this.#chip = createVirtualPn532({ clock, field: this.field, timing });
    this.#psam = createVirtualPsam(clock, { timed: story.timed });
    this.board = makeBoard(this, {
      crosses_ms: () => this.#crossing.ms,
      follows: () => this.#follows(),
      ordered: (what, doors) => this.#ordered(what, doors),
    });
    this.disk = new WorldDisk({
      clock,
      sync_ms: story.sync_ms,
      onDurable: (path, _offset, bytes) => {
        checks.durable(path, bytes);
      },
    });
    checks.walked = () => this.board.walked;
    this.lists = makeLists(this, {
      borderOf: (owner) => this.#borderOf({ owner, holds: new Holdings(owner) }),
    });
    this.office = this.#makeOffice();
    checks.listed = (serial) => this.lists.listed(serial);
    this.#breakage = createBreakage({
      ...{ clock, cards: this.cards, field: this.field, chip: this.#chip, psam: this.#psam },
      ...{ board: this.board, disk: this.disk },
      hit: (name) => this.#hit(name),
      lists: this.lists,
      die: (fault) => this.die(fault),
    });
    this.hazards = new Hazards({
      clock,
      strike: (fault) => this.#breakage.strike(fault),
      hit: (name) => this.#hit(name),
    });
  }

  /** A new process, unless one runs. */
  boot(): void {
    if (this.life?.owner.alive) return;
    const owner: Owner = { alive: true, timers: 0 };
    const life: Life = {
      owner,
      holds: new Holdings(owner, spareOf(this.story.fitted)),
      lane: null,
    };
    this.life = life;
    this.#wrongMac2 = 0;
    this.distrusted = false;
    this.log.write('boot');
    hearStates((machine, state, before) => {
      this.log.count('states', `${machine} ${state}`);
      if (before !== null) this.log.count('transitions', `${machine} ${before} → ${state}`);
    });
    void this.#start(life).catch((error: unknown) => {
      this.checks.fail('resources', `the lane threw: ${String(error)}`);
    });
  }

  async #start(life: Life): Promise<void> {
    const { story, board, disk, lists } = this;
    this.#lives += 1;
    const opened = await openLane({
      life: this.#lives,
      ...{ story, board, disk, config: configFor(story), border: this.#borderOf(life) },
      ...{ chip: this.#chip, slot: this.#psam, lists },
      plugged: () => this.#breakage.plugged,
      onLine: (line) => this.#breakage.useLine(line),
      log: (level, text) => this.#said(level, text),
    });
    if (!life.owner.alive) return;
    if (!opened.ok) {
      this.log.write(`no start: ${opened.fault.detail}`);
      this.end(life, RESTART_MS);
      return;
    }
    life.lane = opened.value;
    const { gate, ledger } = opened.value;
    ledger.onAppend((appended) => {
      if (!life.owner.alive) return;
      this.log.write(`book ${appended.seq} ${appended.record.type}`);
      if (appended.record.type === 'retired') this.log.count('books', 'segments retired');
      this.checks.acknowledged(appended);
    });
    gate.onTap((result) => {
      if (life.owner.alive) this.#tapped(result);
    });
    this.#follow(life);
    await gate.start();
  }

  #follow({ owner, holds, lane }: Life): void {
    if (!lane) return;
    const { gate } = lane;
    const seen = { mode: '', passage: '' };
    let rights = 0;
    gate.onChange(() => {
      if (!owner.alive) return;
      const now = gate.snapshot();
      this.#bounded(holds.excess(now));
      if (now.rights > rights) this.log.count('walks', `${now.rights} with a right`);
      rights = now.rights;
      for (const machine of ['mode', 'passage'] as const) {
        const state = now[machine];
        if (seen[machine] === state) continue;
        this.log.write(`${machine} ${state}`);
        seen[machine] = state;
      }
    });
  }

  /** The process is gone; the next one comes after a while. */
  end(life: Life, down_ms: number): void {
    if (!life.owner.alive) return;
    life.owner.alive = false;
    this.clock.setTimeout(() => this.boot(), down_ms);
  }

  get serving(): boolean {
    return isServing(this.#now());
  }

  /** In service, nobody taps, the leaves are shut, nothing is under way. */
  get quiet(): boolean {
    if (this.#late > 0 || !this.lists.quiet || this.board.position !== 'closed') return false;
    const now = this.#now();
    return isServing(now) && now?.tap === 'idle' && now.passage === 'closed';
  }

  /** A lane that serves and holds its passage for closed has had its time to shut the leaves. */
  expectShut(): void {
    const now = this.#now();
    if (!isServing(now) || now?.passage !== 'closed' || this.board.position !== 'open') return;
    this.checks.fail('doors', 'the leaves stand open, and the passage is held for closed');
  }

  /** Of the process that runs, if one does. */
  #now(): GateSnapshot | undefined {
    return this.life?.owner.alive ? this.life.lane?.gate.snapshot() : undefined;
  }

  /** Everything that is broken is whole again. */
  mend(): void {
    this.hazards.disarm();
    this.#breakage.mend();
    this.boot();
  }

  /** Stops the process in order, as staff does; whatever it leaves behind is a leak. */
  async stop(): Promise<void> {
    const { life, clock, checks } = this;
    if (!life?.owner.alive || !life.lane) return;
    let over = false;
    void life.lane.stop().finally(() => {
      over = true;
    });
    const stopped = await clock.run(STOPS_MS, () => over || !life.owner.alive);
    if (!life.owner.alive) return;
    if (!stopped) checks.fail('resources', `the lane did not stop within ${STOPS_MS} ms`);
    this.#bounded(life.holds.left());
    this.log.write('stopped');
    life.owner.alive = false;
  }

  /** The lane is quiet, and has been for a moment: what it holds is what a lane needs. */
  rests(healed: boolean): void {
    const { life } = this;
    if (life?.lane) this.#bounded(life.holds.atRest(life.lane, healed));
  }

  #bounded(excess: string | null): void {
    if (excess !== null) this.checks.fail('resources', excess);
  }

  begin(step: Step): void {
    this.step = step;
    this.checks.step = step.id;
    this.#chance = createChance(this.story.seed * 1_000_003 + step.id);
    this.told = [];
    this.walks = step.walks;
    this.#crossing.ms = step.crosses_ms;
    this.#crossing.followed = step.followed === true;
    this.hazards.arm(step);
  }

  /** Once for each who is followed. */
  #follows(): boolean {
    const { followed } = this.#crossing;
    this.#crossing.followed = false;
    if (followed) this.log.count('walks', 'somebody at the heels');
    if (followed) this.log.write('somebody follows');
    return followed;
  }

  #makeOffice(): Office {
    const { clock, disk, checks, log } = this;
    return new Office({
      ...{ clock, disk, checks },
      borderOf: (owner) => this.#borderOf({ owner, holds: new Holdings(owner) }),
      log: (text) => log.write(text),
      keepHouse: () => {
        if (this.life?.owner.alive) this.life.lane?.keepHouse();
      },
    });
  }

  #borderOf({ owner, holds }: Pick<Life, 'owner' | 'holds'>): Border {
    return {
      ...{ owner, holds },
      clock: this.clock,
      cross: () => {
        if (owner.alive) this.hazards.port();
      },
      spoil: (direction) => this.hazards.spoil(direction),
      samInstead: (command) => this.hazards.samInstead(command, () => this.#resetSam()),
      heardSam: (command, answer) => this.checks.judged(command, answer),
      late: (chunks) => {
        this.#late += chunks;
      },
    };
  }

  #resetSam(): void {
    this.#psam.restore(this.#psam.snapshot());
  }

  #exchange(field: Field, target: WorldCard['target'], apdu: Buffer) {
    const card = this.#byTarget.get(target);
    const before = card?.purse?.snapshot();
    this.hazards.command();
    if (card) this.checks.sent(card, apdu);
    const heard = field.exchange(target, apdu);
    if (card && heard.kind === 'answer') this.checks.answered(card, apdu, heard.answer);
    if (heard.kind === 'lost') this.#hit(`tear ${heard.stays ? 'glitch' : 'gone'}`);
    if (card?.purse && before && card.purse.counter !== before.counter) {
      const answer = heard.kind === 'answer' ? heard.answer : this.#proofOf(card);
      this.checks.paid(card, { apdu, answer, before_fen: before.balance_fen });
      this.log.write(`card ${card.target.name} debited, n ${before.counter}`);
    }
    return heard;
  }

  /** TAC ‖ MAC2 of a debit whose answer was lost. */
  #proofOf({ purse }: WorldCard): Buffer {
    const proof = purse?.snapshot().proof;
    return Buffer.from((proof?.tac ?? '') + (proof?.mac2 ?? ''), 'hex');
  }

  #tapped(result: TapResult): void {
    const { message, detail, paid } = result;
    this.told.push(result);
    if (result.kind === 'granted') this.board.invite();
    this.log.count('outcomes', message);
    this.log.write(`tap ${message} ${paid ? `on ${paid.ref}` : ''} (${detail})`);
    this.checks.privacy.said(detail);
    this.checks.granted(result);
    if (result.fault?.code === 'assertion') this.checks.fail('resources', `assertion: ${detail}`);
    if (!result.spans.some(({ name }) => name === '8072')) return;
    if (result.kind === 'granted') this.#wrongMac2 = 0;
    if (message === 'mac2-wrong') this.#wrongMac2 += 1;
    this.distrusted ||= this.#wrongMac2 >= configFor(this.story).sam.mac2_fail_limit;
  }

  #said(level: string, text: string): void {
    this.log.write(`${level} ${text}`);
    const [, incident] = INCIDENT.exec(text) ?? [];
    if (incident) this.log.count('walks', incident);
    this.checks.privacy.said(text);
  }

  #ordered(what: 'open' | 'shut', doors: Doors): void {
    this.log.write(`order ${what}`);
    if (what === 'open') this.checks.opening(doors);
    else this.checks.shutting(doors);
  }

  #hit(name: string): void {
    const now = this.life?.owner.alive ? this.life.lane?.gate.snapshot() : undefined;
    this.log.count('faults', name);
    this.log.count('moments', now ? `lane ${now.mode}, tap ${now.tap}` : 'no lane');
    this.log.write(`fault ${name}`);
  }

  /** The process dies at this very moment, by itself or with everything around it. */
  die(fault: Pick<Extract<Struck, { kind: 'kill' | 'power-cut' }>, 'kind' | 'down_ms'>): void {
    const { life } = this;
    if (!life?.owner.alive) return;
    this.end(life, fault.down_ms);
    this.#breakage.useLine(null);
    if (fault.kind === 'kill') return;
    this.lists.cut();
    this.office.cut();
    this.disk.cut(this.#chance);
    this.#resetSam();
    this.board.power(false);
    this.board.power(true);
    this.#chip.power(false);
    this.#chip.power(true);
  }
}

function isServing(now: GateSnapshot | undefined): boolean {
  return now?.mode === 'inService' || now?.mode === 'degraded';
}
