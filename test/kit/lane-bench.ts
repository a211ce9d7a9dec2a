/**
 * One lane on a bench, in one process and in virtual time: the real tap runner, PN532 driver, PSAM
 * client and ledger; behind them the virtual chip, cards and PSAM, all without timing, so that the
 * disk is the one slow part. Exact and repeatable: nothing moves unless the fake clock does.
 *
 * The blacklist is a Map: LevelDB works in threads of its own, which a fake clock cannot hold, and
 * what a tap asks of the list is one synchronous question (controller/blacklist/blacklist.ts).
 */

import { join } from 'node:path';
import { loadConfig, shippedDirectory } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { Blacklist, Reason } from '../../controller/blacklist/blacklist.ts';
import { hexOf } from '../../controller/card/bytes.ts';
import { createNetwork } from '../../controller/gate/network.ts';
import {
  createTapRunner,
  type TapResult,
  type TapRunner,
} from '../../controller/gate/tap/runner.ts';
import { FrameWalker, startPosition } from '../../controller/ledger/frame.ts';
import { type Ledger, openLedger } from '../../controller/ledger/ledger.ts';
import type { LedgerRecord, Story } from '../../controller/ledger/records.ts';
import { createPsam, psamOptions } from '../../controller/sam/psam.ts';
import type { PurchaseSam } from '../../controller/sam/sam.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import type { CardReader, Clock, Reply, SamSlot } from '../../firmware-bridge/ports.ts';
import type { CardProfile } from '../../sim/card/personalise.ts';
import { createPurseCard, type PurseCard } from '../../sim/card/purse.ts';
import { createForgedPurse } from '../../sim/card/strangers.ts';
import { createField, type Field, type TearPlan } from '../../sim/chip/field.ts';
import { attachToLink } from '../../sim/chip/on-link.ts';
import { createVirtualPn532, type VirtualPn532 } from '../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../sim/chip/timing.ts';
import { SIM_ISSUER, SIM_KEYS } from '../../sim/keys.ts';
import { createVirtualPsam, type VirtualPsam } from '../../sim/sam/psam.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { SlowDisk } from './slow-disk.ts';
import { TornSlot } from './torn-slot.ts';

const DIRECTORY = 'ledger';

export interface BenchOptions {
  readonly lane: 'flat' | 'entry' | 'exit';
  /** Changes to the shipped lane, e.g. `{ purse: { unverified_proof: 'open' } }`. */
  readonly settings?: Settings;
  /** The PSAM gives its data with 61xx and GET RESPONSE, as bare T=0 does. */
  readonly getResponse?: boolean;
}

interface Settings {
  readonly lane?: Partial<LaneConfig['lane']>;
  readonly purse?: Partial<LaneConfig['purse']>;
  readonly concessions?: LaneConfig['fare']['concessions'];
}

interface Presentation {
  readonly tear?: TearPlan;
  /** The card stays in the field afterwards. */
  readonly stays?: boolean;
  /** The lane loses power at the very moment of the tear; follow it with `crash`. */
  readonly powerCut?: boolean;
}

/** The runner's result, and what the bench saw from outside meanwhile. */
export interface Tapped extends TapResult {
  /** INS of every command that was sent to the card, in order. */
  readonly commands: readonly number[];
  /** CLA, INS and P1 of each of them, hex. */
  readonly sent: readonly string[];
  readonly torn: boolean;
  /** MAC2 that the PSAM found right. */
  readonly verified: number;
}

/** A debit that a card really carried out. */
export interface Debit {
  readonly card: string;
  /** The story whose durable intent preceded it; null when there was none. */
  readonly ref: number | null;
  readonly amount_fen: number;
}

interface Equipment {
  readonly reader: CardReader;
  readonly sam: PurchaseSam;
  readonly ledger: Ledger;
  readonly runner: TapRunner;
}

export async function createBench(options: BenchOptions): Promise<Bench> {
  const bench = new Bench(options);
  await bench.restart();
  return bench;
}

export class Bench {
  readonly config: LaneConfig;
  readonly disk: SlowDisk;
  readonly psam: VirtualPsam;
  /** The way to it, on which commands and answers may be lost. */
  readonly samSlot: TornSlot;
  /** Serial → why it is listed. */
  readonly listed = new Map<string, Reason>();
  readonly debits: Debit[] = [];
  /** What must never happen: an 8054 before its intent, an opening before its proof is durable. */
  readonly violations: string[] = [];
  /** Every card of this bench, and what it held at first. */
  readonly cards: { readonly card: PurseCard; before_fen: number }[] = [];
  /** Answers in the PSAM's stead, unless null. */
  inPlaceOfSam = (_command: Buffer): Buffer | null => null;
  /** Hears the INS of every command just before the card does. */
  onCommand = (_ins: number) => {};
  readonly #clock: FakeClock;
  readonly #time: Clock;
  readonly #field: Field;
  readonly #chip: VirtualPn532;
  #equipment: Equipment | null = null;
  #wallStep_ms = 0;
  #commands: number[] = [];
  #sent: string[] = [];
  #verified = 0;
  #powerCut = false;

  constructor({ lane, settings = {}, getResponse = false }: BenchOptions) {
    this.config = configOf(lane, settings);
    this.#clock = createFakeClock();
    this.#time = {
      ...this.#clock,
      wall_ms: () => this.#clock.wall_ms() + this.#wallStep_ms,
    };
    this.disk = new SlowDisk(this.#time);
    this.psam = createVirtualPsam(this.#time, { timed: false, getResponse });
    this.samSlot = new TornSlot(this.psam);
    const field = createField();
    this.#field = { ...field, exchange: (...sent) => this.#overhear(field, ...sent) };
    this.#chip = createVirtualPn532({ clock: this.#time, field: this.#field, timing: NO_TIMING });
  }

  /** A new card, valid, with ¥50. */
  card(differs: Partial<CardProfile> = {}): PurseCard {
    const card = createPurseCard(profileOf(this.cards.length + 1, differs), SIM_KEYS);
    this.cards.push({ card, before_fen: card.balance_fen });
    return card;
  }

  /** A purse without keys, see sim/card/strangers.ts; it holds no money and counts for none. */
  forgedCard(differs: Partial<CardProfile> = {}): PurseCard {
    return createForgedPurse(profileOf(99, differs));
  }

  /** Holds a card to the reader, once, and takes it away unless it stays. */
  async tap(card: PurseCard, { tear, stays, powerCut }: Presentation = {}): Promise<Tapped> {
    const { reader, runner } = this.#running();
    this.#commands = [];
    this.#sent = [];
    this.#verified = 0;
    this.#powerCut = powerCut ?? false;
    const planned = tear && this.#field.tearNext(tear);
    this.#field.enter(card);
    const found = await this.#clock.until(reader.detect());
    if (!found.ok || found.value.kind !== 'card') throw new Error('the reader finds no card');
    const result = await this.#clock.until(runner.run(found.value.card));
    await this.#clock.until(found.value.card.release());
    this.#field.clearTears();
    if (!stays) this.#field.leave(card);
    if (result.kind === 'granted') this.#expectProofKept(result);
    const { fired: torn } = planned ?? { fired: false };
    return {
      ...{ ...result, torn, verified: this.#verified },
      ...{ commands: this.#commands, sent: this.#sent },
    };
  }

  /** The passenger walks through on the strength of a granted tap. */
  async pass({ paid }: TapResult): Promise<void> {
    if (!paid) throw new Error('nobody passes on a tap that was not granted');
    await this.#clock.until(this.ledger.append({ type: 'passage', ref: paid.ref }));
  }

  /** Time passes, for disk, timers and wall clock alike. */
  later(time_ms: number): Promise<void> {
    return this.#clock.advance(time_ms);
  }

  /** Somebody sets the wall clock; no time passes. */
  stepWall(step_ms: number): void {
    this.#wallStep_ms += step_ms;
  }

  /** Ends the controller in order and starts it anew; the PSAM loses its power. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  /** Power cut: what was not synced is gone. */
  async crash(): Promise<void> {
    this.disk.crash();
    await this.#stop();
    await this.#start();
  }

  /** What a closed lane does when its ledger failed; the disk must have been mended. */
  async recoverLedger(): Promise<void> {
    for (let call = 0; call < 100; call++) {
      if ((await this.#clock.until(this.ledger.recover())).ok) return;
    }
    throw new Error('the ledger does not recover');
  }

  /** What the gate does when the SAM went mute. */
  async healSam(): Promise<void> {
    expectOk(await this.startSam());
  }

  startSam() {
    return this.#clock.until(this.#running().sam.start());
  }

  async stories(): Promise<Story[]> {
    const stories: Story[] = [];
    const gather = async () => {
      for await (const story of this.ledger.stories()) stories.push(story);
    };
    await this.#clock.until(gather());
    return stories;
  }

  get ledger(): Ledger {
    return this.#running().ledger;
  }

  #running(): Equipment {
    if (!this.#equipment) throw new Error('the bench is not started');
    return this.#equipment;
  }

  async #start(): Promise<void> {
    const { config } = this;
    const clock = this.#time;
    const openLink = async () => {
      const { near, far } = createMemoryLinkPair('reader');
      attachToLink(this.#chip, far);
      return { ok: true, value: near } as const;
    };
    const reader = createPn532Reader({ openLink, clock, config: config.reader });
    const sam = createPsam(this.#slot(), psamOptions(config));
    const opening = openLedger({
      disk: this.disk,
      directory: DIRECTORY,
      segment_bytes: 256 * 1024,
    });
    const ledger = expectOk(await this.#clock.until(opening));
    expectOk(await this.#clock.until(sam.start()));
    expectOk(await this.#clock.until(reader.start()));
    const blacklist: Blacklist = { check: (card) => this.#answerFor(hexOf(card)) };
    const samSession = { ref: null };
    const runner = createTapRunner({
      ...{ config, clock, sam, ledger, blacklist, samSession },
      network: createNetwork(config.site),
    });
    this.#equipment = { reader, sam, ledger, runner };
  }

  async #stop(): Promise<void> {
    if (!this.#equipment) return;
    const { reader, sam, ledger } = this.#equipment;
    await this.#clock.until(Promise.all([reader.close(), sam.close(), ledger.close()]));
    this.#equipment = null;
  }

  #answerFor(serial: string): ReturnType<Blacklist['check']> {
    const reason = this.listed.get(serial);
    return reason ? { kind: 'listed', reason } : { kind: 'clear' };
  }

  /** The PSAM in its slot, with an ear on 8072. */
  #slot(): SamSlot {
    return {
      ...this.samSlot.slot,
      transceive: async (command, timeout_ms) => {
        const instead = this.inPlaceOfSam(command);
        if (instead) return { ok: true, value: instead };
        const answer = await this.samSlot.transceive(command, timeout_ms);
        const verified = answer.ok && answer.value.equals(Buffer.from('9000', 'hex'));
        if (command.at(1) === 0x72 && verified) this.#verified += 1;
        return answer;
      },
    };
  }

  /** Every command on its way to a card; rule 1 of the money rules is checked on 8054. */
  #overhear(field: Field, ...[target, apdu]: Parameters<Field['exchange']>) {
    const card = this.cards.find((one) => one.card === target)?.card;
    const before = card?.snapshot();
    const at = hexOf(apdu.subarray(9, 16));
    this.#commands.push(apdu.readUInt8(1));
    this.#sent.push(hexOf(apdu.subarray(0, 3)));
    this.onCommand(apdu.readUInt8(1));
    const ref = apdu.at(1) === 0x54 && card ? this.#durableIntent(card, at) : null;
    const heard = field.exchange(target, apdu);
    if (card && before && card.counter !== before.counter) {
      const amount_fen = before.balance_fen - card.balance_fen;
      this.debits.push({ card: card.serial, ref, amount_fen });
    }
    if (heard.kind === 'lost' && this.#powerCut) this.disk.crash();
    return heard;
  }

  #durableIntent({ serial, counter }: PurseCard, at: string): number | null {
    const intents = this.#durable('intent').filter(
      ({ fields }) => fields.card === serial && fields.counter === counter && fields.at === at,
    );
    const ref = intents.at(-1)?.seq ?? null;
    if (ref === null) this.violations.push(`8054 to ${serial} at n ${counter} before its intent`);
    return ref;
  }

  #expectProofKept({ paid, message }: TapResult): void {
    const kept = this.#durable('debited').some(({ fields }) => fields.ref === paid?.ref);
    if (!kept) this.violations.push(`${message} before the proof of ${paid?.ref} is durable`);
  }

  /** Records of one type that would outlive a power cut at this moment. */
  #durable(type: LedgerRecord['type']) {
    const walker = new FrameWalker(startPosition());
    const found = walker.push(this.disk.synced(`${DIRECTORY}/ledger-000001.log`));
    return found
      .filter((item) => item.kind === 'record')
      .filter(({ fields }) => fields.type === type);
  }
}

/** SYNTHETIC numbers: serials in a range of our own, see sim/card/tray.ts. */
function profileOf(nn: number, differs: Partial<CardProfile>): CardProfile {
  const digits = String(nn).padStart(2, '0');
  return {
    name: `card ${digits}`,
    uid: `04A1B2C3D4E5${digits}`,
    serial: `031043999000000001${digits}`,
    issuer: SIM_ISSUER,
    city: '3320',
    start: '20230101',
    expiry: '20331231',
    cardType: '00',
    cardKind: '01',
    interoperable: true,
    balance_fen: 5_000,
    algorithm: 'sm4',
    ...differs,
  };
}

const shipped = new Map<BenchOptions['lane'], LaneConfig>();

function shippedLane(lane: BenchOptions['lane']): LaneConfig {
  const known = shipped.get(lane);
  if (known) return known;
  const loaded = loadConfig(join(shippedDirectory(), `lanes/${lane}.yaml`), {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  shipped.set(lane, loaded.config);
  return loaded.config;
}

function configOf(lane: BenchOptions['lane'], settings: Settings): LaneConfig {
  const config = shippedLane(lane);
  const { concessions = config.fare.concessions } = settings;
  return {
    ...config,
    lane: { ...config.lane, ...settings.lane },
    purse: { ...config.purse, ...settings.purse },
    fare: { ...config.fare, concessions },
  };
}

function expectOk<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`the bench does not start: ${reply.fault.detail}`);
  return reply.value;
}
