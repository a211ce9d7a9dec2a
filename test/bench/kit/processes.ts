/** What Linux knows of a process. */

import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of a process, now and at its peak (proc(5), VmRSS and VmHWM). */
export function memoryOf(pid: number | 'self'): { rss_MiB: number; peak_MiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1_024;
  return { rss_MiB: of('VmRSS'), peak_MiB: of('VmHWM') };
}

/** CPU time of all its threads so far (proc(5), utime and stime, in ticks of 10 ms). */
export function cpuOf_ms(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Process ids of our own children. */
export function childrenOfOurs(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === process.pid)
    .map(Number);
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
