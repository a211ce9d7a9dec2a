/**
 * A purchase SAM in software, for pilots, tests and the simulator: its keys lie sealed on disk
 * (sealed.ts), not in tamper-proof silicon. It obeys the rules of a PSAM: one session at a time,
 * ended by the next 8070, even a refused one, and by every 8072: a MAC2 gets one try.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { hexOf, u32 } from '../card/bytes.ts';
import * as keys from '../crypto/purse-keys.ts';
import { type KeySet, type SamKey, wipeKeys } from './key-set.ts';
import type { Authorisation, Mac2Verdict, PurchaseInput, PurchaseSam, SamIdentity } from './sam.ts';

export interface SoftwareSamOptions {
  /** Belongs to the SAM from now on: `close` zeroes its keys. */
  readonly keySet: KeySet;
  /** Algorithm byte of the card → algorithm; what is not listed is refused. */
  readonly algorithms: Readonly<Record<string, keys.Algorithm>>;
  readonly sessionMode: keys.Sm4SessionMode;
  /** The first termSeq to hand out: above every one in the ledger. */
  readonly firstTermSeq: number;
  readonly lockKeyVersion: string;
}

/** More than the termSeqs that a power cut can keep from reaching the ledger. */
const TERM_SEQ_SKIP = 16;

/** As the configuration of a lane or a kiosk says. @param lastTermSeq the highest in the books */
export function softwareSamFor(
  { sam, purse }: Pick<LaneConfig, 'sam' | 'purse'>,
  keySet: KeySet,
  lastTermSeq: number,
): PurchaseSam {
  return createSoftwareSam({
    keySet,
    algorithms: purse.algorithms,
    sessionMode: purse.sm4_session_mode,
    firstTermSeq: lastTermSeq + TERM_SEQ_SKIP,
    lockKeyVersion: sam.lock_key_version,
  });
}

interface Session {
  readonly key: Buffer;
  readonly algorithm: keys.Algorithm;
  readonly amount: Buffer;
}

export function createSoftwareSam(options: SoftwareSamOptions): PurchaseSam {
  const { keySet } = options;
  const purchase = keySet.keys.find(({ usage }) => usage === 'purchase');
  if (!purchase) throw new Error('a key set without a purchase key; parseKeySet refuses it');
  const identity: SamIdentity = {
    terminal: Buffer.from(keySet.terminal, 'hex'),
    serial: Buffer.from(keySet.psam_serial, 'hex'),
    keyIndex: Number.parseInt(purchase.index, 16),
  };
  /** Null once closed. */
  let masters: readonly SamKey[] | null = keySet.keys;
  let termSeq = options.firstTermSeq >>> 0;
  let session: Session | null = null;

  return { identity, start, initPurchase, creditPurchase, blockMac, close };

  async function start(): Promise<Reply<SamIdentity>> {
    endSession();
    return masters ? ok(identity) : CLOSED;
  }

  async function initPurchase(input: PurchaseInput): Promise<Reply<Authorisation>> {
    endSession();
    const found = findPurchaseKey(input);
    if (!found.ok) return found;
    const { algorithm, key } = found.value;
    const seq = u32(termSeq);
    termSeq = (termSeq + 1) >>> 0;
    const { random, counter } = input;
    session = {
      key: keys.sessionKey(algorithm, key, {
        input: { random, counter, termSeq: seq },
        mode: options.sessionMode,
      }),
      algorithm,
      amount: u32(input.amount_fen),
    };
    key.fill(0);
    const type = Buffer.from([input.txnType]);
    const signed = Buffer.concat([session.amount, type, identity.terminal, input.at]);
    return ok({ termSeq: seq, mac1: keys.sessionMac(algorithm, session.key, signed) });
  }

  async function creditPurchase(mac2: Buffer): Promise<Reply<Mac2Verdict>> {
    if (!masters) return CLOSED;
    if (!session) return ok('no-session');
    const expected = keys.sessionMac(session.algorithm, session.key, session.amount);
    endSession();
    return ok(expected.equals(mac2) ? 'verified' : 'wrong');
  }

  async function blockMac(
    random: Buffer,
    cardFactor: Buffer,
    issuerFactor: Buffer,
  ): Promise<Reply<Buffer | null>> {
    if (!masters) return CLOSED;
    const lock = masters.find(
      (key) => key.usage === 'lock' && key.version === options.lockKeyVersion,
    );
    if (!lock) return ok(null);
    const key = derive(lock, cardFactor, issuerFactor);
    const data = Buffer.from('841E000004', 'hex');
    const mac = keys.messagingMac(lock.algorithm, key, { challenge: random, data });
    key.fill(0);
    return ok(mac);
  }

  async function close(): Promise<void> {
    endSession();
    masters = null;
    wipeKeys(keySet);
  }

  function endSession(): void {
    session?.key.fill(0);
    session = null;
  }

  function findPurchaseKey(
    input: PurchaseInput,
  ): Reply<{ algorithm: keys.Algorithm; key: Buffer }> {
    if (!masters) return CLOSED;
    const byte = hexOf(Buffer.from([input.algorithm]));
    const algorithm = options.algorithms[byte];
    if (!algorithm) return failed('sam-refused', 'none', `algorithm ${byte} is not configured`);
    const version = hexOf(Buffer.from([input.keyVersion]));
    const family = algorithm === 'sm4' ? 'sm4' : '3des';
    const master = masters.find(
      (key) => key.usage === 'purchase' && key.algorithm === family && key.version === version,
    );
    if (!master) {
      return failed('sam-refused', 'none', `no ${family} purchase key of version ${version}`);
    }
    return ok({ algorithm, key: derive(master, input.cardFactor, input.issuerFactor) });
  }
}

const CLOSED = failed('sam-absent', 'none', 'the software SAM is closed, its keys are wiped');

/** Two levels: the issuer's factor first, the card's last, the reverse of their order in 8070. */
function derive(master: SamKey, cardFactor: Buffer, issuerFactor: Buffer): Buffer {
  const issuerKey = keys.diversify(master.algorithm, master.key, issuerFactor);
  const cardKey = keys.diversify(master.algorithm, issuerKey, cardFactor);
  issuerKey.fill(0);
  return cardKey;
}
