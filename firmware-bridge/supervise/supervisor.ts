/**
 * Looks after one device: asks whether it lives while nobody uses it, and climbs the ladder when it
 * fails, for ever. Every call to the device has a deadline here, whatever its driver promises.
 */

import { createActor } from 'xstate';
import { type Clock, type Fault, type FaultCode, failed, ok, type Reply } from '../ports.ts';
import { createLadder, type Rung } from './ladder.ts';
import { type LinkState, linkMachine } from './machine.ts';

export interface Device {
  readonly name: string;
  /** The fault of a device that does not answer in time. */
  readonly mute: FaultCode;
  /** Failures in a row that make it recover, or 2. */
  readonly patience?: number;
  /** Connects for the first time. */
  start(): Promise<Reply<unknown>>;
  /** Does it live? Absent where a question would disturb. */
  probe?(): Promise<Reply<unknown>>;
  /** Does it work again? Asked after each rung, in place of `probe`. */
  prove?(): Promise<Reply<unknown>>;
  /** None: it heals by itself and says so through `found`. */
  readonly rungs: readonly Rung[];
  close(): Promise<void>;
}

export interface SupervisorOptions {
  readonly device: Device;
  readonly clock: Clock;
  /** A device that has said nothing for so long is asked; at most one second. */
  readonly heartbeat_ms: number;
  /** Somebody uses the device and is not to be disturbed. */
  readonly busy?: () => boolean;
  /** `fault`: the last one; `helped`: the rung that brought it back to `ready`. */
  readonly onState: (state: LinkState, why: Why) => void;
}

export interface Why {
  readonly fault: Fault | null;
  readonly helped: Rung['name'] | null;
}

export interface Supervisor {
  readonly state: LinkState;
  /** Connects and keeps watch; resolves when the device is ready or lost. */
  start(): Promise<void>;
  /** The device did its work: a sign of life. */
  alive(): void;
  /** The device failed at its work. */
  fault(fault: Fault): void;
  /** A device that heals by itself is back. */
  found(): void;
  /** Resolves as soon as it is known whether the device can be used. */
  settled(): Promise<void>;
  /** Of the ladder, `failures`, `losses`, `recoveries`, and how many calls are `under_way` now. */
  counters(): Readonly<Record<string, number>>;
  /** Closes the device; legal in every state, returns within `limit_ms` (1,800 ms). */
  stop(limit_ms?: number): Promise<void>;
}

/** From the last sign of life until everybody is told: two seconds, less a late timer. */
const LOST_MS = 1_900;
/** What is left of that at least after the first failure, however late it came. */
const LAST_CHANCE_MS = 600;
const HEARTBEAT_MAX_MS = 1_000;
const PROBE_MS = 300;
const START_MS = 3_000;
/** Between two questions to a device in doubt. */
const AGAIN_MS = 100;
/** Between two rounds of the ladder: doubled each time, up to the last. */
const BACK_OFF_MS = [100, 200, 400, 500];
const STOP_MS = 1_800;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const watcher = new Watcher(options);
  return {
    get state() {
      return watcher.state;
    },
    start: () => watcher.start(),
    alive: () => watcher.alive('use'),
    fault: (fault) => watcher.fail(fault, 'use'),
    found: () => watcher.recovered(null),
    settled: () => watcher.settled(),
    counters: () => watcher.counters(),
    stop: (limit_ms = STOP_MS) => watcher.stop(limit_ms),
  };
}

class Watcher {
  state: LinkState = 'connecting';
  readonly #options: SupervisorOptions;
  readonly #actor;
  readonly #ladder;
  readonly #counts = { failures: 0, losses: 0, recoveries: 0 };
  readonly #settling = new Set<() => void>();
  /** Ends every call to the device that is under way, and every pause. */
  readonly #cancel = new Set<() => void>();
  #why: Why = { fault: null, helped: null };
  #lastLife_ms: number;
  #lost_ms: number | null = null;
  /** When the next question is due. */
  #due_ms = 0;
  #rounds = 0;
  #wake = () => {};

  constructor(options: SupervisorOptions) {
    const { clock, device } = options;
    this.#options = options;
    this.#ladder = createLadder(device.rungs, clock);
    this.#lastLife_ms = clock.now_ms();
    const machine = linkMachine.provide({ delays: { declareLost: () => this.#untilLost() } });
    const { patience = 2 } = device;
    this.#actor = createActor(machine, { clock, input: { patience } });
    this.#actor.subscribe(({ value }) => this.#enter(value));
    this.#actor.start();
  }

  async start(): Promise<void> {
    if (this.state !== 'connecting') return;
    void this.#watch();
    await this.settled();
  }

  alive(by: 'use' | 'probe'): void {
    this.#heard();
    if (this.state !== 'ready') this.#actor.send({ type: 'ANSWERED', by });
  }

  fail(fault: Fault, by: 'use' | 'probe'): void {
    this.#why = { fault, helped: null };
    this.#counts.failures += 1;
    this.#due_ms = this.#options.clock.now_ms() + AGAIN_MS;
    this.#actor.send({ type: 'FAILED', by });
    this.#wake();
  }

  recovered(helped: Rung['name'] | null): void {
    this.#heard();
    this.#rounds = 0;
    if (this.state === 'ready' || this.state === 'stopped') return;
    this.#why = { ...this.#why, helped };
    this.#actor.send({ type: 'RECOVERED' });
    this.#wake();
  }

  settled(): Promise<void> {
    if (!this.#unsettled()) return Promise.resolve();
    return new Promise((resolve) => this.#settling.add(resolve));
  }

  counters() {
    return { ...this.#ladder.counters(), ...this.#counts, under_way: this.#cancel.size };
  }

  async stop(limit_ms: number): Promise<void> {
    const { device } = this.#options;
    this.#actor.send({ type: 'STOP' });
    for (const end of [...this.#cancel]) end();
    this.#wake();
    await this.#limited(async () => {
      await device.close();
      return ok(undefined);
    }, limit_ms);
  }

  async #watch(): Promise<void> {
    const { device } = this.#options;
    const started = await this.#limited(() => device.start(), START_MS);
    if (this.#stopped()) return;
    if (started.ok) this.recovered(null);
    else this.fail(started.fault, 'probe');
    while (!this.#stopped()) {
      if (this.state === 'ready' || this.state === 'suspect') await this.#listen();
      else await this.#climb();
    }
  }

  async #listen(): Promise<void> {
    const { device, clock, busy } = this.#options;
    if (!device.probe) return this.#pause(Number.POSITIVE_INFINITY);
    const wait_ms = this.#due_ms - clock.now_ms();
    if (wait_ms > 0) return this.#pause(wait_ms);
    if (busy?.()) return this.#pause(AGAIN_MS);
    const answer = await this.#limited(async () => (await device.probe?.()) ?? ok(null), PROBE_MS);
    if (this.#stopped()) return;
    if (answer.ok) this.alive('probe');
    // Somebody else is talking to it, and will tell.
    else if (answer.fault.code === 'link-busy') this.#due_ms = clock.now_ms() + AGAIN_MS;
    else this.fail(answer.fault, 'probe');
  }

  async #climb(): Promise<void> {
    const { busy, device } = this.#options;
    if (busy?.()) return this.#pause(AGAIN_MS);
    for (const rung of this.#ladder.round()) {
      const answer = await this.#limited(() => this.#mend(rung), rung.timeout_ms);
      if (!this.#climbing()) return;
      if (answer.ok) {
        this.#ladder.helped(rung);
        return this.recovered(rung.name);
      }
      this.#why = { fault: answer.fault, helped: null };
    }
    this.#actor.send({ type: 'EXHAUSTED' });
    const last_ms = BACK_OFF_MS.at(-1) ?? 0;
    const pause_ms = BACK_OFF_MS[this.#rounds] ?? last_ms;
    this.#rounds += 1;
    await this.#pause(device.rungs.length === 0 ? Number.POSITIVE_INFINITY : pause_ms);
  }

  async #mend(rung: Rung): Promise<Reply<unknown>> {
    const { device } = this.#options;
    const done = await rung.run();
    if (!done.ok || !this.#climbing()) return done;
    return (await (device.prove ?? device.probe)?.()) ?? done;
  }

  /** A call that ends: with its answer, with its deadline, or when the watch is stopped. */
  #limited(job: () => Promise<Reply<unknown>>, limit_ms: number): Promise<Reply<unknown>> {
    const { clock, device } = this.#options;
    return new Promise((resolve) => {
      const end = (answer: Reply<unknown>) => {
        clock.clearTimeout(timer);
        this.#cancel.delete(cancel);
        resolve(answer);
      };
      const late = `${device.name}: no answer in ${limit_ms} ms`;
      const timer = clock.setTimeout(() => end(failed(device.mute, 'none', late)), limit_ms);
      const cancel = () => end(failed(device.mute, 'none', `${device.name}: stopped`));
      this.#cancel.add(cancel);
      Promise.resolve()
        .then(job)
        .then(end, (error: unknown) => end(failed('assertion', 'none', String(error))));
    });
  }

  #pause(delay_ms: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const timer = Number.isFinite(delay_ms)
        ? clock.setTimeout(() => this.#wake(), delay_ms)
        : null;
      this.#wake = () => {
        clock.clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  #heard(): void {
    const { clock, heartbeat_ms } = this.#options;
    this.#lastLife_ms = clock.now_ms();
    this.#due_ms = this.#lastLife_ms + Math.min(heartbeat_ms, HEARTBEAT_MAX_MS);
  }

  #untilLost(): number {
    const now_ms = this.#options.clock.now_ms();
    this.#lost_ms ??= Math.max(this.#lastLife_ms + LOST_MS, now_ms + LAST_CHANCE_MS);
    return Math.max(0, this.#lost_ms - now_ms);
  }

  #enter(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    if (state === 'ready') {
      this.#lost_ms = null;
      this.#counts.recoveries += 1;
    }
    if (state === 'lost') this.#counts.losses += 1;
    this.#options.onState(state, this.#why);
    // A doubt may end by time alone, while the watch waits to ask again.
    this.#wake();
    if (this.#unsettled()) return;
    for (const resolve of this.#settling) resolve();
    this.#settling.clear();
  }

  #unsettled(): boolean {
    return this.state === 'connecting' || this.state === 'recovering';
  }

  #climbing(): boolean {
    return this.state === 'recovering' || this.state === 'lost';
  }

  #stopped(): boolean {
    return this.state === 'stopped';
  }
}
