/**
 * Runs the test files that `run.ts` sends, one after another in one process, and ends each with a
 * line of its own on standard output: the pipe keeps that line behind all that the file printed.
 */

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What came of one test file. */
export interface FileResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly time_ms: number;
}

/** Begins the line with a result, in JSON; no test prints it. */
export const RESULT = '\u0000result ';

/** As uvu keeps it: the name of the file, then a function for each feature that it runs. */
type Group = [string, ...(() => Promise<[string | true, number, number, number]>)[]];

declare global {
  var UVU_DEFER: number;
  var UVU_QUEUE: Group[];
}

if (process.send) process.on('message', (file: string) => void report(file));

async function report(file: string): Promise<void> {
  const begin_ms = performance.now();
  const counts = await runFile(file).catch((error: unknown) => {
    process.stdout.write(`${error instanceof Error ? error.stack : error}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  const result: FileResult = { ...counts, time_ms: performance.now() - begin_ms };
  process.exitCode = 0;
  process.stdout.write(`\n${RESULT}${JSON.stringify(result)}\n`);
}

async function runFile(file: string): Promise<Omit<FileResult, 'time_ms'>> {
  // uvu's own runner does the same: with this set, a feature only enters itself in the queue.
  globalThis.UVU_DEFER = 1;
  const group: Group = [file];
  globalThis.UVU_QUEUE = [group];
  await import(pathToFileURL(resolve(file)).href);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const feature of group.slice(1) as Exclude<Group[number], string>[]) {
    const [errors, passed, skipped, total] = await feature();
    if (errors !== true) process.stdout.write(`\n${errors}\n`);
    counts.passed += passed;
    counts.failed += Math.max(total - passed, errors === true ? 0 : 1);
    counts.skipped += skipped;
  }
  if (counts.passed + counts.failed + counts.skipped === 0) throw new Error(`${file}: no test`);
  return counts;
}
