/**
 * A virtual purchase SAM (PSAM) as a pure function from a command to an answer and a new memory
 * (docs/protocol.md §4). What no public source settles is marked [I]: termSeq advances at 8070;
 * SELECT and every 8072 end the session; 80FA uses up the key of 801A.
 */

import { createHash } from 'node:crypto';
import { type Answer, type Apdu, answer, readBinary, SW, tlv } from '../card/apdu.ts';
import {
  type Algorithm,
  blockLength,
  diversifyAll,
  encrypt,
  mac,
  secureMac,
  sessionKey,
} from '../crypto.ts';
import { type KeyAlgorithm, type KeySet, masterKey, SCHEMES, SIM_ISSUER } from '../keys.ts';
import {
  executeSscSam,
  SSC_SAM_AID,
  SSC_SAM_START,
  type SscSamSession,
  type SscSamSettings,
  sscSamFci,
} from './ssc.ts';

/** Survives reset. JSON-able. */
export interface PsamSnapshot {
  /** Given out with the latest 8070; the next one is greater by one. */
  readonly termSeq: number;
  /** Wrong MAC2 in a row. */
  readonly wrongMac2: number;
  /** Random numbers given so far. */
  readonly draws: number;
}

/** Lost with the power. */
interface PsamSession {
  readonly application: 'mf' | 'purse' | 'ssc';
  /** The MAC2 that the 8070 under way expects. */
  readonly purchase: { readonly mac2: Buffer } | null;
  /** Key of 801A. */
  readonly working: { readonly algorithm: Algorithm; readonly key: Buffer } | null;
  readonly ssc: SscSamSession;
}

export interface PsamSettings {
  readonly keys: KeySet;
  /** Diversification levels of its keys, 1 to 3; 8070 and 801A must bring as many factors. */
  readonly levels: number;
  /** EF17 byte 0: the key index that it recommends. */
  readonly keyIndex: number;
  /** Wrong MAC2 in a row before it locks, answered 63Cx; null: no limit, answered 9302. */
  readonly mac2Limit: number | null;
  /** The social security application beside the one for purchases; null: none. */
  readonly ssc: SscSamSettings | null;
}

export const PSAM_POWER_UP: PsamSession = {
  application: 'mf',
  purchase: null,
  working: null,
  ssc: SSC_SAM_START,
};

interface Moment {
  readonly settings: PsamSettings;
  readonly stored: PsamSnapshot;
  readonly session: PsamSession;
}

interface Step {
  readonly answer: Answer;
  readonly stored?: PsamSnapshot;
  readonly session?: PsamSession;
}

type Handler = (moment: Moment, apdu: Apdu) => Step;

/** "MOT.CPSAM01" of the transport ministry. */
const APPLICATION_AID = Buffer.from('A0000006324D4F542E435053414D3031', 'hex');
/** 8011 transport ministry; 1001 housing ministry. */
const APPLICATION_IDS = [0x8011, 0x1001];
/** Levels in the high 3 bits of the key usage; 5 is application maintenance (§4.2). */
const MAINTENANCE = 0x05;
const FACTOR = 8;
const INIT_HEAD = 20;

const COMMANDS: ReadonlyMap<number, Handler> = new Map([
  [0x00a4, select],
  [0x00b0, read],
  [0x0084, challenge],
  [0x8070, initPurchase],
  [0x8072, creditPurchase],
  [0x801a, initWorkingKey],
  [0x80fa, useWorkingKey],
]);

export function execute(moment: Moment, apdu: Apdu | null): Step {
  if (!apdu) return { answer: answer(SW.wrongLength) };
  const ofSsc = moment.session.application === 'ssc' ? inSsc(moment, apdu) : null;
  if (ofSsc) return ofSsc;
  const handler = COMMANDS.get((apdu.cla << 8) | apdu.ins);
  if (handler) return handler(moment, apdu);
  const known = apdu.cla === 0x00 || apdu.cla === 0x80;
  return { answer: answer(known ? SW.wrongInstruction : SW.wrongClass) };
}

function inSsc({ settings, session }: Moment, apdu: Apdu): Step | null {
  const { ssc, keys } = settings;
  if (!ssc) return null;
  const identity = { serial: keys.psam_serial, terminal: keys.terminal };
  const step = executeSscSam({ settings: ssc, identity, session: session.ssc }, apdu);
  if (!step) return null;
  return { answer: step.answer, session: { ...session, ssc: step.session ?? session.ssc } };
}

function select({ settings }: Moment, { p1, data }: Apdu): Step {
  if (settings.ssc && isSsc(p1, data))
    return {
      answer: answer(SW.ok, sscSamFci()),
      session: { ...PSAM_POWER_UP, application: 'ssc' },
    };
  const byName = p1 === 0x04 && data.equals(APPLICATION_AID);
  const fid = p1 === 0x00 && data.length === 2 ? data.readUInt16BE() : 0;
  if (fid === 0x3f00)
    return { answer: answer(SW.ok, fci('1PAY.SYS.DDF01')), session: PSAM_POWER_UP };
  if (!byName && !APPLICATION_IDS.includes(fid)) return { answer: answer(SW.fileNotFound) };
  const session: PsamSession = { ...PSAM_POWER_UP, application: 'purse' };
  return { answer: answer(SW.ok, fci(APPLICATION_AID)), session };
}

/** By name, or as DF01. */
function isSsc(p1: number, data: Buffer): boolean {
  if (p1 === 0x04) return data.equals(SSC_SAM_AID);
  return p1 === 0x00 && data.equals(Buffer.from([0xdf, 0x01]));
}

function fci(name: string | Buffer): Buffer {
  return tlv('6F', tlv('84', Buffer.from(name)), tlv('A5', tlv('88', Buffer.from([1]))));
}

/** EF15 and EF16 of the master file, EF17 of the application (§4.1). */
function read({ settings, session }: Moment, { p1, p2, data, le }: Apdu): Step {
  if (data.length > 0) return { answer: answer(SW.wrongLength) };
  const file = fileOf(settings, session.application, p1);
  return { answer: file ? readBinary(file, p2, le) : answer(SW.fileNotFound) };
}

function fileOf(settings: PsamSettings, application: PsamSession['application'], p1: number) {
  const { keys } = settings;
  switch (`${application} ${p1.toString(16)}`) {
    case 'mf 95': // serial 10, version, key card type, issuer data 2
      return Buffer.from(`${keys.psam_serial}05010000`, 'hex');
    case 'mf 96':
      return Buffer.from(keys.terminal, 'hex');
    case 'purse 97': // key index, issuer 8, acquirer 8, start 4, end 4
      return Buffer.concat([
        Buffer.from([settings.keyIndex]),
        Buffer.from(`${SIM_ISSUER}${SIM_ISSUER}2020010120991231`, 'hex'),
      ]);
    default:
      return null;
  }
}

/** Reproducible and never twice the same; no secret: this is a simulation. */
function challenge({ settings, stored }: Moment, { data, le }: Apdu): Step {
  if (data.length > 0 || (le !== 4 && le !== 8 && le !== 16))
    return { answer: answer(SW.wrongLength) };
  const hash = createHash('sha256').update(`${settings.keys.psam_serial} ${stored.draws}`);
  const told = answer(SW.ok, hash.digest().subarray(0, le));
  return { answer: told, stored: { ...stored, draws: stored.draws + 1 } };
}

/**
 * 8070: rand4 ‖ n2 ‖ amount4 ‖ type1 ‖ date4 ‖ time3 ‖ keyVersion1 ‖ algorithm1 ‖ serial8 ‖ issuer8
 * → termSeq4 ‖ MAC1. Destroys the session before it, whatever it answers.
 */
function initPurchase({ settings, stored, session }: Moment, { p1, p2, data }: Apdu): Step {
  const fresh: PsamSession = { ...session, purchase: null };
  const refuse = (sw: number) => ({ answer: answer(sw), session: fresh });
  if (session.application !== 'purse') return refuse(SW.conditions);
  if (p1 !== 0 || p2 !== 0) return refuse(SW.wrongParameters);
  if (data.length !== INIT_HEAD + FACTOR * settings.levels) return refuse(SW.wrongLength);
  if (locked(settings, stored)) return refuse(SW.keyLocked);
  const algorithm = algorithmOf(data.readUInt8(19));
  if (!algorithm) return refuse(SW.keyIndex);
  const master = masterKey(settings.keys, 'purchase', algorithm);
  if (master.version !== data.readUInt8(18)) return refuse(SW.keyIndex);

  const termSeq = (stored.termSeq + 1) >>> 0;
  const sequence = Buffer.alloc(4);
  sequence.writeUInt32BE(termSeq);
  const key = diversifyAll(algorithm, master.key, factorsTopFirst(data.subarray(INIT_HEAD)));
  const random = data.subarray(0, 6); // with the counter
  const input = Buffer.concat([random, sequence.subarray(2)]);
  const ses = sessionKey(algorithm, key, { input });
  const amount = data.subarray(6, 10);
  const type = data.subarray(10, 11);
  const at = data.subarray(11, 18);
  const terminal = Buffer.from(settings.keys.terminal, 'hex');
  const mac1 = mac(algorithm, ses, Buffer.concat([amount, type, terminal, at]));
  return {
    answer: answer(SW.ok, Buffer.concat([sequence, mac1])),
    stored: { ...stored, termSeq },
    session: { ...fresh, purchase: { mac2: mac(algorithm, ses, amount) } },
  };
}

/** 8072 MAC2: ends the session with 9000, 9302 or 63Cx. */
function creditPurchase({ settings, stored, session }: Moment, { data }: Apdu): Step {
  if (locked(settings, stored)) return { answer: answer(SW.keyLocked) };
  if (!session.purchase) return { answer: answer(SW.conditions) };
  if (data.length !== 4) return { answer: answer(SW.wrongLength) };
  const ended: PsamSession = { ...session, purchase: null };
  const right = session.purchase.mac2.equals(data);
  const wrongMac2 = right ? 0 : stored.wrongMac2 + 1;
  const triesLeft = settings.mac2Limit === null ? null : settings.mac2Limit - wrongMac2;
  const wrong = triesLeft === null ? SW.wrongMac : 0x63c0 | Math.min(triesLeft, 15);
  return {
    answer: answer(right ? SW.ok : wrong),
    stored: { ...stored, wrongMac2 },
    session: ended,
  };
}

/** 801A usage version factors: derives the lock key for one card (usage 45: two levels). */
function initWorkingKey({ settings, session }: Moment, { p1, p2, data }: Apdu): Step {
  const { keys, levels } = settings;
  if (session.application !== 'purse') return { answer: answer(SW.conditions) };
  const master = keys.masters.find(({ usage, version }) => usage === 'lock' && version === p2);
  if (p1 !== ((levels << 5) | MAINTENANCE) || !master) return { answer: answer(SW.keyNotFound) };
  if (data.length !== FACTOR * levels) return { answer: answer(SW.wrongLength) };
  const key = diversifyAll(master.algorithm, master.key, factorsTopFirst(data));
  const working = { algorithm: master.algorithm, key };
  return { answer: answer(SW.ok), session: { ...session, working } };
}

/**
 * 80FA: P1 00 encrypts whole blocks; P1 05 gives the MAC of what follows its first 8 bytes, which
 * are the IV. SM4 fills both with zeros to its 16 bytes [I]: that is how §3.5 makes the IV, and the
 * data brings its own 80.
 */
function useWorkingKey({ session }: Moment, { p1, p2, data }: Apdu): Step {
  const { working } = session;
  if (!working) return { answer: answer(SW.conditions) };
  if ((p1 !== 0x00 && p1 !== 0x05) || p2 !== 0) return { answer: answer(SW.wrongParameters) };
  const { algorithm, key } = working;
  const block = blockLength(algorithm);
  const unit = p1 === 0x00 ? block : FACTOR;
  const least = p1 === 0x00 ? block : 2 * FACTOR;
  if (data.length % unit !== 0 || data.length < least) return { answer: answer(SW.wrongLength) };
  const iv = filled(data.subarray(0, FACTOR), block);
  const rest = filled(data.subarray(FACTOR), block);
  const result =
    p1 === 0x00 ? encrypt(algorithm, key, data) : secureMac(algorithm, key, { iv, data: rest });
  return { answer: answer(SW.ok, result), session: { ...session, working: null } };
}

function filled(data: Buffer, block: number): Buffer {
  return Buffer.concat([data], Math.ceil(data.length / block) * block);
}

/** The wire brings the card serial first; derivation begins at the top (§3.1). */
function factorsTopFirst(data: Buffer): Buffer[] {
  const factors: Buffer[] = [];
  for (let end = data.length; end > 0; end -= FACTOR)
    factors.push(data.subarray(end - FACTOR, end));
  return factors;
}

function algorithmOf(id: number): KeyAlgorithm | undefined {
  const names: readonly KeyAlgorithm[] = ['sm4', '3des'];
  return names.find((name) => SCHEMES[name].algorithmId === id);
}

function locked({ mac2Limit }: PsamSettings, { wrongMac2 }: PsamSnapshot): boolean {
  return mac2Limit !== null && wrongMac2 >= mac2Limit;
}
