/** A whole gate over a reader, a barrier and a SAM that do what the test says, and a fake clock. */

import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../../config/schema.ts';
import type { Health, WatchedBlacklist } from '../../../controller/blacklist/blacklist.ts';
import { createGate, type Gate } from '../../../controller/gate/gate.ts';
import { createNetwork } from '../../../controller/gate/network.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import type { Authorisation, Mac2Verdict, SamIdentity } from '../../../controller/sam/sam.ts';
import {
  type BarrierEvent,
  type Card,
  type CardReader,
  failed,
  type GateSignal,
  ok,
  type Presence,
  type Reply,
} from '../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../kit/apdu-script.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { inShort, laneConfig } from './tap/bench.ts';
import { MAC1, PSAM, TERMINAL } from './tap/wire.ts';

type Part = 'reader' | 'far_reader' | 'sam' | 'barrier';

const NONE: Reply<Presence> = ok({ kind: 'none' });

export class Bench {
  readonly clock: FakeClock = createFakeClock();
  readonly disk = new MemoryDisk();
  config: LaneConfig = laneConfig('flat');
  /** What the next detections find; afterwards the field is empty. */
  readonly field: Reply<Presence>[] = [];
  readonly records: string[] = [];
  readonly told: string[] = [];
  /** Titles as the sign shows them. */
  readonly signs: string[] = [];
  readonly orders: string[] = [];
  readonly calls = { detect: 0, probe: 0, recover: 0, present: 0, release: 0, samStart: 0 };
  reader: Reply<string> = ok('scripted reader');
  /** Set it before the start, and the lane has a far end; what its detections find. */
  farField: Reply<Presence>[] | null = null;
  farReader: Reply<string> = ok('scripted reader');
  readonly farTold: string[] = [];
  readonly farSigns: string[] = [];
  readonly farCalls = { detect: 0, probe: 0, recover: 0 };
  lamps: GateSignal | null = null;
  sam: Reply<unknown> = ok(null);
  authorisation: Reply<Authorisation> = ok({ termSeq: hex('000001E7'), mac1: hex(MAC1) });
  verdict: Mac2Verdict = 'verified';
  /** Instead of a verdict. */
  noVerdict: Reply<Mac2Verdict> | null = null;
  barrier: Reply<void> = ok(undefined);
  /** Devices that never answer any call, not even `close`. */
  readonly hung = new Set<Part>();
  /** Lines of the log, and how loud. */
  readonly log: string[] = [];
  /** What the SAM takes for everything. */
  samTime_ms = 0;
  /** What one detection takes. */
  lookTime_ms = 0;
  #gate: Gate | null = null;
  emit: (event: BarrierEvent) => void = () => {};
  /** What the store of the blacklist thinks of itself; tell it with `judgeList`. */
  listHealth: Health = { kind: 'good' };
  judgeList: (health: Health) => void = () => {};
  /** Happens while a detection is under way. */
  onDetect = () => {};

  get gate(): Gate {
    if (!this.#gate) throw new Error('the gate was not started');
    return this.#gate;
  }

  async start(): Promise<void> {
    await this.make();
    await this.gate.start();
  }

  /** The gate, not started yet. */
  async make(): Promise<void> {
    const opened = await openLedger({ disk: this.disk, directory: '/ledger' });
    if (!opened.ok) throw new Error(opened.fault.detail);
    const ledger = opened.value;
    ledger.onAppend(({ record }) => this.records.push(inShort(record)));
    const silent = () => {};
    this.#gate = createGate({
      ...{ config: this.config, clock: this.clock, ledger },
      reader: this.#reader(),
      ...(this.farField && {
        far: {
          reader: this.#farReader(this.farField),
          indicator: { show: ({ text }) => show(this.farSigns, text.en?.title ?? '') },
        },
      }),
      sam: this.#sam(),
      barrier: {
        name: 'scripted barrier',
        open: async (direction) => this.#order(`open ${direction}`),
        shut: async () => this.#order('close'),
        signal: (lamps) => {
          this.lamps = lamps;
        },
        onEvent: (listener) => {
          this.emit = listener;
          return () => {
            this.emit = silent;
          };
        },
        probe: async () => ok('scripted barrier'),
        recover: () => this.#from('barrier', ok('scripted barrier')),
        counters: () => ({}),
        close: () => this.#from('barrier', undefined),
      },
      indicator: { show: ({ text }) => show(this.signs, text.en?.title ?? '') },
      blacklist: this.#blacklist(),
      network: createNetwork(this.config.site),
      log: {
        debug: silent,
        info: silent,
        warn: (_, text) => this.log.push(`warn ${text}`),
        error: (_, text) => this.log.push(`error ${text}`),
      },
    });
    const near = this.config.lane.direction;
    this.gate.onTap(({ message }, direction) => {
      (direction === near ? this.told : this.farTold).push(message);
    });
  }

  /** A card with its transcript, which still lies there at the next `stays` looks. */
  card(lines: readonly string[], stays = 0): Reply<Presence> {
    let left = stays;
    const card: Card = {
      uid: hex('04112233445566'),
      ats: hex('7880'),
      transceive: createApduScript(lines).transceive,
      present: async () => {
        this.calls.present += 1;
        left -= 1;
        return ok(left >= 0);
      },
      release: async () => {
        this.calls.release += 1;
      },
    };
    return ok({ kind: 'card', card });
  }

  #order(words: string): Reply<void> {
    this.orders.push(words);
    return this.barrier;
  }

  /** The value, unless the device hangs. */
  #from<T>(device: Part, value: T): Promise<T> {
    return this.hung.has(device) ? new Promise(() => {}) : Promise.resolve(value);
  }

  #seen(found: Reply<Presence>): Promise<Reply<Presence>> {
    if (this.lookTime_ms === 0) return Promise.resolve(found);
    return new Promise((done) => this.clock.setTimeout(() => done(found), this.lookTime_ms));
  }

  #later<T>(value: T): Promise<T> {
    if (this.hung.has('sam')) return new Promise(() => {});
    if (this.samTime_ms === 0) return Promise.resolve(value);
    return new Promise((done) => this.clock.setTimeout(() => done(value), this.samTime_ms));
  }

  #blacklist(): WatchedBlacklist {
    return {
      check: () => ({ kind: 'clear' }),
      health: () => this.listHealth,
      onHealth: (listener) => {
        this.judgeList = listener;
        return () => {
          this.judgeList = () => {};
        };
      },
    };
  }

  #farReader(field: Reply<Presence>[]): CardReader {
    const { farCalls: calls } = this;
    const answer = (call: keyof typeof calls) => {
      calls[call] += 1;
      return this.#from('far_reader', this.farReader);
    };
    return {
      name: 'far reader',
      detect: async () => {
        const told = await answer('detect');
        const found = told.ok ? (field.shift() ?? NONE) : told;
        return this.#seen(found);
      },
      probe: () => answer('probe'),
      recover: () => answer('recover'),
      counters: () => ({}),
      close: () => this.#from('far_reader', undefined),
    };
  }

  #reader() {
    const { calls, field } = this;
    return {
      name: 'scripted reader',
      detect: async () => {
        calls.detect += 1;
        this.onDetect();
        const found = field.shift() ?? (this.reader.ok ? NONE : this.reader);
        return this.#seen(await this.#from('reader', found));
      },
      probe: async () => {
        calls.probe += 1;
        return this.#from('reader', this.reader);
      },
      recover: async () => {
        calls.recover += 1;
        return this.#from('reader', this.reader);
      },
      counters: () => ({}),
      close: () => this.#from('reader', undefined),
    };
  }

  #sam() {
    const identity: SamIdentity = { terminal: hex(TERMINAL), serial: hex(PSAM), keyIndex: 0x41 };
    return {
      identity,
      start: async (): Promise<Reply<SamIdentity>> => {
        this.calls.samStart += 1;
        return this.#later(this.sam.ok ? ok(identity) : this.sam);
      },
      initPurchase: () => this.#later(this.authorisation),
      creditPurchase: () => this.#later(this.noVerdict ?? ok(this.verdict)),
      blockMac: async () => ok(null),
      close: () => this.#from('sam', undefined),
    };
  }
}

function show(signs: string[], title: string): void {
  if (signs.at(-1) !== title) signs.push(title);
}

export async function started(prepare: (bench: Bench) => void = () => {}): Promise<Bench> {
  const bench = new Bench();
  prepare(bench);
  await bench.start();
  return bench;
}

/** Ends the gate and leaves nothing behind. */
export async function ended({ clock, gate }: Bench): Promise<void> {
  const from_ms = clock.now_ms();
  await clock.until(gate.stop());
  assert.ok(clock.now_ms() - from_ms <= 2_000, 'stop took more than two seconds');
  assert.is(gate.snapshot().mode, 'stopped');
  await clock.advance(60_000);
  assert.is(clock.timers(), 0);
}

export function fault(code: 'chip-mute' | 'sam-mute' | 'barrier-lost') {
  return failed(code, 'none', 'scripted');
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}
