/** The faults of the passenger who is at the gate: counts what happens and strikes in time. */

import type { VirtualClock } from './clock.ts';
import type { Direction, Fault, Moment, Spoiling } from './faults.ts';
import type { SamTrouble } from './ports.ts';
import type { Step } from './story.ts';

export type Struck = Extract<Fault, { readonly when: Moment }>;
type LineFault = Extract<Fault, { readonly spoiling: Spoiling }>;
type SamFault = Extract<Fault, { readonly kind: 'sam' }>;

export interface HazardOptions {
  readonly clock: VirtualClock;
  readonly strike: (fault: Struck) => void;
  /** A fault had its effect. */
  readonly hit: (name: string) => void;
}

const SLOW_MS = 700;

function noChunks(): Record<Direction, number> {
  return { 'to-chip': 0, 'to-host': 0, 'to-board': 0, 'from-board': 0 };
}

export class Hazards {
  /** Port calls since the passenger came. */
  ports = 0;
  readonly #options: HazardOptions;
  #waiting: Struck[] = [];
  #lines: LineFault[] = [];
  #sams: SamFault[] = [];
  #commands = 0;
  #chunks = noChunks();
  #samCommands = 0;
  #round = 0;

  constructor(options: HazardOptions) {
    this.#options = options;
  }

  arm({ faults }: Step): void {
    this.disarm();
    const { clock, strike } = this.#options;
    this.#waiting = faults.filter((fault): fault is Struck => 'when' in fault);
    this.#lines = faults.filter((fault) => 'spoiling' in fault);
    this.#sams = faults.filter((fault) => fault.kind === 'sam');
    const round = this.#round;
    for (const fault of this.#waiting) {
      if (fault.when.on !== 'time') continue;
      clock.setTimeout(() => {
        if (round === this.#round) strike(fault);
      }, fault.when.after_ms);
    }
  }

  /** The passenger has gone: what has not struck never will. */
  disarm(): void {
    this.#round += 1;
    this.#waiting = [];
    this.#lines = [];
    this.#sams = [];
    this.ports = 0;
    this.#commands = 0;
    this.#chunks = noChunks();
    this.#samCommands = 0;
  }

  command(): void {
    this.#commands += 1;
    if (this.#waiting.length > 0) this.#due('command', this.#commands);
  }

  port(): void {
    this.ports += 1;
    if (this.#waiting.length > 0) this.#due('port', this.ports);
  }

  #due(on: 'command' | 'port', count: number): void {
    for (const fault of [...this.#waiting]) {
      const { when } = fault;
      if (when.on !== on || when.nth !== count) continue;
      this.#waiting = this.#waiting.filter((other) => other !== fault);
      this.#options.strike(fault);
    }
  }

  spoil(direction: Direction): Spoiling | null {
    if (this.#lines.length === 0) return null;
    this.#chunks[direction] += 1;
    const fault = this.#lines.find(
      (line) => line.direction === direction && line.nth === this.#chunks[direction],
    );
    if (!fault) return null;
    this.#options.hit(`line ${fault.spoiling} ${direction}`);
    return fault.spoiling;
  }

  /** Only purchases count: 8070 and 8072. */
  samInstead(command: Buffer, reset: () => void): SamTrouble | null {
    if (this.#sams.length === 0) return null;
    const ins = command.at(1);
    if (ins !== 0x70 && ins !== 0x72) return null;
    this.#samCommands += 1;
    const fault = this.#sams.find(({ nth }) => nth === this.#samCommands);
    if (!fault) return null;
    this.#options.hit(`sam ${fault.does}`);
    switch (fault.does) {
      case 'slow':
        return { kind: 'slow', delay_ms: SLOW_MS };
      case 'mute':
        return { kind: 'mute' };
      case 'refuse':
        return { kind: 'answer', bytes: Buffer.from('6a88', 'hex') };
      case 'wrong-mac1':
        return ins === 0x70 ? { kind: 'spoil-answer' } : null;
      case 'wrong-mac2':
        return ins === 0x72 ? { kind: 'answer', bytes: Buffer.from('9302', 'hex') } : null;
      case 'reset':
        reset();
        return null;
    }
  }
}
