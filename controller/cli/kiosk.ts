/** `tapway kiosk`: runs one, and makes the hash of its service code. */

import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ExitCode } from '../commands/io.ts';
import { CODE_DIGITS, hashCode } from '../kiosk/service-code.ts';
import { runKiosk } from '../kiosk-main.ts';
import { examples, type Shell } from './shell.ts';

export function addKioskCommands(
  program: Command,
  { io, end }: Shell,
  stopSignal: () => Promise<void>,
): void {
  const kiosk = program
    .command('kiosk')
    .description('run a real kiosk until SIGINT or SIGTERM')
    .option('--config <file>', 'the kiosk configuration')
    .addHelpText('after', examples('kiosk --config kiosk.yaml', 'kiosk code'))
    .addHelpText('after', '\nIts page is for a browser on this machine; see config `screen`.')
    .action((options: { config?: string }) =>
      options.config === undefined
        ? kiosk.error("error: required option '--config <file>' not specified")
        : end(runKiosk(io, options.config, stopSignal())),
    );
  kiosk
    .command('code')
    .description('make the hash of a service code, for `maintenance.code` in the configuration')
    .addHelpText('after', examples('kiosk code'))
    .addHelpText('after', '\nThe code, 6 to 16 digits, is read from standard input.')
    .action(() => end(makeCode()));

  async function makeCode(): Promise<ExitCode> {
    if (process.stdin.isTTY) io.err('Type the code, 6 to 16 digits, then Enter; it is shown.');
    const lines = createInterface({ input: process.stdin });
    const [line = ''] = await Promise.race([first(lines), closed(lines)]);
    lines.close();
    const code = line.trim();
    const { min, max } = CODE_DIGITS;
    if (!/^[0-9]+$/.test(code) || code.length < min || code.length > max) {
      io.err(`a service code has ${min} to ${max} digits and nothing else`);
      return 2;
    }
    io.out(await hashCode(Buffer.from(code)));
    return 0;
  }
}

type Lines = ReturnType<typeof createInterface>;

function first(lines: Lines): Promise<[string]> {
  return new Promise((resolve) => lines.once('line', (line) => resolve([line])));
}

function closed(lines: Lines): Promise<[string]> {
  return new Promise((resolve) => lines.once('close', () => resolve([''])));
}
