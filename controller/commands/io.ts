/** What a command may use of the world; cli.ts hands it over. */

import type { Clock, Disk } from '../../firmware-bridge/ports.ts';

export interface Io {
  /** One line to standard output: the command's result. */
  out(line: string): void;
  /** Text as it is, for exports. Waits while the reader of a pipe is slow. */
  write(text: string): Promise<void>;
  /** One line to standard error: what went wrong and what to do. */
  err(line: string): void;
  readonly env: NodeJS.ProcessEnv;
  readonly disk: Disk;
  readonly clock: Clock;
}

/** 0 done; 1 the answer is bad news (a damaged ledger); 2 the command could not do its work. */
export type ExitCode = 0 | 1 | 2;
