/** What every group of commands shares: the world they work on, exit codes, help texts. */

import type { KioskConfig } from '../../config/kiosk.ts';
import { type Loaded, loadConfig } from '../../config/load.ts';
import { isKioskFile, loadKiosk } from '../../config/load-kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { ExitCode, Io } from '../commands/io.ts';
import { createLog, type Log } from '../ops/log.ts';

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

/** The configuration; null when it cannot be used, which standard error then explains. */
export function usable<C>({ err }: Pick<Io, 'err'>, loaded: Loaded<C>): C | null {
  if (loaded.ok) return loaded.config;
  for (const error of loaded.errors) err(error);
  return null;
}

/** The configuration of a service and its log, which begins with the warnings; null as above. */
export function begin<C extends Pick<LaneConfig, 'log'>>(
  io: Pick<Io, 'err'>,
  loaded: Loaded<C>,
): { readonly config: C; readonly log: Log } | null {
  const config = usable(io, loaded);
  if (!config || !loaded.ok) return null;
  const log = createLog(config.log.level);
  for (const warning of loaded.warnings) log.warn({}, warning);
  return { config, log };
}

/** What lanes and kiosks have both; null as in `usable`. */
export function readEither(io: Io, file: string): LaneConfig | KioskConfig | null {
  const load = isKioskFile(file, io.env) ? loadKiosk : loadConfig;
  return usable<LaneConfig | KioskConfig>(io, load(file, io.env));
}
