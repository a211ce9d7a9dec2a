/** `tapway config check FILE` */

import { loadConfig } from '../../config/load.ts';
import type { ExitCode, Io } from './io.ts';

export function configCheck(io: Io, file: string): ExitCode {
  const loaded = loadConfig(file, io.env);
  if (!loaded.ok) {
    for (const error of loaded.errors) io.err(error);
    return 1;
  }
  for (const warning of loaded.warnings) io.err(`warning: ${warning}`);
  const { lane, site, fare, sam } = loaded.config;
  io.out(
    `${file}: good. Lane ${lane.id} (${lane.kind}) of ${site.name}; ${fare.name}; SAM ${sam.kind}.`,
  );
  return 0;
}
