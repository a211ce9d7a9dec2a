/** The cards of a world, and what really happened to each: the truth that the books must match. */

import type { CardProfile } from '../card/personalise.ts';
import { createPurseCard, type PurseCard } from '../card/purse.ts';
import { createBankCard, createForgedPurse, createMifareToken } from '../card/strangers.ts';
import type { Target } from '../card/target.ts';
import type { KeySet } from '../keys.ts';
import { SIM_ISSUER, SIM_KEYS } from '../keys.ts';
import type { CardClass } from './story.ts';

export interface WorldCard {
  readonly class: CardClass;
  readonly target: Target;
  /** The purse that holds real money; null for strangers and forgeries. */
  readonly purse: PurseCard | null;
  /** Upper-case hex; null where nothing is read. */
  readonly serial: string | null;
  /** What it held at first, and what was loaded since. */
  given_fen: number;
}

/** SYNTHETIC: the marks whose appearance anywhere is a leak. In EF16, which a gate never reads. */
export const PLANTED = { name: 'PLANTED NAME WANG', number: '330203199001019999' } as const;
const HOLDER = Buffer.concat([Buffer.from(PLANTED.name + PLANTED.number)], 55).toString('hex');

const LISTED: readonly CardClass[] = ['listed', 'listed-later'];
const COUNT_WIDTH = 10;
const OTHER_MAC2 = Buffer.from('0102030405060708', 'hex');

export function makeCards(classes: readonly CardClass[]): WorldCard[] {
  const made: WorldCard[] = [];
  for (const [index, name] of classes.entries()) {
    const card = makeCard(name, index, made);
    made.push(card);
  }
  return made;
}

/** Serials that belong on the first, or the second, blacklist of a world. */
export function listedSerials(cards: readonly WorldCard[], list: 1 | 2): string[] {
  const classes = LISTED.slice(0, list);
  return cards
    .filter((card) => classes.includes(card.class))
    .flatMap(({ serial }) => (serial === null ? [] : [serial]));
}

function makeCard(name: CardClass, index: number, before: readonly WorldCard[]): WorldCard {
  const profile = profileOf(name, index);
  const stranger = (target: Target, serial: string | null = null): WorldCard => ({
    class: name,
    target,
    purse: null,
    serial,
    given_fen: 0,
  });
  switch (name) {
    case 'bank':
      return stranger(createBankCard(`bank ${index}`));
    case 'mifare':
      return stranger(createMifareToken(`mifare ${index}`));
    case 'forged':
      return stranger(createForgedPurse(profile), profile.serial);
    case 'cloned': {
      const serial = before.find((card) => card.class === 'sm4')?.serial ?? profile.serial;
      return stranger(createForgedPurse({ ...profile, serial }), serial);
    }
    case 'replayed':
      return stranger(replaying(createForgedPurse(profile)), profile.serial);
    default: {
      const purse = purseCard(profile, SIM_KEYS);
      const target = name === 'inconsistent' ? lying(purse) : purse;
      const { serial } = purse;
      return { class: name, target, purse, serial, given_fen: purse.balance_fen };
    }
  }
}

/** The keys of a card depend on its profile alone; worlds have the same cards again and again. */
const issued = new Map<string, PurseCard>();
function purseCard(profile: CardProfile, keys: KeySet): PurseCard {
  const name = JSON.stringify(profile);
  const known = issued.get(name);
  if (!known) {
    const card = createPurseCard(profile, keys);
    issued.set(name, card);
    fresh.set(card, card.snapshot());
    return card;
  }
  const snapshot = fresh.get(known);
  if (snapshot) known.restore(snapshot);
  return known;
}
const fresh = new WeakMap<PurseCard, ReturnType<PurseCard['snapshot']>>();

function profileOf(name: CardClass, index: number): CardProfile {
  const number = String(index).padStart(COUNT_WIDTH, '0');
  const foreign = name === 'foreign';
  return {
    name: `${name} ${index}`,
    uid: `0492${number}`,
    serial: `0310439992${number}`,
    issuer: foreign ? '01132900FFFFFFFF' : SIM_ISSUER,
    city: foreign ? '2900' : '3320',
    start: '20230101',
    expiry: name === 'expired' ? '20251231' : '20991231',
    cardType: name === 'elderly' ? '01' : '00',
    cardKind: '01',
    interoperable: true,
    balance_fen: name === 'poor' ? 50 : 4_000 + index * 10,
    algorithm: name === '3des' ? '3des' : 'sm4',
    ...(name === '3des' && { fci9f0c: false }),
    holder: HOLDER,
  };
}

const isDebit = (apdu: Buffer) => apdu.at(0) === 0x80 && apdu.at(1) === 0x54;

/** Answers a debit with the proof that an honest card once gave for another. */
function replaying(front: PurseCard): Target {
  return {
    ...front,
    exchange(apdu) {
      const done = front.exchange(apdu);
      if (!isDebit(apdu)) return done;
      return { ...done, answer: Buffer.concat([OTHER_MAC2, Buffer.from('9000', 'hex')]) };
    },
  };
}

/** Genuine keys, but 8050 shows a balance that is not there. */
function lying(purse: PurseCard): Target {
  return {
    ...purse,
    exchange(apdu) {
      const done = purse.exchange(apdu);
      if (apdu.at(0) !== 0x80 || apdu.at(1) !== 0x50 || done.answer.length !== 17) return done;
      const answer = Buffer.from(done.answer);
      answer.writeUInt32BE(answer.readUInt32BE(0) + 1_000, 0);
      return { ...done, answer };
    },
  };
}
