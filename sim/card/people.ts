/**
 * The kiosk's tray: one entry for every kind of card that people bring. ALL IDENTITIES ARE
 * SYNTHETIC: names say 测试 or 样本, citizen numbers begin with region 000000, which is no place,
 * card numbers with ZNB, serials with 99, and accounts consist of 6299990 and nines.
 */

import { PEOPLE_DRAFTS } from './people-drafts.ts';
import type { ContactFace } from './ssc/combined.ts';
import { type IssuedCard, issueCard } from './ssc/issue.ts';
import type { Target } from './target.ts';

/** What a kiosk should make of the card. */
export interface Expected {
  /** `silent`: no answer to reset, or none to any command. */
  readonly kind: 'ssc' | 'medical-pooling' | 'bank' | 'transit' | 'unknown' | 'silent';
  /** Of an SSC, with the list at hand. */
  readonly validity?: 'valid' | 'expired' | 'superseded' | 'locked' | 'lost' | 'unsure';
  /** Its proof is wrong. */
  readonly counterfeit?: boolean;
  /** Name as it should appear, letter by letter; absent where none can be read. */
  readonly holder?: string;
}

export interface Person {
  readonly id: string;
  /** By locale: zh-CN and en. */
  readonly name: Readonly<Record<string, string>>;
  readonly note: Readonly<Record<string, string>>;
  /** Null where the card has no such face. */
  readonly contact: ContactFace | null;
  readonly contactless: Target | null;
  /** Snapshot, restore, card id and purse; null for what is no working card. */
  readonly card: IssuedCard | null;
  readonly expected: Expected;
}

/** What stands on the signed list of withdrawn cards. */
export interface ListedPerson {
  readonly id: string;
  /** 16 bytes. */
  readonly cardId: Buffer;
  readonly cardNumber: string;
  /** Serial of the purse on the same card, 10 bytes; null when it has none. */
  readonly purse: Buffer | null;
  readonly reason: 'lost' | 'superseded';
}

/** @param today `YYYYMMDD`: valid cards run from three years before to seven years after it */
export function createPeople(today: string): Person[] {
  return PEOPLE_DRAFTS.map(({ id, name, note, expected, made }) => {
    const held = made(today);
    const card = 'profile' in held ? issueCard(held.profile) : null;
    const faces = 'profile' in held ? card : held;
    return {
      id,
      name: { 'zh-CN': name[0], en: name[1] },
      note: { 'zh-CN': note[0], en: note[1] },
      contact: faces?.contact ?? null,
      contactless: faces?.contactless ?? null,
      card,
      expected,
    };
  });
}

/** The card of one person, on a tray made today. Throws, and names those there are. */
export function personOnTray(id: string, wall_ms: number): Person {
  const today = new Date(wall_ms).toISOString().slice(0, 10).replaceAll('-', '');
  const people = createPeople(today);
  const found = people.find((one) => one.id === id);
  if (found) return found;
  throw new Error(`no person ${id}; there are ${people.map((one) => one.id).join(', ')}`);
}

/** Cards of the tray that belong on the list, as lost or replaced by a newer generation. */
export function listedPeople(): ListedPerson[] {
  return PEOPLE_DRAFTS.flatMap(({ id, listed, made }) => {
    const held = made('20200101');
    if (!listed || !('profile' in held)) return [];
    const { cardId, purse } = issueCard(held.profile);
    const cardNumber = held.profile.ssc?.cardNumber ?? '';
    const serial = purse ? Buffer.from(purse.serial, 'hex') : null;
    return cardId ? [{ id, cardId, cardNumber, purse: serial, reason: listed }] : [];
  });
}
