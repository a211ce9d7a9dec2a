/**
 * The process that may die: LevelDB can abort on damaged files. Run by keeper.ts, as
 *
 *   serve STORE LIST WORK   verify, open, then answer: request 10 bytes, answer 1 byte (below)
 *   verify STORE LIST       exit 0 good, 3 damaged
 *   rebuild DIRECTORY       build the store of the active list anew from its kept file
 *
 * LIST is the SM3 of the list file that the store must be built from. What is wrong goes to
 * standard error. `serve` writes one byte when it is ready and ends when standard input does.
 */

import { setPriority } from 'node:os';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { DAMAGED, LOOKUP_FAILED, READY } from './keeper-codes.ts';
import { describe, openStore, type Store, verifyStore } from './store.ts';

const CARD_BYTES = 10;
/** So many look-ups across the list open every table and let the engine compile the way there. */
const WARM_UP = 512;
/** Behind the lane, which shares the processor. */
const LOW_PRIORITY = 10;

const [verb, first = '', second = '', third = ''] = process.argv.slice(2);

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    complain(describe(error));
    process.exitCode = 1;
  },
);

async function run(): Promise<number> {
  if (verb === 'serve') return serve(first, second, third);
  setPriority(LOW_PRIORITY);
  return verb === 'rebuild' ? rebuild(first) : verify(first, second);
}

async function verify(directory: string, list: string): Promise<number> {
  const verified = await verifyStore(systemDisk, directory, list);
  if (verified.ok) return 0;
  complain(verified.fault.detail);
  return DAMAGED;
}

async function rebuild(directory: string): Promise<number> {
  const { rebuildStore } = await import('./import.ts');
  const rebuilt = await rebuildStore(systemDisk, directory);
  if (rebuilt.ok) return 0;
  complain(rebuilt.fault.detail);
  return 1;
}

async function serve(directory: string, list: string, work: string): Promise<number> {
  // A signal to the whole group is meant for the lane, which ends this process by its input.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  const code = await verify(directory, list);
  if (code !== 0) return code;
  const store = await openStore(systemDisk, directory, work);
  try {
    warmUp(store);
  } catch (error) {
    complain(describe(error));
    return DAMAGED;
  }
  process.stdout.write(Buffer.from([READY]));
  process.stdout.on('error', () => {});
  let rest: Buffer = Buffer.alloc(0);
  process.stdin.on('data', (chunk: Buffer) => {
    const requests = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = requests.length - (requests.length % CARD_BYTES);
    const answers = Buffer.alloc(whole / CARD_BYTES);
    for (let at = 0; at < whole; at += CARD_BYTES) {
      answers[at / CARD_BYTES] = answerTo(store, requests.subarray(at, at + CARD_BYTES));
    }
    process.stdout.write(answers);
    rest = requests.subarray(whole);
  });
  await new Promise((resolve) => process.stdin.once('close', resolve));
  await store.close();
  return 0;
}

function answerTo(store: Store, card: Buffer): number {
  try {
    return store.find(card);
  } catch (error) {
    complain(describe(error));
    return LOOKUP_FAILED;
  }
}

function warmUp(store: Store): void {
  const pages = store.firsts.length / CARD_BYTES;
  for (let i = 0; i < WARM_UP && pages > 0; i += 1) {
    const at = Math.floor((i * pages) / WARM_UP) * CARD_BYTES;
    const card = store.firsts.subarray(at, at + CARD_BYTES);
    if (store.find(card) === 0) throw new Error('the first card of a page is not found');
  }
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
