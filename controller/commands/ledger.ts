/** `tapway ledger export DIR` and `tapway ledger verify DIR` */

import { exportClearing } from '../ledger/export.ts';
import { readStories } from '../ledger/stories.ts';
import { explainReport, verifyLedger } from '../ledger/verify.ts';
import { SOFTWARE } from '../ops/version.ts';
import type { ExitCode, Io } from './io.ts';

export async function ledgerExport(
  io: Io,
  directory: string,
  format: 'jsonl' | 'csv',
): Promise<ExitCode> {
  const ledger = await findLedger(io, directory);
  if (!ledger) return 2;
  const stories = readStories(io.disk, ledger);
  for await (const line of exportClearing(stories, { format, software: SOFTWARE })) {
    await io.write(line);
  }
  return 0;
}

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
