/** Many seeds on several cores. Each worker is a process, so that one that hangs costs one seed. */

import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { Violation } from './checks.ts';
import { addCoverage, type Coverage, noCoverage } from './record.ts';
import type { Fitting } from './story.ts';
import type { Order, Report } from './worker.ts';

export interface CampaignOptions {
  /** The bundled worker. */
  readonly program: string;
  readonly clock: Clock;
  readonly workers: number;
  readonly first: number;
  /** No further seeds after so many, or after so long. */
  readonly seeds: number;
  readonly limit_ms: number;
  readonly taps: number;
  readonly faults: number;
  readonly fitted?: readonly Fitting[] | undefined;
  readonly onProgress: (progress: Progress) => void;
}

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
}

export interface Progress {
  readonly seeds: number;
  readonly taps: number;
  readonly elapsed_ms: number;
  /** Of all workers together. */
  readonly cpu_ms: number;
  readonly failures: readonly Failure[];
}

export interface Campaign extends Progress {
  readonly coverage: Coverage;
}

/** A story that takes longer has hung. */
const HANGS_MS = 120_000;
const FAILURES_MAX = 20;
/** A tap leaves much garbage that is young: where there is room for it, less is copied. */
const WORKER_FLAGS = ['--max-semi-space-size=64'];

export function runCampaign(options: CampaignOptions): Promise<Campaign> {
  return new Campaigner(options).run();
}

class Campaigner {
  readonly #options: CampaignOptions;
  readonly #from_ms: number;
  readonly #coverage = noCoverage();
  readonly #failures: Failure[] = [];
  #given = 0;
  #seeds = 0;
  #taps = 0;
  #cpu_ms = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#from_ms = options.clock.now_ms();
  }

  async run(): Promise<Campaign> {
    const workers = Array.from({ length: this.#options.workers }, () => this.#work());
    await Promise.all(workers);
    return { ...this.#progress(), coverage: this.#coverage };
  }

  #progress(): Progress {
    const elapsed_ms = this.#options.clock.now_ms() - this.#from_ms;
    const counts = { seeds: this.#seeds, taps: this.#taps, cpu_ms: this.#cpu_ms };
    return { ...counts, elapsed_ms, failures: this.#failures };
  }

  #next(): Order | null {
    const { seeds, limit_ms, first, taps, faults, fitted, clock } = this.#options;
    const over = clock.now_ms() - this.#from_ms >= limit_ms;
    if (this.#given >= seeds || over || this.#failures.length >= FAILURES_MAX) return null;
    this.#given += 1;
    return { seed: first + this.#given - 1, taps, faults, fitted };
  }

  async #work(): Promise<void> {
    let child: ChildProcess | null = null;
    for (let order = this.#next(); order; order = this.#next()) {
      child ??= this.#spawn();
      const report = await this.#ask(child, order);
      if (report) this.#take(report);
      else {
        this.#fail(order.seed, { rule: 'liveness', text: 'the world hung or died', step: 0 });
        child.kill('SIGKILL');
        child = null;
      }
      this.#options.onProgress(this.#progress());
    }
    child?.disconnect();
  }

  #spawn(): ChildProcess {
    return fork(this.#options.program, { execArgv: WORKER_FLAGS });
  }

  /** Null when it hangs or dies. */
  #ask(child: ChildProcess, order: Order): Promise<Report | null> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const end = (report: Report | null) => {
        clock.clearTimeout(timer);
        child.removeAllListeners();
        resolve(report);
      };
      const timer = clock.setTimeout(() => end(null), HANGS_MS);
      child.once('message', (report) => end(report as Report));
      child.once('exit', () => end(null));
      child.send(order);
    });
  }

  #take({ seed, outcome, cpu_ms }: Report): void {
    this.#seeds += 1;
    this.#cpu_ms += cpu_ms;
    this.#taps += outcome.taps;
    addCoverage(this.#coverage, outcome.coverage);
    if (outcome.violation) this.#fail(seed, outcome.violation);
  }

  #fail(seed: number, violation: Violation): void {
    this.#failures.push({ seed, violation });
  }
}
