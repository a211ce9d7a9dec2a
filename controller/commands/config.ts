/** `tapway config check FILE` */

import { loadConfig } from '../../config/load.ts';
import { isKioskFile, loadKiosk } from '../../config/load-kiosk.ts';
import { readAuthority } from '../cli/authority.ts';
import type { ExitCode, Io } from './io.ts';

export async function configCheck(io: Io, file: string): Promise<ExitCode> {
  return isKioskFile(file, io.env) ? checkKiosk(io, file) : checkLane(io, file);
}

function checkLane(io: Io, file: string): ExitCode {
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

async function checkKiosk(io: Io, file: string): Promise<ExitCode> {
  const loaded = loadKiosk(file, io.env);
  if (!loaded.ok) {
    for (const error of loaded.errors) io.err(error);
    return 1;
  }
  for (const warning of loaded.warnings) io.err(`warning: ${warning}`);
  const authority = await readAuthority(loaded.config.ssc, io.disk);
  if (!authority.ok) {
    io.err(`${file}: ${authority.fault.detail}`);
    return 1;
  }
  const { kiosk, site, till, contact, contactless } = loaded.config;
  const readers = [contact && 'contact', contactless && 'contactless'].filter(Boolean);
  const items = `${till.items.length} item${till.items.length === 1 ? '' : 's'}`;
  io.out(`${file}: good. Kiosk ${kiosk.id} of ${site.name}; ${readers.join(', ')}; ${items}.`);
  return 0;
}
