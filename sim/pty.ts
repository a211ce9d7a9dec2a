/**
 * A kernel pseudo-terminal without native code: the simulator holds the master, a program opens
 * `path` as if it were a serial device. Linux on x86 and ARM (ioctl numbers). A pty has no baud
 * rate, no framing errors and no modem lines.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { dirname } from 'node:path';
import tty from 'node:tty';

export interface Pty {
  /** The device to open: `link` if given, else /dev/pts/N. */
  readonly path: string;
  /** Sets the one listener. */
  onData(listener: (bytes: Buffer) => void): void;
  /** Bytes written after unplug are lost. */
  write(bytes: Buffer): void;
  /** Hangs up: whoever has the device open gets end of file or EIO. Repeatedly legal. */
  unplug(): void;
  /** The same: a pty is not plugged in again, a new one takes over the same `link`. */
  close(): void;
}

/** TIOCSPTLCK unlocks the other end, TIOCGPTN tells its number; perl is essential in Debian. */
const UNLOCK = `open(my $f, "+<&=3") or die $!;
my ($off, $number) = (pack("i", 0), pack("i", 0));
ioctl($f, 0x40045431, $off) or die $!;
ioctl($f, 0x80045430, $number) or die $!;
print unpack("i", $number)`;

export function createPty(options: { link?: string } = {}): Pty {
  const { link } = options;
  if (link !== undefined) mayReplace(link);
  const flags = fs.constants.O_RDWR | fs.constants.O_NOCTTY;
  const fd = fs.openSync('/dev/ptmx', flags);
  const device = `/dev/pts/${runTool('perl', ['-e', UNLOCK], fd)}`;
  // Without an open other end the master reads EIO whenever the client closes.
  const keep = fs.openSync(device, flags);
  runTool('stty', ['-F', device, 'raw', '-echo'], fd);
  if (link !== undefined) {
    fs.rmSync(link, { force: true });
    fs.symlinkSync(device, link);
  }
  const master = new tty.ReadStream(fd);
  master.on('error', () => {});
  let plugged = true;
  const unplug = () => {
    if (!plugged) return;
    plugged = false;
    fs.closeSync(keep);
    master.destroy();
    if (link !== undefined && pointsTo(link, device)) fs.rmSync(link);
  };
  return {
    path: link ?? device,
    onData(listener) {
      master.removeAllListeners('data');
      master.on('data', listener);
    },
    write(bytes) {
      if (plugged) master.write(bytes);
    },
    unplug,
    close: unplug,
  };
}

/** A link of an earlier device is replaced; anything else at that path is not ours to remove. */
function mayReplace(link: string): void {
  const found = fs.lstatSync(link, { throwIfNoEntry: false });
  if (found && !found.isSymbolicLink()) {
    throw new Error(`${link} exists and is no symbolic link; name another path with --link`);
  }
  try {
    fs.accessSync(dirname(link), fs.constants.W_OK);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`no link ${link}: ${message}; name another path with --link`);
  }
}

function runTool(command: string, args: string[], fd: number): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status === 0) return stdout;
  fs.closeSync(fd);
  throw new Error(`no pty: ${command} failed: ${error?.message ?? stderr.trim()}`);
}

function pointsTo(link: string, device: string): boolean {
  try {
    return fs.readlinkSync(link) === device;
  } catch {
    return false;
  }
}
