/**
 * A machine with /dev/uhid: this one, or Debian's kernel in QEMU, which borrows this one's files.
 * Made once and kept in `$XDG_CACHE_HOME/tapway-guest` (else in the temporary directory).
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);
const here = import.meta.dirname;
const DOWNLOAD_MS = 240_000;
const GUEST_MS = 240_000;

interface Settings {
  /** Beside what every program gets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limit_ms?: number;
}

/** Bundles a program, runs it where /dev/uhid is, and returns what it printed. */
export async function runWithUhid(program: string, settings: Settings = {}): Promise<string> {
  const { limit_ms = GUEST_MS } = settings;
  const out = mkdtempSync(join(tmpdir(), 'tapway-hid-'));
  try {
    await build({
      entryPoints: [resolve(here, program)],
      outfile: join(out, 'program.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['node-hid'],
      // `require` finds packages by NODE_PATH, `import` does not.
      supported: { 'dynamic-import': false },
      logLevel: 'error',
    });
    const env = {
      NODE_PATH: resolve('node_modules'),
      PYSERIAL_CLIENT: join(here, 'pyserial-client.py'),
      ...settings.env,
    };
    const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
    const command = `exec '${process.execPath}' '${out}/program.cjs'`;
    return await runScriptWithUhid(out, [...exports, command, ''].join('\n'), limit_ms);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/**
 * Runs a shell script where /dev/uhid is, and returns what it printed.
 * @param out a directory that the script may write to
 */
export async function runScriptWithUhid(
  out: string,
  script: string,
  limit_ms = GUEST_MS,
): Promise<string> {
  await writeFile(join(out, 'run.sh'), script);
  if (!hasUhid()) return runInGuest(out, limit_ms);
  return (await run('sh', [join(out, 'run.sh')], { timeout: limit_ms })).stdout;
}

/** May this process make HID devices? */
export function hasUhid(): boolean {
  try {
    accessSync('/dev/uhid', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function runInGuest(out: string, limit_ms: number): Promise<string> {
  const guest = await makeGuest();
  const console = await run('qemu-system-x86_64', qemuArguments(guest, out), { timeout: limit_ms });
  const read = (name: string) =>
    existsSync(join(out, name)) ? readFileSync(join(out, name), 'utf8') : '';
  if (read('exit').trim() !== '0') throw new Error(`${read('output')}\n${console.stdout}`);
  return read('output');
}

async function makeGuest(): Promise<string> {
  const script = join(here, 'guest.sh');
  // Another script, another guest.
  const version = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? tmpdir();
  const guest = join(cache, 'tapway-guest', version);
  if (!existsSync(join(guest, 'initrd.gz'))) {
    await run('sh', [script, guest], { timeout: DOWNLOAD_MS });
  }
  return guest;
}

/** Emulated: a /dev/kvm need not be able to run this kernel. One processor boots fastest. */
function qemuArguments(guest: string, out: string): string[] {
  const kernel = [
    'console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check',
    `out=${out}`,
  ];
  const share = 'local,security_model=none';
  return [
    ...['-M', 'q35', '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem'],
    ...['-smp', '1', '-m', '1024', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-no-reboot', '-serial', 'stdio'],
    ...['-kernel', join(guest, 'vmlinuz'), '-initrd', join(guest, 'initrd.gz')],
    ...['-append', kernel.join(' ')],
    ...['-virtfs', `${share},path=/,mount_tag=hostroot,readonly=on,multidevs=remap`],
    ...['-virtfs', `${share},path=${out},mount_tag=out`],
  ];
}
