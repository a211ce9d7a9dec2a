/** Directories on the real disk (TMPDIR chooses which), gone when the benchmark ends. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tapway-bench-'));
  made.push(directory);
  return directory;
}
