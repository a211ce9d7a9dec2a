/** The keys of Social Security Cards in a PSAM behind a contact slot. */

import type { SscConfig } from '../../config/ssc.ts';
import { failed, ok, type Reply, type SamSlot } from '../../firmware-bridge/ports.ts';
import { type Command, exchange, type Response, SW_OK } from '../card/apdu.ts';
import { describeStatus } from '../card/status-words.ts';
import * as commands from './ssc-commands.ts';
import type { AuthRequest, SscCrypto } from './ssc-keys.ts';

/** What a PSAM that lost its power for a moment answers: its application is gone. */
const LOST_APPLICATION: readonly number[] = [0x6901, 0x6985, 0x6986, 0x6d00, 0x6e00];

/** Requests that wait, with the one under way. */
const QUEUE_MAX = 8;

export function createSscPsam(slot: SamSlot, config: SscConfig['psam']): SscCrypto {
  let started = false;
  /** The length that this PSAM took last. */
  let factorLength: number = config.process_factor_len;
  let queue: Promise<unknown> = Promise.resolve();
  let queued = 0;
  const send = async (command: Command) => ofSam(await exchange(slot, command, config.timeout_ms));

  async function start(): Promise<Reply<Buffer>> {
    started = false;
    const atr = ofSam(await slot.reset());
    if (!atr.ok) return atr;
    const select = commands.selectApplication(Buffer.from(config.application, 'hex'));
    const selected = dataOf(await send(select), 'SELECT application');
    if (!selected.ok) return selected;
    started = true;
    return atr;
  }

  /** A PSAM that is new, or lost its power, is begun once; what was asked changes nothing. */
  async function authenticate(request: AuthRequest): Promise<Reply<Buffer>> {
    const fresh = !started;
    const ready = fresh ? await start() : null;
    if (ready && !ready.ok) return ready;
    const first = await compute(request);
    if (first.kind === 'done' || fresh) return first.reply;
    const again = await start();
    return again.ok ? (await compute(request)).reply : again;
  }

  async function compute(request: AuthRequest): Promise<Outcome> {
    if (config.init_environment) {
      const init = await send(commands.initEnvironment(request.cardId.readUInt8(0)));
      const ready = dataOf(init, 'INIT ENVIRONMENT BFEC');
      if (!ready.ok) return outcomeOf(init, ready);
    }
    const delivered = await deliver(request);
    const session = dataOf(delivered, `deliver session key ${config.deliver_ins}`);
    if (!session.ok) return outcomeOf(delivered, session);
    const block = request.algorithm === 'des' ? 8 : 16;
    const enciphered = await send(commands.cipherData(padded(request.raw, block)));
    const data = dataOf(enciphered, 'CIPHER DATA 80FA');
    if (!data.ok) return outcomeOf(enciphered, data);
    if (data.value.length === block) {
      return { kind: 'done', reply: ok(commands.authenticationOf(data.value)) };
    }
    const wrong = refused(`80FA answered ${data.value.length} bytes, not ${block}`);
    return { kind: 'done', reply: wrong };
  }

  /** After 6700 the other length of the process factor is tried, once. */
  async function deliver(request: AuthRequest): Promise<Reply<Response>> {
    const { card, city, province } = request.factors;
    const command = (length: number) =>
      commands.deliverSessionKey({
        ins: config.deliver_ins,
        levels: config.levels,
        keyId: Number.parseInt(config.key_ids[request.key], 16),
        factors: [card, city, province],
        processFactor: padded(request.processFactor, length),
      });
    // Blocks of DES have 8 bytes: there is no other length.
    if (request.algorithm === 'des') return send(command(8));
    const first = await send(command(factorLength));
    if (!first.ok || first.value.sw !== 0x6700) return first;
    const other = factorLength === 16 ? 8 : 16;
    const second = await send(command(other));
    if (second.ok && second.value.sw === SW_OK) factorLength = other;
    return second;
  }

  /** A PSAM does one thing at a time; to one that hangs no further questions are put. */
  function inTurn<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
    if (queued >= QUEUE_MAX) {
      const detail = `${slot.name}: ${QUEUE_MAX} requests wait already`;
      return Promise.resolve(failed('link-busy', 'none', detail));
    }
    queued += 1;
    const mine = queue.then(work).finally(() => {
      queued -= 1;
    });
    queue = mine.catch(() => {});
    return mine;
  }

  /** A lost one starts anew with the next request. */
  function outcomeOf(answer: Reply<Response>, reply: Reply<Buffer>): Outcome {
    const lost = !answer.ok || LOST_APPLICATION.includes(answer.value.sw);
    if (lost) started = false;
    return { kind: lost ? 'lost' : 'done', reply };
  }

  return {
    name: slot.name,
    authenticate: (request) => inTurn(() => authenticate(request)),
    probe: () =>
      inTurn(async () => {
        if (started && slot.probe) return ofSam(await slot.probe());
        const atr = await start();
        return atr.ok ? ok(`PSAM, ATR ${atr.value.toString('hex').toUpperCase()}`) : atr;
      }),
    close: () => slot.close(),
  };
}

interface Outcome {
  /** `lost`: begun anew it may answer. */
  readonly kind: 'done' | 'lost';
  readonly reply: Reply<Buffer>;
}

function padded(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))]);
}

/** Whatever happens in a SAM, the card has not been asked yet: effect `none`. */
function ofSam<T>(answer: Reply<T>): Reply<T> {
  if (answer.ok) return answer;
  const code = answer.fault.code.startsWith('sam-') ? answer.fault.code : 'sam-mute';
  return failed(code, 'none', answer.fault.detail);
}

function dataOf(answer: Reply<Response>, name: string): Reply<Buffer> {
  if (!answer.ok) return answer;
  const { sw, data } = answer.value;
  return sw === SW_OK ? ok(data) : refused(`${name}: ${describeStatus(sw)}`);
}

function refused(detail: string) {
  return failed('sam-refused', 'none', detail);
}
