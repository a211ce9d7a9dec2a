/** `tapway card read` */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { KioskConfig } from '../../config/kiosk.ts';
import { loadKiosk } from '../../config/load-kiosk.ts';
import { purse, reader } from '../../config/schema.ts';
import { sscSchema } from '../../config/ssc.ts';
import type { CardReader } from '../../firmware-bridge/ports.ts';
import { lookUp } from '../commands/blacklist.ts';
import { cardRead } from '../commands/card.ts';
import type { ExitCode, Io } from '../commands/io.ts';
import { createReader } from '../devices.ts';
import type { DeadCards, ReadingDeps } from '../kiosk/reading/reading.ts';
import type { Face } from '../kiosk/report.ts';
import { KIOSK_DEVICES } from '../kiosk-devices.ts';
import { sscCrypto } from '../kiosk-main.ts';
import { readAuthority } from './authority.ts';
import { examples, type Shell, usable } from './shell.ts';

interface Options {
  readonly config?: string;
  readonly reader?: string;
  readonly face?: Face;
  readonly wait: number;
  readonly json?: boolean;
  readonly full?: boolean;
}

export function addCardCommands(program: Command, { io, end }: Shell): void {
  program
    .command('card')
    .description('cards of people')
    .addHelpText('after', examples('card read', "card read --reader '*ACR39*'"))
    .command('read')
    .description('print what a card says of itself; exit 1 when it was lost on the way')
    .option('--config <file>', 'the kiosk configuration: its readers, keys, lists and banks')
    .option('--reader <name>', 'a PC/SC reader, with * and ?, in place of those of --config')
    .addOption(
      new Option(
        '--face <face>',
        'which reader of --config; default: the one with contacts',
      ).choices(['contact', 'contactless']),
    )
    .option('--wait <seconds>', 'how long to wait for a card', seconds, 30)
    .option('--json', 'as JSON')
    .option('--full', 'name and numbers in full, and the photo; default: masked')
    .addHelpText('after', examples('card read --json', 'card read --config kiosk.yaml --full'))
    .addHelpText('after', '\nWithout --config a card tells what it tells everybody. Reads alone.')
    .action((options: Options) => end(run(io, options)));
}

async function run(io: Io, options: Options): Promise<ExitCode> {
  const named = options.config !== undefined;
  const config = named ? usable(io, loadKiosk(options.config, io.env)) : null;
  if (named && !config) return 2;
  const ssc = config?.ssc ?? sscSchema.parse({});
  const authority = await readAuthority(ssc, io.disk);
  if (!authority.ok) {
    io.err(authority.fault.detail);
    return 2;
  }
  const device = readerOf(io, options, config);
  if (!device) {
    io.err(`${options.config} names no ${options.face ?? ''} reader; name one with --reader`);
    return 2;
  }
  const keys = { config: { ssc }, clock: io.clock, devices: KIOSK_DEVICES, ca: authority.value };
  const crypto = sscCrypto(keys);
  const { face, wait: wait_s, json = false, full = false } = options;
  try {
    const deps: ReadingDeps = {
      ...{ clock: io.clock, ssc, crypto },
      utcOffset_minutes: config?.site.utc_offset_minutes ?? 480,
      purse: config?.purse ?? purse.parse({}),
      deadCards: config && (await deadCards(io, config)),
      onTrouble: ({ detail }) => io.err(`keys: ${detail}`),
    };
    return await cardRead(io, { reader: device, deps, face, json, full, wait_s });
  } finally {
    await device.close();
    await crypto?.close();
  }
}

function readerOf(io: Io, { reader: name, face }: Options, config: KioskConfig | null) {
  const inSlot = (pattern: string): CardReader =>
    createReader(reader.parse({ kind: 'pcsc', name: pattern }), io.clock);
  if (name !== undefined || !config) return inSlot(name ?? '*');
  const { contact, contactless } = config;
  if (contact && face !== 'contactless') return inSlot(contact.name);
  return contactless && face !== 'contact' ? createReader(contactless, io.clock) : null;
}

/** The kept list files themselves: a kiosk may run meanwhile. Null where none was imported. */
async function deadCards(io: Io, config: KioskConfig): Promise<DeadCards | null> {
  const { answer, issued } = await lookUp(io, config, Buffer.alloc(10));
  if (answer.kind === 'absent') return null;
  const age_hours = (io.clock.wall_ms() - Date.parse(issued ?? '')) / 3_600_000;
  const stale = age_hours > config.lists.max_age_hours;
  return {
    health: () => (stale ? { kind: 'stale', detail: `issued ${issued}` } : { kind: 'good' }),
    async check(card) {
      const looked = await lookUp(io, config, card);
      return looked.answer.kind === 'absent' ? { kind: 'clear' } : looked.answer;
    },
  };
}

function seconds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 3_600) return number;
  throw new InvalidArgumentError('a whole number of seconds from 0 to 3600.');
}
