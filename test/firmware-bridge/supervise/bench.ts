/** A device that fails as the test says, watched by a supervisor, on a fake clock. */

import * as assert from 'uvu/assert';
import { failed, ok, type Reply } from '../../../firmware-bridge/ports.ts';
import type { Rung } from '../../../firmware-bridge/supervise/ladder.ts';
import {
  createSupervisor,
  type Device,
  type SupervisorOptions,
} from '../../../firmware-bridge/supervise/supervisor.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';

/** `refuses`: answers every call with a fault at once; `hangs`: never answers. */
export type Manner = 'refuses' | 'hangs';

/** The budgets of a real reader with every rung. */
export const RUNGS: readonly Omit<Rung, 'run'>[] = [
  { name: 'retry', timeout_ms: 400, gap_ms: 0 },
  { name: 'rf-reset', timeout_ms: 400, gap_ms: 500 },
  { name: 'chip-reset', timeout_ms: 1_000, gap_ms: 500 },
  { name: 'reopen', timeout_ms: 2_000, gap_ms: 500 },
  { name: 'replug', timeout_ms: 6_000, gap_ms: 60_000 },
];

export class Bench {
  readonly clock: FakeClock;
  /** How it is broken; undefined: well. */
  manner: Manner | undefined;
  /** The rung that mends it, as soon as the hardware is there; none: it is past mending. */
  cure: Rung['name'] | undefined;
  hardware = true;
  closes: Manner | undefined;
  /** Every change of state as `<ms> <state>`. */
  readonly states: string[] = [];
  readonly calls: string[] = [];
  busy = false;
  readonly supervisor;
  readonly device: Device;

  constructor(
    changes: Partial<Device> = {},
    options: Partial<SupervisorOptions> = {},
    rungs = RUNGS,
  ) {
    this.clock = (options.clock as FakeClock | undefined) ?? createFakeClock();
    const { clock } = this;
    this.device = {
      name: 'scripted device',
      mute: 'chip-mute',
      start: () => this.#call('start'),
      probe: () => this.#call('probe'),
      rungs: rungs.map((rung) => ({ ...rung, run: () => this.#climb(rung.name) })),
      close: async () => {
        this.calls.push('close');
        if (this.closes === 'hangs') await new Promise(() => {});
      },
      ...changes,
    };
    this.supervisor = createSupervisor({
      ...{ device: this.device, clock, heartbeat_ms: 1_000, busy: () => this.busy },
      onState: (state) => this.states.push(`${clock.now_ms()} ${state}`),
      ...options,
    });
  }

  async start(): Promise<this> {
    await this.clock.until(this.supervisor.start());
    return this;
  }

  breaks(manner: Manner, cure?: Rung['name']): void {
    this.manner = manner;
    this.cure = cure;
  }

  /** When the state was first entered after `from_ms`. */
  when(state: string, from_ms = 0): number {
    const found = this.states
      .map((line) => line.split(' '))
      .find(([at, name]) => name === state && Number(at) >= from_ms);
    return Number(found?.[0] ?? Number.NaN);
  }

  /** Stops in time and leaves nothing behind. */
  async end(): Promise<void> {
    const from_ms = this.clock.now_ms();
    await this.clock.until(this.supervisor.stop());
    assert.ok(this.clock.now_ms() - from_ms <= 2_000, 'stop took more than two seconds');
    assert.is(this.supervisor.state, 'stopped');
    assert.is(this.clock.timers(), 0);
    const calls = this.calls.length;
    await this.clock.advance(60_000);
    assert.is(this.calls.length, calls, 'it was called after the stop');
  }

  #climb(name: Rung['name']): Promise<Reply<unknown>> {
    if (name === this.cure && this.hardware) this.manner = undefined;
    // A question mends nothing by itself, and the power switch always answers.
    if (name === 'replug') {
      this.calls.push(name);
      return Promise.resolve(ok('power'));
    }
    return this.#call(name);
  }

  #call(name: string): Promise<Reply<unknown>> {
    this.calls.push(name);
    switch (this.manner) {
      case undefined:
        return Promise.resolve(ok('well'));
      case 'refuses':
        return Promise.resolve(failed('chip-mute', 'none', 'scripted'));
      case 'hangs':
        return new Promise(() => {});
    }
  }
}
