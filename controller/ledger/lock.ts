/**
 * Keeps a second process from appending to the same ledger. The file `lock` names its owner by pid
 * and start time, so that neither a dead owner nor a stranger with a recycled pid blocks a lane
 * after a power cut. It guards against other processes, not against opening twice in one.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';

export interface Lock {
  /** Did nobody take the lock in the same instant? Asked once, well after it was taken. */
  confirm(): Promise<Reply<void>>;
  release(): Promise<void>;
}

/** Throws Node's own errors when the disk fails. */
export async function takeLock(disk: Disk, directory: string): Promise<Reply<Lock>> {
  const path = `${directory}/lock`;
  const owner = await ownerIn(disk, path);
  if (owner !== '' && (await isAlive(disk, owner))) return held(owner);
  const own = `${process.pid} ${await startTime(disk, process.pid)}`.trim();
  await writeText(disk, path, `${own}\n`);
  return ok({
    async confirm() {
      const now = await ownerIn(disk, path);
      return now === own ? ok(undefined) : held(now);
    },
    async release() {
      if ((await ownerIn(disk, path)) === own) await writeText(disk, path, '');
    },
  });
}

/**
 * Whom the lock names. Empty without an owner, and where the line was never written to its end:
 * half a pid is the pid of somebody else.
 */
async function ownerIn(disk: Disk, path: string): Promise<string> {
  const text = await readText(disk, path);
  return text.endsWith('\n') ? text.trim() : '';
}

function held(owner: string) {
  const pid = owner.split(' ')[0];
  return failed('ledger-held', 'none', `process ${pid} has this ledger open; stop it first`);
}

async function isAlive(disk: Disk, owner: string): Promise<boolean> {
  const [pid = '', started = ''] = owner.split(' ');
  if (Number(pid) === process.pid || !(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const now = await startTime(disk, Number(pid));
  return now === '' || started === '' || now === started;
}

/** Field 22 of /proc/PID/stat, in ticks since boot; empty where there is no such file. */
async function startTime(disk: Disk, pid: number): Promise<string> {
  const stat = await readText(disk, `/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function readText(disk: Disk, path: string): Promise<string> {
  try {
    const file = await disk.open(path, 'read');
    const bytes = await file.read(0, 4096).finally(() => file.close());
    return bytes.toString('latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return '';
    throw error;
  }
}

async function writeText(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, 'append');
  try {
    await file.truncate(0);
    await file.write(0, Buffer.from(text));
    await file.sync();
  } finally {
    await file.close();
  }
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
