/** Runs every `*.test.ts` (or those whose path matches the argument) and counts the tests. */

import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** After the last test nothing may keep the process alive: no timer, port, child or socket. */
const END_MS = 15_000;

const pattern = process.argv[2] ?? '';
const child = spawn(
  process.execPath,
  ['--import', 'tsx', 'node_modules/uvu/bin.js', 'test', `${pattern}.*\\.test\\.tsx?$`],
  { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } },
);

let output = '';
let leftOpen = false;
let timer: NodeJS.Timeout | undefined;
child.stdout.on('data', (chunk: Buffer) => {
  output += stripVTControlCharacters(chunk.toString());
  process.stdout.write(chunk);
  if (/^ {2}Duration:/m.test(output)) timer ??= setTimeout(giveUp, END_MS);
});
child.on('close', (code) => {
  clearTimeout(timer);
  const total = count('Total');
  const passed = count('Passed');
  const skipped = count('Skipped');
  const wrong = total - passed + (leftOpen ? 1 : 0);
  const failed = code !== 0 && wrong === 0 ? 1 : wrong;
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
});

function giveUp(): void {
  leftOpen = true;
  process.stdout.write('FAILED: the tests are done, but something keeps the process alive\n');
  child.kill('SIGKILL');
}

function count(label: string): number {
  return Number(new RegExp(`^ {2}${label}:\\s+(\\d+)`, 'm').exec(output)?.[1] ?? 0);
}
