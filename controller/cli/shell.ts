/** What every group of commands shares: the world they work on, exit codes, help texts. */

import type { KioskConfig } from '../../config/kiosk.ts';
import { loadConfig } from '../../config/load.ts';
import { isKioskFile, loadKiosk } from '../../config/load-kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { ExitCode, Io } from '../commands/io.ts';

export interface Shell {
  readonly io: Io;
  /**
   * Sets the exit code and lets the process end by itself, so that output is never cut. After an
   * error that nobody expected it is ended: something may still be open that would keep it.
   */
  end(work: number | Promise<number>): Promise<void>;
}

/** @param exit ends the process at once */
export function createShell(io: Io, exit: (code: ExitCode) => void): Shell {
  return {
    io,
    async end(work) {
      try {
        process.exitCode = await work;
      } catch (error) {
        io.err(error instanceof Error ? error.message : String(error));
        exit(2);
      }
    },
  };
}

export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  tapway ${line}`)].join('\n');
}

/** What lanes and kiosks have both; null when it cannot be used, as standard error says. */
export function readEither(io: Io, file: string): LaneConfig | KioskConfig | null {
  if (!isKioskFile(file, io.env)) return readLane(io, file);
  const loaded = loadKiosk(file, io.env);
  if (loaded.ok) return loaded.config;
  for (const error of loaded.errors) io.err(error);
  return null;
}

/** The lane's configuration; null when it cannot be used, which standard error then explains. */
function readLane(io: Io, file: string): LaneConfig | null {
  const loaded = loadConfig(file, io.env);
  if (loaded.ok) return loaded.config;
  for (const error of loaded.errors) io.err(error);
  return null;
}
