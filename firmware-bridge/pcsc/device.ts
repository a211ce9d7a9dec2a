/**
 * The lane's side of one PC/SC slot: keeps its process running, asks it one thing at a time, and
 * kills it when it does not answer in time. A killed or failed process is replaced by a new one.
 */

import { within } from '../clock.ts';
import { type Clock, type Effect, type Fault, failed, ok, type Reply } from '../ports.ts';
import {
  createDecoder,
  DISPOSITION,
  decodeRefusal,
  decodeStatus,
  encodeFrame,
  FLAG,
  type Frame,
  KIND,
  type SlotStatus,
} from './frames.ts';
import { whyNotOne } from './names.ts';
import { openProcessWire, type Wire } from './process-wire.ts';
import { faultOf } from './scard.ts';

export interface DeviceOptions {
  readonly pattern: string;
  /** What it is called until its slot is found; absent: by its pattern. */
  readonly label?: string;
  readonly clock: Clock;
  /** Starts a process; tests put another one in its place. */
  readonly openWire?: () => Wire;
}

/** One insertion of a card: another object for every card, and for every time it is put in. */
export interface Insertion {
  readonly atr: Buffer;
  /** It does not answer to reset: upside down, or no card that we know. */
  readonly mute: boolean;
  /** The daemon's count of insertions and removals. */
  readonly count: number;
}

export type DeviceState =
  | { readonly kind: 'ready'; readonly card: Insertion | undefined }
  /** `starting`: not known yet; `unmatched`: no slot is ours; `down`: a new process is to come. */
  | { readonly kind: 'starting' | 'unmatched' | 'down'; readonly fault: Fault };

interface Pending {
  readonly id: number;
  readonly effect: Effect;
  readonly settle: (reply: Reply<Buffer>) => void;
  readonly timer: unknown;
}

/** From the start of a process until it runs, on a busy board. */
const START_MS = 8_000;
/** From then on the daemon must tell of our slot; some hang over a daemon that dies just now. */
const DAEMON_MS = 2_000;
/** How long `revive` waits for that; the process goes on starting afterwards. */
const REVIVE_MS = 3_000;
const CONNECT_MS = 2_000;
/** The daemon answers at once; a reader that needs longer is taken for lost. */
const PROBE_MS = 1_500;
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 2_000;

/** Slots in use, by name: two devices on one slot would disturb each other. */
const claims = new Map<string, SlotDevice>();

export class SlotDevice {
  readonly pattern: string;
  readonly counts = {
    processes: 0,
    timeouts: 0,
    refusals: 0,
    busy: 0,
    insertions: 0,
    removals: 0,
    repeated_events: 0,
  };
  readonly #label: string;
  readonly #clock: Clock;
  readonly #openWire: () => Wire;
  readonly #waiting = new Set<() => void>();
  readonly #closing = new Set<Promise<void>>();
  #state: DeviceState;
  /** All that the daemon has. */
  #names: readonly string[] = [];
  #slot = '';
  #status: SlotStatus | undefined;
  #wire: Wire | undefined;
  #pending: Pending | undefined;
  #lastId = 0;
  #pause_ms = PAUSE_MIN_MS;
  /** Of the start while `starting`, of the pause while `down`. */
  #timer: unknown;
  #closed = false;

  constructor({ pattern, label = pattern, clock, openWire }: DeviceOptions) {
    this.pattern = pattern;
    this.#label = label;
    this.#clock = clock;
    this.#openWire = openWire ?? (() => openProcessWire(pattern, clock));
    this.#state = this.#starting();
    this.#launch();
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** Of all slots that the daemon has, as last told. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The slot's own name once it is found, else its label. */
  get name(): string {
    return this.#slot || this.#label;
  }

  /** Ready after one more attempt, at once if it waits for one; the name of the slot. */
  async revive(): Promise<Reply<string>> {
    if (this.#state.kind === 'unmatched') this.#claim();
    if (this.#state.kind === 'down' && !this.#closed) this.#launch();
    if (this.#state.kind === 'starting') await this.#settled();
    const state = this.#state;
    return state.kind === 'ready' ? ok(this.name) : { ok: false, fault: state.fault };
  }

  /**
   * Opens the slot for us alone, after ending a connection that it has.
   * @param disposition what happens to the card first; `unpower` is a cold reset
   * @returns the protocol: 1 for T=0, 2 for T=1
   */
  async connect(disposition: number, timeout_ms = CONNECT_MS): Promise<Reply<number>> {
    const payload = Buffer.from([disposition]);
    const reply = await this.#request(KIND.connect, payload, { timeout_ms, effect: 'none' });
    return reply.ok ? ok(reply.value[0] ?? 0) : reply;
  }

  disconnect(): Promise<Reply<Buffer>> {
    const payload = Buffer.from([DISPOSITION.reset]);
    const limits = { timeout_ms: CONNECT_MS, effect: 'none' } as const;
    return this.#request(KIND.disconnect, payload, limits);
  }

  /** @param effect `none` for what the reader answers itself */
  transmit(command: Buffer, timeout_ms: number, effect: Effect = 'unknown') {
    return this.#request(KIND.transmit, command, { timeout_ms, effect });
  }

  /** Do process, daemon and reader answer? Says nothing to the card. */
  async probe(): Promise<Reply<string>> {
    const limits = { timeout_ms: PROBE_MS, effect: 'none' } as const;
    const reply = await this.#request(KIND.probe, Buffer.alloc(0), limits);
    return reply.ok ? ok(this.name) : reply;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#drop({ code: 'link-lost', effect: 'unknown', detail: `${this.name} was closed` });
    await Promise.all(this.#closing);
  }

  #request(kind: number, payload: Buffer, limits: { timeout_ms: number; effect: Effect }) {
    const state = this.#state;
    const wire = this.#wire;
    const { timeout_ms, effect } = limits;
    if (state.kind !== 'ready' || !wire) return Promise.resolve(lacking(state, this.name));
    if (this.#pending) {
      this.counts.busy += 1;
      return Promise.resolve(failed('link-busy', 'none', `${this.name}: one thing at a time`));
    }
    this.#lastId = (this.#lastId % 255) + 1;
    const id = this.#lastId;
    const written = wire.write(encodeFrame(kind, id, payload));
    if (!written.ok) {
      this.#drop(written.fault);
      return Promise.resolve(written);
    }
    return new Promise<Reply<Buffer>>((settle) => {
      const timer = this.#clock.setTimeout(() => this.#late(kind, timeout_ms), timeout_ms);
      this.#pending = { id, effect, settle, timer };
    });
  }

  #late(kind: number, timeout_ms: number): void {
    this.counts.timeouts += 1;
    const muteCard = kind === KIND.transmit;
    const who = muteCard ? 'the card' : 'the reader or pcscd';
    const detail = `${this.name}: no answer from ${who} in ${timeout_ms} ms; process replaced`;
    this.#drop({ code: muteCard ? 'card-mute' : 'link-lost', effect: 'unknown', detail });
  }

  #answer(id: number, reply: Reply<Buffer>): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#pending = undefined;
    this.#clock.clearTimeout(pending.timer);
    pending.settle(reply);
  }

  #launch(): void {
    this.counts.processes += 1;
    this.#slot = '';
    const wire = this.#openWire();
    this.#wire = wire;
    this.#enter(this.#starting(), START_MS);
    const decode = createDecoder((frame) => wire === this.#wire && this.#take(frame));
    wire.listen({
      data: (chunk) => {
        if (decode(chunk) || wire !== this.#wire) return;
        const detail = `${this.name}: the PC/SC process talks nonsense`;
        this.#drop({ code: 'link-lost', effect: 'unknown', detail });
      },
      lost: (fault) => {
        if (wire !== this.#wire) return;
        this.#drop({ ...fault, detail: `${this.name}: ${fault.detail}` });
      },
    });
  }

  #take({ kind, id, payload }: Frame): void {
    switch (kind) {
      case KIND.done:
        this.#pause_ms = PAUSE_MIN_MS;
        this.#answer(id, ok(Buffer.from(payload)));
        break;
      case KIND.refused: {
        this.counts.refusals += 1;
        const effect = this.#pending?.effect ?? 'none';
        const fault = faultOf(decodeRefusal(payload), this.name, effect);
        this.#answer(id, { ok: false, fault });
        break;
      }
      case KIND.up:
        this.#enter(this.#starting());
        break;
      case KIND.slots: {
        const [slot = '', ...names] = payload.toString().split('\0');
        if (slot !== this.#slot) this.#status = undefined;
        this.#slot = slot;
        this.#names = names;
        this.#claim();
        break;
      }
      case KIND.status:
        this.#status = decodeStatus(payload);
        this.#claim();
        break;
      case KIND.down: {
        const refusal = decodeRefusal(payload);
        const fault = faultOf(refusal, this.name, 'unknown');
        // Without a code of PC/SC it is the library itself that is missing.
        this.#drop(refusal.code === 0 ? { ...fault, code: 'link-absent' } : fault);
      }
    }
  }

  /** Is there one slot that is ours alone? */
  #claim(): void {
    const { pattern } = this;
    const slot = this.#slot;
    const other = claims.get(slot) ?? this;
    if (slot === '') {
      this.#unmatched(whyNotOne(pattern, this.#names));
    } else if (other !== this) {
      const both = `'${pattern}' and '${other.pattern}' both match '${slot}'`;
      this.#unmatched(`${both}; make them differ`);
    } else {
      claims.set(slot, this);
      // The process tells the status right behind the names, or as soon as it knows it.
      if (this.#status) this.#show(this.#status);
      else this.#enter(this.#starting());
    }
  }

  #unmatched(detail: string): void {
    this.#unclaim();
    this.#enter({ kind: 'unmatched', fault: failed('link-absent', 'none', detail).fault });
  }

  #unclaim(): void {
    for (const [slot, device] of claims) if (device === this) claims.delete(slot);
  }

  #show({ flags, count, atr }: SlotStatus): void {
    const before = this.#state.kind === 'ready' ? this.#state.card : undefined;
    const present = (flags & FLAG.present) !== 0;
    const mute = (flags & FLAG.mute) !== 0;
    const same = present && before?.count === count && before.mute === mute;
    if (before && !same) this.counts.removals += 1;
    if (present && !same) this.counts.insertions += 1;
    if (same) this.counts.repeated_events += 1;
    const card = present ? { atr, mute, count } : undefined;
    this.#enter({ kind: 'ready', card: same ? before : card });
  }

  /** Kills the process; what waits gets the fault, `unknown` only where the card may have acted. */
  #drop(fault: Fault): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#status = undefined;
    this.#unclaim();
    if (wire) {
      const closing = wire.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    this.#enter({ kind: 'down', fault: { ...fault, effect: 'none' } });
    const { id = 0, effect = 'none' } = this.#pending ?? {};
    this.#answer(id, { ok: false, fault: { ...fault, effect } });
  }

  #enter(state: DeviceState, starting_ms = DAEMON_MS): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state = state;
    if (state.kind === 'starting') {
      this.#timer = this.#clock.setTimeout(() => {
        this.#drop({ ...state.fault, detail: `${this.name}: no word from pcscd` });
      }, starting_ms);
      return;
    }
    if (state.kind === 'down' && !this.#closed) {
      this.#timer = this.#clock.setTimeout(() => this.#launch(), this.#pause_ms);
      this.#pause_ms = Math.min(2 * this.#pause_ms, PAUSE_MAX_MS);
    }
    for (const wake of this.#waiting) wake();
  }

  #starting(): DeviceState {
    const detail = `${this.pattern}: the PC/SC process is starting`;
    return { kind: 'starting', fault: failed('link-absent', 'none', detail).fault };
  }

  /** Until the process has come up or failed, but not for longer than a caller would wait. */
  async #settled(): Promise<void> {
    let wake = () => {};
    const settled = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    await within(this.#clock, REVIVE_MS, settled);
    this.#waiting.delete(wake);
  }
}

function lacking(state: DeviceState, name: string) {
  if (state.kind !== 'ready') return { ok: false, fault: state.fault } as const;
  return failed('link-lost', 'none', `${name}: the PC/SC process is gone`);
}
