/** PSAM client: a purchase SAM card behind a contact slot (docs/protocol.md §4). */

import type { LaneConfig } from '../../config/schema.ts';
import { failed, ok, type Reply, type SamSlot } from '../../firmware-bridge/ports.ts';
import { type Command, exchange, type Response, SW_OK } from '../card/apdu.ts';
import { describeStatus } from '../card/status-words.ts';
import { pad80 } from '../crypto/purse-keys.ts';
import * as commands from './commands.ts';
import type { Mac2Verdict, PurchaseSam, SamIdentity } from './sam.ts';

export interface PsamOptions {
  readonly timeout_ms: number;
  /** File id of the purchase application, e.g. 8011. */
  readonly application: Buffer;
  readonly lockKeyUsage: number;
  readonly lockKeyVersion: number;
}

/** The settings of a lane, as the client wants them. */
export function psamOptions({ sam }: Pick<LaneConfig, 'sam'>): PsamOptions {
  return {
    timeout_ms: sam.timeout_ms,
    application: Buffer.from(sam.application, 'hex'),
    lockKeyUsage: Number.parseInt(sam.lock_key_usage, 16),
    lockKeyVersion: Number.parseInt(sam.lock_key_version, 16),
  };
}

/** Header of 841E as the card will see it; its MAC covers these five bytes. */
const BLOCK_HEADER = Buffer.from('841E000004', 'hex');
/** What a PSAM that lost its power for a moment answers to 8070: the application is gone. */
const LOST_APPLICATION: readonly number[] = [0x6901, 0x6985, 0x6986, 0x6d00, 0x6e00];

export function createPsam(slot: SamSlot, options: PsamOptions): PurchaseSam {
  let identity: SamIdentity | null = null;
  /** The question under way: a slot does one thing at a time, and a tap must not find it busy. */
  let probing: Promise<unknown> = Promise.resolve();
  let starts = 0;
  const send: Send = async (command) => {
    await probing;
    return ofSam(await exchange(slot, command, options.timeout_ms));
  };
  const probe = slot.probe?.bind(slot);

  return {
    get identity() {
      if (!identity) throw new Error('the SAM was asked for its identity before it was started');
      return identity;
    },
    async start() {
      starts += 1;
      probing = Promise.resolve();
      const mine = starts;
      const atr = ofSam(await slot.reset());
      if (!atr.ok) return atr;
      // One that took too long, and was begun anew, must not select files behind the other's back.
      const sendMine: Send = async (command) =>
        mine === starts ? send(command) : failed('sam-mute', 'none', 'its start was begun anew');
      const read = await readIdentity(sendMine, options.application);
      if (read.ok) identity = read.value;
      return read;
    },
    ...(probe && {
      async probe() {
        const asked = probe();
        probing = asked;
        return ofSam(await asked);
      },
    }),
    async initPurchase(input) {
      const command = commands.initSamForPurchase(input);
      let answer = await send(command);
      if (answer.ok && LOST_APPLICATION.includes(answer.value.sw)) {
        const select = commands.selectFile(options.application);
        const selected = await expectOk(send, select, 'SELECT application');
        if (!selected.ok) return selected;
        answer = await send(command);
      }
      const data = dataOf(answer, 'INIT SAM 8070');
      if (!data.ok) return data;
      const parsed = commands.parseAuthorisation(data.value);
      return parsed ? ok(parsed) : refused(`8070 answered ${data.value.length} bytes, not 8`);
    },
    async creditPurchase(mac2) {
      const answer = await send(commands.creditSamForPurchase(mac2));
      return answer.ok ? verdictOf(answer.value.sw) : answer;
    },
    async blockMac(random, cardFactor, issuerFactor) {
      const factors = Buffer.concat([cardFactor, issuerFactor]);
      const { lockKeyUsage, lockKeyVersion } = options;
      const init = await send(commands.initForDescrypt(lockKeyUsage, lockKeyVersion, factors));
      if (!init.ok) return init;
      if (init.value.sw !== SW_OK) return ok(null);
      // 80FA takes the IV as its first block; 16 bytes for SM4 keys, 8 for 3DES, told by nothing
      // on the wire, so the field's padded form for 8-byte blocks is sent (docs/protocol.md §2.9).
      const iv = Buffer.concat([random, Buffer.alloc(4)]);
      const data = Buffer.concat([iv, pad80(BLOCK_HEADER, 8)]);
      const mac = await expectOk(send, commands.descryptMac(data), 'MAC 80FA');
      if (!mac.ok) return mac;
      if (mac.value.length < 4) return refused(`80FA answered ${mac.value.length} bytes, not 4`);
      return ok(mac.value.subarray(0, 4));
    },
    close: () => slot.close(),
  };
}

type Send = (command: Command) => Promise<Reply<Response>>;

async function readIdentity(send: Send, application: Buffer): Promise<Reply<SamIdentity>> {
  const master = await expectOk(send, commands.selectMasterFile(), 'SELECT MF');
  if (!master.ok) return master;
  const info = await expectOk(send, commands.readSamInfo(), 'READ EF15');
  if (!info.ok) return info;
  const terminal = await expectOk(send, commands.readTerminalId(), 'READ EF16');
  if (!terminal.ok) return terminal;
  const selected = await expectOk(send, commands.selectFile(application), 'SELECT application');
  if (!selected.ok) return selected;
  const keys = await expectOk(send, commands.readApplicationInfo(), 'READ EF17');
  if (!keys.ok) return keys;
  if (info.value.length < 10 || terminal.value.length !== 6 || keys.value.length < 1) {
    return refused('identity files EF15, EF16, EF17 are shorter than 10, 6 and 1 bytes');
  }
  return ok({
    serial: info.value.subarray(0, 10),
    terminal: terminal.value,
    keyIndex: keys.value.readUInt8(0),
  });
}

/**
 * A SAM is no card: whatever happens to a command sent to it, no purse has moved, so its faults
 * have effect `none`. What a fault means for a debit under way is the tap's to say.
 */
function ofSam<T>(answer: Reply<T>): Reply<T> {
  if (answer.ok) return answer;
  const code = answer.fault.code.startsWith('sam-') ? answer.fault.code : 'sam-mute';
  return failed(code, 'none', answer.fault.detail);
}

async function expectOk(send: Send, command: Command, name: string): Promise<Reply<Buffer>> {
  return dataOf(await send(command), name);
}

function dataOf(answer: Reply<Response>, name: string): Reply<Buffer> {
  if (!answer.ok) return answer;
  const { sw, data } = answer.value;
  return sw === SW_OK ? ok(data) : refused(`${name}: ${describeStatus(sw)}`, sw);
}

function verdictOf(sw: number): Reply<Mac2Verdict> {
  if (sw === SW_OK) return ok('verified');
  if (sw === 0x9302 || sw >> 4 === 0x63c) return ok('wrong');
  if (sw === 0x6901 || sw === 0x6985) return ok('no-session');
  return refused(`CREDIT SAM 8072: ${describeStatus(sw)}`, sw);
}

/** 6983: a SAM that bore too many wrong MAC2 has locked itself. */
function refused(detail: string, sw?: number) {
  return failed(sw === 0x6983 ? 'sam-distrusted' : 'sam-refused', 'none', detail);
}
