/** What every group of commands shares: the world they work on, exit codes, help texts. */

import { loadConfig } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { ExitCode, Io } from '../commands/io.ts';

export interface Shell {
  readonly io: Io;
  /** Sets the exit code and lets the process end by itself, so that output is never cut. */
  end(work: ExitCode | Promise<ExitCode>): Promise<void>;
}

export function createShell(io: Io): Shell {
  return {
    io,
    async end(work) {
      try {
        process.exitCode = await work;
      } catch (error) {
        io.err(error instanceof Error ? error.message : String(error));
        process.exitCode = 2;
      }
    },
  };
}

export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  tapway ${line}`)].join('\n');
}

/** The lane's configuration; null when it cannot be used, which standard error then explains. */
export function readLane(io: Io, file: string): LaneConfig | null {
  const loaded = loadConfig(file, io.env);
  if (loaded.ok) return loaded.config;
  for (const error of loaded.errors) io.err(error);
  return null;
}
