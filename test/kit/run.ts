/** Runs every `*.test.ts` (or those whose path matches the argument) and counts the tests. */

import { spawn } from 'node:child_process';

const pattern = process.argv[2] ?? '';
const child = spawn(
  process.execPath,
  ['--import', 'tsx', 'node_modules/uvu/bin.js', 'test', `${pattern}.*\\.test\\.tsx?$`],
  { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } },
);

let output = '';
child.stdout.on('data', (chunk: Buffer) => {
  output += chunk.toString();
  process.stdout.write(chunk);
});
child.on('close', (code) => {
  const total = count('Total');
  const passed = count('Passed');
  const skipped = count('Skipped');
  const wrong = total - passed;
  const broken = code !== 0 && wrong === 0 ? 1 : 0;
  process.stdout.write(`${passed} passed, ${wrong + broken} failed, ${skipped} skipped\n`);
  process.exit(wrong + broken > 0 || passed === 0 ? 1 : 0);
});

function count(label: string): number {
  return Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? 0);
}
