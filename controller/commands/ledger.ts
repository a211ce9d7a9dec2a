/** `tapway ledger export DIR`, `tapway ledger verify DIR`, `tapway ledger settle DIR` */

import { exportClearing } from '../ledger/export.ts';
import { explainHeld, hashOfRecord, readSettled, writeSettled } from '../ledger/settlement.ts';
import { readStories } from '../ledger/stories.ts';
import { explainReport, verifyLedger } from '../ledger/verify.ts';
import { SOFTWARE } from '../ops/version.ts';
import type { ExitCode, Io } from './io.ts';

/** Exits with 1 when something in the books is lost or cannot be read: rows may be missing. */
export async function ledgerExport(
  io: Io,
  directory: string,
  format: 'jsonl' | 'csv',
): Promise<ExitCode> {
  const ledger = await findLedger(io, directory);
  if (!ledger) return 2;
  const lacks = new Set<string>();
  const onLack = (text: string) => lacks.add(text);
  const stories = readStories({ disk: io.disk, directory: ledger, onLack });
  for await (const line of exportClearing(stories, { format, software: SOFTWARE })) {
    await io.write(line);
  }
  for (const text of lacks) io.err(`${ledger}: ${text}`);
  if (lacks.size === 0) return 0;
  io.err('rows may be missing: tapway ledger verify says more of the books; keep them');
  return 1;
}

export interface SettleOptions {
  readonly through: number;
  /** Of that record as the host knows it, 32 hex digits; omitted: not compared. */
  readonly hash?: string;
  /** Damaged segments up to there may go as well. Once said it stands. */
  readonly acceptDamage?: boolean;
}

/**
 * The host has settled every record up to `through`; the lane may run meanwhile. Its segments are
 * then retired when they are old enough; the first one that will stay is named.
 */
export async function ledgerSettle(
  io: Io,
  directory: string,
  { through, hash, acceptDamage = false }: SettleOptions,
): Promise<ExitCode> {
  const ledger = await findLedger(io, directory);
  if (!ledger) return 2;
  const before = await readSettled(io.disk, ledger);
  if (!before.ok) return refuse(before.fault.detail);
  const settled = before.value?.through ?? 0;
  if (through < settled) return refuse(`settled through ${settled} already; that stays`);
  const found = await hashOfRecord({ disk: io.disk, directory: ledger }, through);
  if (found === null) {
    return refuse(`no record ${through} here; tapway ledger verify says which there are`);
  }
  if (hash !== undefined && hash.toLowerCase() !== found) {
    return refuse(`record ${through} has the hash ${found}: the host settled other books`);
  }
  const damage_through = acceptDamage ? through : before.value?.damage_through;
  const now = { through, hash: found, ...(damage_through && { damage_through }) };
  await writeSettled(io.disk, ledger, now);
  io.out(`settled through record ${through} (hash ${found})`);
  const held = await explainHeld(io.disk, ledger, now);
  if (held) io.out(held);
  return 0;

  function refuse(why: string): ExitCode {
    io.err(`${ledger}: ${why}`);
    return 2;
  }
}

/** Exits with 1 when the books are not in order; the first line says so in short. */
export async function ledgerVerify(io: Io, directory: string): Promise<ExitCode> {
  const ledger = await findLedger(io, directory);
  if (!ledger) return 2;
  const report = await verifyLedger(io.disk, ledger);
  for (const line of explainReport(report)) io.out(line);
  return report.ok ? 0 : 1;
}

/** A lane's data directory, or the ledger directory in it. */
async function findLedger(io: Io, directory: string): Promise<string | null> {
  for (const candidate of [directory, `${directory}/ledger`]) {
    const names = await io.disk.list(candidate).catch(() => []);
    if (names.some((name) => /^ledger-\d+\.log$/.test(name))) return candidate;
  }
  io.err(`${directory}: no ledger here; name a lane's data_dir or the directory ledger in it`);
  return null;
}
