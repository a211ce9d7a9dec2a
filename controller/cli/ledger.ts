/** `tapway ledger export|verify|settle` */

import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  ledgerExport,
  ledgerSettle,
  ledgerVerify,
  type SettleOptions,
} from '../commands/ledger.ts';
import { examples, type Shell } from './shell.ts';

const READS_ONLY = '\nReads only; the lane may go on meanwhile.';

export function addLedgerCommands(program: Command, { io, end }: Shell): void {
  const ledger = program
    .command('ledger')
    .description('the books of a lane')
    .addHelpText('after', examples('ledger verify data', 'ledger export data > clearing.jsonl'));
  ledger
    .command('export')
    .description('write one clearing record a tap to standard output')
    .argument('<dir>', "the lane's data_dir, or the ledger directory in it")
    .addOption(
      new Option('--format <format>', 'JSON Lines or CSV')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .addHelpText('after', examples('ledger export data --format csv > clearing.csv'))
    .addHelpText('after', READS_ONLY)
    .action((dir: string, { format }: { format: 'jsonl' | 'csv' }) =>
      end(ledgerExport(io, dir, format)),
    );
  ledger
    .command('verify')
    .description('read every record and say what is wrong; exit 1 when something is')
    .argument('<dir>', "the lane's data_dir, or the ledger directory in it")
    .addHelpText('after', examples('ledger verify data'))
    .addHelpText('after', READS_ONLY)
    .action((dir: string) => end(ledgerVerify(io, dir)));
  ledger
    .command('settle')
    .description('note that the host has settled everything up to a record')
    .argument('<dir>', "the lane's data_dir, or the ledger directory in it")
    .requiredOption('--through <n>', 'number of the last settled record', recordNumber)
    .option('--hash <hex>', 'its hash, to be sure that these are the books that the host means')
    .option('--accept-damage', 'let damaged files up to that record go as well')
    .addHelpText('after', examples('ledger settle data --through 81234'))
    .addHelpText('after', '\nThe lane removes settled files once they are ledger.keep_days old.')
    .action((dir: string, options: SettleOptions) => end(ledgerSettle(io, dir, options)));
}

function recordNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('a whole number from 1 up.');
}
