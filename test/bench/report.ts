/** How the figures are told: a table, Markdown, or JSON. */

import { cpus, loadavg, release, totalmem } from 'node:os';
import { isMet, type Line, type Target } from './measure.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_MiB: number;
  readonly kernel: string;
  readonly node: string;
  /** YYYY-MM-DD */
  readonly date: string;
  /** Processes that wanted to run in the minute before: above the cores, the tails are theirs. */
  readonly load: number;
}

export interface Report {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly lines: readonly Line[];
  /** What the rarest figure is called: of few samples p99.9 is the largest. */
  readonly tail?: 'p99.9' | 'max';
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memory_MiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

export function asJson(report: Report): string {
  const lines = report.lines.map((line) => ({ ...line, met: isMet(line) }));
  return `${JSON.stringify({ ...report, lines }, null, 2)}\n`;
}

function rowsOf({ lines, tail = 'p99.9' }: Report): string[][] {
  const head = ['measure', 'unit', 'p50', 'p99', tail, 'noise', 'ratio', 'target', 'verdict'];
  return [head, ...lines.map((line) => cellsOf(line, tail))];
}

export function asTable(report: Report): string {
  const { machine: on, quick } = report;
  const rows = rowsOf(report);
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const text = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${nameOf(on)}${quick ? ', quick' : ''}\n${text.join('\n')}\n`;
}

export function asMarkdown(report: Report): string {
  const { machine: on, quick } = report;
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [head = [], ...rows] = rowsOf(report);
  const rule = head.map((_, column) => (column < 2 ? '---' : '--:'));
  const table = [head, rule, ...rows].map(row);
  return `${nameOf(on)}${quick ? ', quick' : ''}.\n\n${table.join('\n')}\n`;
}

function nameOf({ cpu, cores, memory_MiB, kernel, node, date, load }: Machine): string {
  const board = `${cpu}, ${cores} cores, ${memory_MiB} MiB, Linux ${kernel}, Node ${node}`;
  return `${board}, ${date}, load ${load} at the start`;
}

function cellsOf(line: Line, tail: string): string[] {
  const { measure, unit, p50, p99, p999, noise, ratio, target } = line;
  const met = isMet(line);
  return [
    measure,
    unit,
    figure(p50),
    figure(p99),
    figure(p999),
    noise === null ? '' : `± ${Math.round(noise * 100)} %`,
    ratio ? `${figure(ratio.times)} of ${ratio.of}` : '',
    target ? limits(target, tail) : '',
    met === null ? '' : met ? 'met' : 'MISSED',
  ];
}

function limits({ p50, p99, p999, atLeast }: Target, tail: string): string {
  const parts = [
    atLeast === undefined ? '' : `≥ ${atLeast}`,
    p50 === undefined ? '' : `≤ ${p50}`,
    p99 === undefined ? '' : `p99 ≤ ${p99}`,
    p999 === undefined ? '' : `${tail} ≤ ${p999}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Three digits that count. */
function figure(value: number | null): string {
  if (value === null) return '';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}
