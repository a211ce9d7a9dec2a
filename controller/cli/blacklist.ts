/** `tapway blacklist build|sign|import|status|check|verify` */

import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  blacklistCheck,
  blacklistImport,
  blacklistStatus,
  blacklistVerify,
  type Lane,
} from '../commands/blacklist.ts';
import type { ExitCode, Io } from '../commands/io.ts';
import { blacklistBuild, blacklistSign, listVerify } from '../commands/list-office.ts';
import { type PublicKey, publicKeyFrom } from '../crypto/sm2.ts';
import { examples, readEither, type Shell } from './shell.ts';

interface BuildOptions {
  readonly list: 'blacklist' | 'issuers' | 'cities';
  readonly in: string;
  readonly out: string;
  /** Called `number` because `--version` is the program's own. */
  readonly number: number;
  readonly issued?: string;
  readonly deltaFrom?: string;
}

interface LaneOption {
  readonly config: string;
}

interface ImportOptions extends LaneOption {
  readonly replace?: boolean;
}

export function addBlacklistCommands(program: Command, shell: Shell): void {
  const blacklist = program
    .command('blacklist')
    .description('signed lists: blacklist, white list of issuers, city codes')
    .addHelpText(
      'after',
      examples(
        'blacklist build --in cards.txt --number 42 --out list-42',
        'blacklist import list-42.signed --config lane.yaml',
      ),
    );
  addOfficeCommands(blacklist, shell);
  addLaneCommands(blacklist, shell);
}

/** Where lists are made. */
function addOfficeCommands(blacklist: Command, { io, end }: Shell): void {
  blacklist
    .command('build')
    .description('make a list file from lines "CARD REASON"; it still has to be signed')
    .requiredOption('--in <file>', 'one card a line; for issuers and cities the code alone')
    .requiredOption('--number <n>', 'version of the list, higher than all before', versionNumber)
    .requiredOption('--out <file>', 'the list file to write; must not exist')
    .addOption(
      new Option('--list <name>', 'which list')
        .choices(['blacklist', 'issuers', 'cities'])
        .default('blacklist'),
    )
    .option('--issued <time>', 'when it was issued, YYYY-MM-DDTHH:MM:SSZ (default: now)')
    .option('--delta-from <file>', 'an earlier full list: write only what changed since')
    .addHelpText('after', examples('blacklist build --in cards.txt --number 42 --out list-42'))
    .addHelpText('after', '\nReasons: lost, stolen, superseded, issuer-stop, fraud.')
    .addHelpText(
      'after',
      'A card: its application serial, 20 hex digits, or the card id of a Social Security\n' +
        'Card, 32 hex digits, of which the list holds the hash alone.',
    )
    .action(({ in: input, number: version, ...rest }: BuildOptions) =>
      end(blacklistBuild(io, { ...rest, input, version })),
    );
  blacklist
    .command('sign')
    .description('sign a list file with an SM2 key')
    .argument('<file>', 'the list file')
    .requiredOption('--key <file>', 'private key, PEM as `openssl genpkey` writes it')
    .requiredOption('--out <file>', 'the signed list file to write; must not exist')
    .addHelpText('after', examples('blacklist sign list-42 --key office.pem --out list-42.signed'))
    .addHelpText(
      'after',
      '\nA key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out office.pem',
    )
    .action((file: string, { key, out }: { key: string; out: string }) =>
      end(sign(file, key, out)),
    );

  async function sign(file: string, key: string, out: string): Promise<ExitCode> {
    return blacklistSign(io, { file, keyPem: await readFile(key, 'utf8'), out });
  }
}

/** Where lists are used. */
function addLaneCommands(blacklist: Command, { io, end }: Shell): void {
  const lane = (command: Command) =>
    command.requiredOption('--config <file>', 'the configuration of the lane or kiosk');
  const withLane = (file: string, work: (config: Lane) => Promise<ExitCode>) => {
    const config = readEither(io, file);
    return end(config ? work(config) : 2);
  };
  lane(blacklist.command('import'))
    .description('verify a signed list and bring it into force; the lane may go on meanwhile')
    .argument('<file>', 'the signed list file')
    .option('--replace', 'take a full list of a lower version too, if it was issued later')
    .addHelpText('after', examples('blacklist import list-42.signed --config lane.yaml'))
    .addHelpText('after', '\n--replace is the cure for a list whose version was mistyped too high.')
    .action((file: string, { config, replace }: ImportOptions) =>
      withLane(config, (found) => blacklistImport(io, file, { ...found, replace })),
    );
  lane(blacklist.command('status'))
    .description('which lists are in force; exit 1 when one is stale, missing or damaged')
    .addHelpText('after', examples('blacklist status --config lane.yaml'))
    .action(({ config }: LaneOption) => withLane(config, (found) => blacklistStatus(io, found)));
  lane(blacklist.command('check'))
    .description('is this card listed? exit 1 when it is')
    .argument('<card>', 'application serial, 20 hex digits, or card id, 32')
    .addHelpText('after', examples('blacklist check 03104300120000004711 --config lane.yaml'))
    .action((serial: string, { config }: LaneOption) =>
      withLane(config, (found) => blacklistCheck(io, serial, found)),
    );
  blacklist
    .command('verify')
    .description('read a list file, or everything that a lane has stored, to the last byte')
    .argument('[file]', 'a list file; without it what the lane of --config has stored')
    .option(
      '--config <file>',
      'the configuration of the lane or kiosk, which names the trusted keys',
    )
    .option('--key <hex...>', 'trusted public keys, 65 bytes each')
    .addHelpText('after', examples('blacklist verify list-42.signed --config lane.yaml'))
    .addHelpText('after', '\nExit 1 when something is wrong or no trusted key was named.')
    .action((file: string | undefined, options: { config?: string; key?: string[] }) =>
      end(verify(io, file, options)),
    );
}

async function verify(
  io: Io,
  file: string | undefined,
  { config, key = [] }: { config?: string; key?: string[] },
): Promise<ExitCode> {
  const lane = config === undefined ? null : readEither(io, config);
  if (config !== undefined && !lane) return 2;
  if (file === undefined) {
    if (lane) return blacklistVerify(io, lane);
    io.err('name a list file, or a lane with --config FILE');
    return 2;
  }
  const trusted: PublicKey[] = [];
  for (const point of [...(lane?.lists.trusted_keys ?? []), ...key]) {
    const found = publicKeyFrom(Buffer.from(point, 'hex'));
    if (!found.ok) {
      io.err(found.fault.detail);
      return 2;
    }
    trusted.push(found.value);
  }
  return listVerify(io, file, trusted);
}

function versionNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('a whole number from 1 up.');
}
