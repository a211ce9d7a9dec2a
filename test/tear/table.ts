/**
 * What became of each tear: flow × command × moment × return. The tests print how many there were;
 * `npm run tear` prints the table.
 */

import type { TearMoment } from '../../sim/chip/field.ts';

/** By CLA, INS and P1; P1 tells apart what READ BINARY reads. */
const NAMES: Readonly<Record<string, string>> = {
  '00A404': 'SELECT purse',
  '00B095': 'READ EF15',
  '00B097': 'READ EF17',
  '00B201': 'READ RECORD EF1E',
  '805003': 'INITIALISE 8050',
  '805C03': 'GET BALANCE 805C',
  '80DC00': 'UPDATE RECORD 80DC',
  '805401': 'DEBIT 8054',
  '805A00': 'PROVE 805A',
  '008400': 'GET CHALLENGE',
  '841E00': 'APPLICATION BLOCK 841E',
  SAM807000: 'SAM 8070',
  SAM807200: 'SAM 8072',
  SAM801A45: 'SAM 801A',
  SAM80FA05: 'SAM 80FA',
  SAM00A400: 'SAM SELECT',
  SAM00B095: 'SAM READ EF15',
  SAM00B096: 'SAM READ EF16',
  SAM00B097: 'SAM READ EF17',
  SAM00C000: 'SAM GET RESPONSE',
};

export interface Torn {
  readonly flow: string;
  /** CLA, INS and P1 in hex, `SAM` before them for one to the PSAM. */
  readonly command: string | undefined;
  readonly moment: TearMoment;
  readonly back: string;
  /** What the passenger read on coming back. */
  readonly outcome: string;
}

function commandName(command: string): string {
  const name = NAMES[command];
  if (!name) throw new Error(`${command}: give it a name in test/tear/table.ts`);
  return name;
}

export function commandNames(): string[] {
  return Object.keys(NAMES);
}

export class Table {
  readonly #name: string;
  /** Row → return → outcome → how often. */
  readonly #rows = new Map<string, Map<string, Map<string, number>>>();
  #cases = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add({ flow, command = '', moment, back, outcome }: Torn): void {
    this.#cases += 1;
    const row = `${flow} | ${commandName(command)} | ${moment}`;
    const returns = this.#rows.get(row) ?? new Map<string, Map<string, number>>();
    const outcomes = returns.get(back) ?? new Map<string, number>();
    this.#rows.set(row, returns.set(back, outcomes));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  print(): void {
    process.stdout.write(`${this.#name}: ${this.#cases} cases enumerated\n`);
    if (process.env.TEAR_TABLE !== 'yes') return;
    for (const [row, returns] of this.#rows) {
      const cells = [...returns].map(([back, outcomes]) => {
        const counts = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`);
        return `${back}: ${counts.join(', ')}`;
      });
      process.stdout.write(`${row} | ${cells.join('; ')}\n`);
    }
  }
}
