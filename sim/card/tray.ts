/**
 * The tray of the simulated lane: one entry for everything that passengers bring to a gate. All
 * numbers are SYNTHETIC: serials `0310 4399 9000 0000 00NN` follow the form of transport cards in a
 * range of our own; city and issuer codes only look like Ningbo's (3320) and Shanghai's (2900).
 */

import { type KeySet, SIM_ISSUER, SIM_KEYS } from '../keys.ts';
import type { CardProfile } from './personalise.ts';
import { createPurseCard, type PurseCard } from './purse.ts';
import { createBankCard, createForgedPurse, createMifareToken } from './strangers.ts';
import type { Target } from './target.ts';

export interface TrayEntry {
  readonly id: string;
  /** By locale: zh-CN and en. */
  readonly name: Readonly<Record<string, string>>;
  readonly note: Readonly<Record<string, string>>;
  readonly gesture: 'hold' | 'tear' | 'two';
  /** What the reader's field meets; empty for a card without a contactless interface. */
  readonly targets: readonly Target[];
  /** The one purse of the entry, whose balance the panel shows. */
  readonly purse: PurseCard | null;
}

const HOME_CITY = '3320';
const FOREIGN = { issuer: '01132900FFFFFFFF', city: '2900' } as const;
const LOST = 7;
const SUPERSEDED = 8;

/** Cards of the tray that belong on the blacklist; `card` is the 10-byte serial. */
export function listedCards(): { readonly card: Buffer; readonly reason: 'lost' | 'superseded' }[] {
  return [
    { card: Buffer.from(serial(LOST), 'hex'), reason: 'lost' },
    { card: Buffer.from(serial(SUPERSEDED), 'hex'), reason: 'superseded' },
  ];
}

/** @param today `YYYYMMDD`: valid cards run from three years before to seven years after it */
export function createTray(today: string, keys: KeySet = SIM_KEYS): TrayEntry[] {
  return DRAFTS.map(({ id, name, note, gesture = 'hold', targets }) => {
    const profile: Issue = (nn, differs = {}) => ({ ...ordinary(id, nn, today), ...differs });
    const made = targets({
      today,
      profile,
      purse: (...of) => createPurseCard(profile(...of), keys),
    });
    const [only, second] = made;
    return {
      id,
      name: { 'zh-CN': name[0], en: name[1] },
      note: { 'zh-CN': note[0], en: note[1] },
      gesture,
      targets: made,
      purse: only && !second && isPurse(only) ? only : null,
    };
  });
}

/** The entry with this id, on a tray made today. Throws, and names those there are. */
export function cardOnTray(id: string, wall_ms: number): TrayEntry {
  const day = new Date(wall_ms).toISOString().slice(0, 10).replaceAll('-', '');
  const tray = createTray(day);
  const entry = tray.find((one) => one.id === id);
  if (entry) return entry;
  throw new Error(`no card ${id}; there are ${tray.map((one) => one.id).join(', ')}`);
}

function ordinary(name: string, nn: number, today: string): CardProfile {
  return {
    name,
    uid: `04A1B2C3D4E5${twoDigits(nn)}`,
    serial: serial(nn),
    issuer: SIM_ISSUER,
    city: HOME_CITY,
    start: yearFrom(today, -3, '0101'),
    expiry: yearFrom(today, 7, '1231'),
    cardType: '00',
    cardKind: '01',
    interoperable: true,
    balance_fen: 5_000,
    algorithm: 'sm4',
  };
}

/** @param nn last two digits of the serial */
type Issue = (nn: number, differs?: Partial<CardProfile>) => CardProfile;

interface Workshop {
  readonly today: string;
  readonly profile: Issue;
  readonly purse: (...of: Parameters<Issue>) => PurseCard;
}

interface Draft {
  readonly id: string;
  readonly name: readonly [zh: string, en: string];
  readonly note: readonly [zh: string, en: string];
  readonly gesture?: TrayEntry['gesture'];
  readonly targets: (workshop: Workshop) => readonly Target[];
}

const DRAFTS: readonly Draft[] = [
  {
    id: 'adult',
    name: ['普通卡', 'Ordinary card'],
    note: ['余额 50 元，国密 SM4。应放行。', 'Balance ¥50, SM4. Should pass.'],
    targets: ({ purse }) => [purse(1)],
  },
  {
    id: 'elderly',
    name: ['老年卡', 'Senior card'],
    note: ['优待票价。应以优待放行。', 'Concession fare. Should pass with the concession.'],
    targets: ({ purse }) => [purse(2, { cardType: '01', cardKind: '03' })],
  },
  {
    id: 'disabled',
    name: ['爱心卡', 'Disability card'],
    note: ['优待票价。应以优待放行。', 'Concession fare. Should pass with the concession.'],
    targets: ({ purse }) => [purse(3, { cardType: '11', cardKind: '04' })],
  },
  {
    id: 'student',
    name: ['学生卡', 'Student card'],
    note: ['学生票价。应以优待放行。', 'Student fare. Should pass with the concession.'],
    targets: ({ purse }) => [purse(4, { cardType: '02', cardKind: '02' })],
  },
  {
    id: 'low-balance',
    name: ['余额不足', 'Low balance'],
    note: ['余额 0.50 元，不够一次车费。', 'Balance ¥0.50, less than a fare.'],
    targets: ({ purse }) => [purse(5, { balance_fen: 50 })],
  },
  {
    id: 'expired',
    name: ['过期卡', 'Expired card'],
    note: ['有效期到去年底。应拒绝。', 'Ended with last year. Should be refused.'],
    targets: ({ purse, today }) => [purse(6, { expiry: yearFrom(today, -1, '1231') })],
  },
  {
    id: 'blacklisted',
    name: ['挂失卡', 'Lost card'],
    note: ['在黑名单上：挂失。应拒绝并锁卡。', 'On the blacklist as lost: refused and blocked.'],
    targets: ({ purse }) => [purse(LOST)],
  },
  {
    id: 'superseded',
    name: ['已换新的旧卡', 'Superseded card'],
    note: ['已换发三代卡，旧卡停用。应拒绝。', 'Replaced by a newer card. Should be refused.'],
    targets: ({ purse }) => [purse(SUPERSEDED)],
  },
  {
    id: 'generation-2',
    name: ['二代社保卡', 'Second-generation card'],
    note: ['只有接触界面，读卡器感应不到。', 'Contacts only: the reader does not see it.'],
    targets: () => [],
  },
  {
    id: 'foreign-city',
    name: ['异地互通卡', 'Card of another city'],
    note: ['外地发行，有互通标志。应按全价放行。', 'Interoperable: should pass at full fare.'],
    targets: ({ purse }) => [purse(10, FOREIGN)],
  },
  {
    id: 'local-only-foreign',
    name: ['异地非互通卡', 'Local card of another city'],
    note: ['外地发行，仅限本地使用。应拒绝。', 'Not interoperable. Should be refused.'],
    targets: ({ purse }) => [purse(11, { ...FOREIGN, interoperable: false })],
  },
  {
    id: 'tdes',
    name: ['旧算法卡', 'Older card, 3DES'],
    note: [
      '只支持 3DES,FCI 中没有 9F0C。按配置放行。',
      '3DES only, no 9F0C in its FCI. Passes if the lane allows 3DES.',
    ],
    targets: ({ purse }) => [purse(12, { algorithm: '3des', fci9f0c: false })],
  },
  {
    id: 'torn',
    name: ['提前拿开', 'Taken away too soon'],
    note: ['扣款途中离开。重刷同一张卡，不会再扣。', 'Leaves during the debit; tap it again.'],
    gesture: 'tear',
    targets: ({ purse }) => [purse(13)],
  },
  {
    id: 'two',
    name: ['两张卡', 'Two cards'],
    note: ['同时两张卡。应请只刷一张。', 'Both at once: one card only, please.'],
    gesture: 'two',
    targets: ({ purse }) => [purse(14), purse(15)],
  },
  {
    id: 'bank',
    name: ['银行卡', 'Bank card'],
    note: ['没有交通钱包。应拒绝。', 'Has no transit purse. Should be refused.'],
    targets: () => [createBankCard()],
  },
  {
    id: 'mifare',
    name: ['门禁扣', 'Door token'],
    note: ['Mifare 扣，不支持 ISO 14443-4。', 'A Mifare token without ISO 14443-4.'],
    targets: () => [createMifareToken()],
  },
  {
    id: 'forged',
    name: ['伪造卡', 'Forged purse'],
    note: ['没有密钥,MAC2 是编的。不得开门。', 'No keys, invented MAC2. The gate must stay shut.'],
    targets: ({ profile }) => [createForgedPurse(profile(18))],
  },
];

function isPurse(target: Target): target is PurseCard {
  return 'balance_fen' in target;
}

function serial(nn: number): string {
  return `031043999000000000${twoDigits(nn)}`;
}

function twoDigits(nn: number): string {
  return String(nn).padStart(2, '0');
}

function yearFrom(today: string, years: number, monthDay: string): string {
  return `${Number(today.slice(0, 4)) + years}${monthDay}`;
}
