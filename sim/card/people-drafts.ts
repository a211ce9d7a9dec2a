/** Who is on the kiosk's tray, and why: see people.ts. Every identity is synthetic. */

import { SIM_ISSUER } from '../keys.ts';
import type { Expected } from './people.ts';
import { OTHER_CARDS } from './people-others.ts';
import type { CardProfile } from './personalise.ts';
import type { Chip } from './ssc/combined.ts';
import type { IssueProfile, Ride } from './ssc/issue.ts';
import { cardNumber, citizenNumber } from './ssc/numbers.ts';
import type { Holder, SscProfile } from './ssc/personalise.ts';
import { gb18030 } from './ssc/text.ts';

export interface PersonDraft {
  readonly id: string;
  readonly name: readonly [zh: string, en: string];
  readonly note: readonly [zh: string, en: string];
  readonly expected: Expected;
  /** Belongs on the signed list. */
  readonly listed?: 'lost' | 'superseded';
  /** A card to be issued, or faces that no issuer made. */
  readonly made: (today: string) => { readonly profile: IssueProfile } | Chip;
}

/** What differs from an ordinary card of the generation. */
interface Differs {
  readonly ssc?: Partial<SscProfile>;
  readonly holder?: Partial<Holder>;
  readonly purse?: Partial<CardProfile> | null;
  readonly account?: string | null;
}

const HOME_REGION = '330200';
const BOTH = ['contact', 'contactless'] as const;

/** Digit 8 is the simulated bank, the rest nines: no real account has that form. */
function simAccount(bank: number): string {
  return `6299990${bank}99999999999`;
}

/** Generation 3: SM4, both faces, transit purse, bank account. */
function third(nn: number, text: string, differs: Differs = {}): PersonDraft['made'] {
  return (today) => {
    const ssc = { ...ordinary(3, nn, today), holder: holderOf(nn, text, differs.holder) };
    const purse = differs.purse === null ? {} : { purse: purseOf(nn, today, differs.purse) };
    const account = differs.account === undefined ? simAccount(nn % 8) : differs.account;
    const bank = account === null ? {} : { bank: bankOf(account, today) };
    const profile: IssueProfile = {
      name: `ssc-${nn}`,
      faces: BOTH,
      uid: `0853${digitsOf(nn, 4)}`,
      ssc: { ...ssc, ...differs.ssc },
      ...purse,
      ...bank,
      rides: differs.purse === null ? [] : ridesBefore(today),
    };
    return { profile };
  };
}

const first = older(1);
const second = older(2);

/** Generation 1 or 2: 3DES, contacts only, nothing but the social security application. */
function older(generation: 1 | 2) {
  return (nn: number, text: string, differs: Differs = {}): PersonDraft['made'] =>
    (today) => {
      const holder = holderOf(nn, text, differs.holder);
      const ssc = { ...ordinary(generation, nn, today), holder, ...differs.ssc };
      const profile: IssueProfile = {
        ...{ name: `ssc-${nn}`, uid: '00000000', ssc },
        faces: ['contact'],
      };
      return { profile };
    };
}

function ordinary(generation: 1 | 2 | 3, nn: number, today: string): SscProfile {
  return {
    name: `ssc-${nn}`,
    generation,
    region: HOME_REGION,
    serial: `99${digitsOf(nn, 6)}`,
    cardNumber: cardNumber(nn),
    cardClass: '3',
    issued: yearFrom(today, -3, '0601'),
    validUntil: yearFrom(today, 7, '0601'),
    holder: null,
    photo: 'jpeg',
  };
}

function holderOf(nn: number, text: string, differs: Partial<Holder> = {}): Holder {
  return {
    citizenNumber: citizenNumber('19850615', 2 * nn + 1),
    name: gb18030(text),
    sex: '1',
    ethnicGroup: '01',
    birthplace: '000000',
    birthDate: '19850615',
    ...differs,
  };
}

function woman(birth: string, nn: number): Partial<Holder> {
  return { citizenNumber: citizenNumber(birth, 2 * nn), sex: '2', birthDate: birth };
}

function purseOf(nn: number, today: string, differs: Partial<CardProfile> = {}): CardProfile {
  return {
    name: `ssc-${nn}`,
    uid: `0853${digitsOf(nn, 4)}`,
    serial: `0310439990000001${digitsOf(nn, 4)}`,
    issuer: SIM_ISSUER,
    city: '3320',
    start: yearFrom(today, -3, '0601'),
    expiry: yearFrom(today, 7, '0601'),
    cardType: '00',
    cardKind: '01',
    interoperable: true,
    balance_fen: 4_250,
    algorithm: 'sm4',
    ...differs,
  };
}

function bankOf(account: string, today: string) {
  return { account, expires: `${yearFrom(today, 7, '').slice(2)}06`, label: 'PBOC DEBIT' };
}

/** Twelve rides of last year, the newest first; the files hold ten. */
function ridesBefore(today: string): Ride[] {
  return Array.from({ length: 12 }, (_, back) => ({
    at: `${yearFrom(today, -1, '12')}${digitsOf(28 - 2 * back, 2)}081500`,
    amount_fen: 200 + 100 * (back % 3),
  }));
}

function yearFrom(today: string, years: number, monthDay: string): string {
  return `${Number(today.slice(0, 4)) + years}${monthDay}`;
}

function digitsOf(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

const valid = (holder: string): Expected => ({ kind: 'ssc', validity: 'valid', holder });

/** Four bytes of GB18030 that lie across the border between the name and its extension. */
const LONG_NAME = '样本·阿依阿依阿依阿依阿依测𬭚试用名';

const THIRD_GENERATION: readonly PersonDraft[] = [
  {
    id: 'adult-3',
    name: ['测试甲', 'Test Jia'],
    note: ['三代卡：社保、交通钱包、银行账户、照片。', 'Generation 3 with purse, bank and photo.'],
    expected: valid('测试甲'),
    made: third(1, '测试甲'),
  },
  {
    id: 'elder-3',
    name: ['样本·阿依', 'Sample·Ayi'],
    note: ['老年人，姓名带「·」，位图照片。', 'Elderly, name with 「·」, photo as a bitmap.'],
    expected: valid('样本·阿依'),
    made: third(2, '样本·阿依', {
      ssc: { cardClass: '4', photo: 'bmp' },
      holder: { ...woman('19480203', 2), ethnicGroup: '05' },
      purse: { cardType: '01', cardKind: '03' },
    }),
  },
  {
    id: 'minor-3',
    name: ['测试小童', 'Test Child'],
    note: ['未成年人，没有银行账户和交通钱包。', 'A minor: neither bank account nor purse.'],
    expected: valid('测试小童'),
    made: third(3, '测试小童', {
      ssc: { cardClass: '1' },
      holder: woman('20200520', 3),
      purse: null,
      account: null,
    }),
  },
  {
    id: 'rare-name-3',
    name: ['测试䶮𬭚', 'Test, rare characters'],
    note: ['生僻字：两字节 FE9F 和四字节。', 'Rare characters: FE9F, and one of four bytes.'],
    expected: valid('测试䶮𬭚'),
    made: third(4, '测试䶮𬭚'),
  },
  {
    id: 'long-name-3',
    name: ['超长姓名', 'Very long name'],
    note: [
      '30 字节加扩展，一个字跨在两项之间。',
      '30 bytes and an extension, one character across.',
    ],
    expected: valid(LONG_NAME),
    made: third(5, LONG_NAME),
  },
  {
    id: 'padded-3',
    name: ['测试丙', 'Test Bing'],
    note: ['姓名以 FF 填充，性别等未写入。', 'Name padded with FF, sex and the like unwritten.'],
    expected: valid('测试丙'),
    made: (today) => {
      const made = third(6, '测试丙')(today);
      if (!('profile' in made) || !made.profile.ssc?.holder) return made;
      const { citizenNumber: number, name } = made.profile.ssc.holder;
      const holder: Holder = { citizenNumber: number, name, padding: 0xff };
      return { profile: { ...made.profile, ssc: { ...made.profile.ssc, holder } } };
    },
  },
  {
    id: 'blank-3',
    name: ['空白卡', 'Blank card'],
    note: ['持卡人信息未写入。', 'Nothing was written about its holder.'],
    expected: { kind: 'ssc', validity: 'valid' },
    made: third(7, '', { ssc: { holder: null } }),
  },
  {
    id: 'open-3',
    name: ['测试丁', 'Test Ding'],
    note: ['个别批次：持卡人信息不需认证。', 'A batch whose holder file needs no authentication.'],
    expected: valid('测试丁'),
    made: third(8, '测试丁', { ssc: { openHolder: true } }),
  },
  {
    id: 'bad-numbers-3',
    name: ['测试戊', 'Test Wu'],
    note: [
      '卡号与社会保障号码校验不符，只提醒。',
      'Both check digits are wrong: a warning, no more.',
    ],
    expected: valid('测试戊'),
    made: third(9, '测试戊', {
      ssc: { cardNumber: 'ZNB00009A' },
      holder: { citizenNumber: '00000019850615019Y' },
    }),
  },
  {
    id: 'other-city-3',
    name: ['测试己', 'Test Ji'],
    note: [
      '外省测试地区 519900,复位字节的序号与识别码不同。',
      'Test region 519900; the serial in the answer to reset is another than in the card id.',
    ],
    expected: valid('测试己'),
    made: third(10, '测试己', {
      ssc: { region: '519900', history: '00815457318660519999000099' },
    }),
  },
  {
    id: 'expired-3',
    name: ['测试庚', 'Test Geng'],
    note: ['有效期到去年底。', 'Ended with last year.'],
    expected: { kind: 'ssc', validity: 'expired', holder: '测试庚' },
    made: (today) =>
      third(11, '测试庚', {
        ssc: { validUntil: yearFrom(today, -1, '1231') },
        purse: { expiry: yearFrom(today, -1, '1231') },
      })(today),
  },
  {
    id: 'lost-3',
    name: ['测试辛', 'Test Xin'],
    note: ['已挂失，在名单上。', 'Reported lost, and on the list.'],
    expected: { kind: 'ssc', validity: 'lost', holder: '测试辛' },
    listed: 'lost',
    made: third(12, '测试辛'),
  },
  {
    id: 'locked-3',
    name: ['应用锁定的卡', 'Locked application'],
    note: ['选择应答 6283,此后 6985。', 'SELECT answers 6283, and 6985 follows.'],
    expected: { kind: 'ssc', validity: 'locked' },
    made: third(13, '测试壬', { ssc: { locked: 'temporary' }, purse: { blocked: 'temporary' } }),
  },
  {
    id: 'dead-3',
    name: ['永久锁定的卡', 'Locked for good'],
    note: ['选择社保应用应答 6A81。', 'SELECT of the application answers 6A81.'],
    expected: { kind: 'ssc', validity: 'locked' },
    made: third(14, '测试癸', { ssc: { locked: 'permanent' }, purse: null, account: null }),
  },
  {
    id: 'pin-last-try-3',
    name: ['测试子', 'Test Zi'],
    note: ['密码只剩一次机会(123456)。', 'One try left for the PIN, which is 123456.'],
    expected: valid('测试子'),
    made: third(15, '测试子', { ssc: { pinTries: 1 } }),
  },
  {
    id: 'pin-locked-3',
    name: ['测试丑', 'Test Chou'],
    note: ['密码已锁。', 'Its PIN is locked.'],
    expected: valid('测试丑'),
    made: third(16, '测试丑', { ssc: { pinTries: 0 } }),
  },
  {
    id: 'key-locked-3',
    name: ['测试寅', 'Test Yin'],
    note: ['读取密钥已锁，读不出持卡人。', 'Its read key is locked: no holder can be read.'],
    expected: { kind: 'ssc', validity: 'valid' },
    made: third(17, '测试寅', { ssc: { keyTries: 0 } }),
  },
  {
    id: 'forged-3',
    name: ['伪造卡', 'Forged card'],
    note: ['文件像真的，密钥是假的。', 'Plausible files, and none of the keys.'],
    expected: { kind: 'ssc', validity: 'valid', counterfeit: true },
    made: third(18, '测试假', { ssc: { forged: true }, account: null, purse: null }),
  },
];

const OLDER_GENERATIONS: readonly PersonDraft[] = [
  {
    id: 'fine-2',
    name: ['样本乙', 'Sample Yi'],
    note: ['二代卡，没有换发三代卡，照常可用。', 'Generation 2 without a successor: fine.'],
    expected: valid('样本乙'),
    made: second(21, '样本乙', { holder: { padding: 0x20 } }),
  },
  {
    id: 'superseded-2',
    name: ['测试甲的旧卡', 'Old card of Test Jia'],
    note: ['持卡人已有三代卡，此卡停用。', 'Its holder has a generation-3 card: this one is dead.'],
    expected: { kind: 'ssc', validity: 'superseded', holder: '测试甲' },
    listed: 'superseded',
    made: second(22, '测试甲', { holder: { citizenNumber: citizenNumber('19850615', 3) } }),
  },
  {
    id: 'bad-dates-2',
    name: ['样本丙', 'Sample Bing'],
    note: ['发卡日期写成了字符，有效期空白。', 'Issue date in letters, no end.'],
    expected: valid('样本丙'),
    made: second(23, '样本丙', { ssc: { issued: '32303138', validUntil: '00000000' } }),
  },
  {
    id: 'expired-2',
    name: ['样本丁', 'Sample Ding'],
    note: ['有效期已过的二代卡。', 'Generation 2, past its date.'],
    expected: { kind: 'ssc', validity: 'expired', holder: '样本丁' },
    made: (today) =>
      second(24, '样本丁', { ssc: { validUntil: yearFrom(today, -1, '1231') } })(today),
  },
  {
    id: 'first-1',
    name: ['样本戊', 'Sample Wu'],
    note: ['一代卡，版本号空白。', 'Generation 1, without a version number.'],
    expected: { kind: 'ssc', validity: 'unsure', holder: '样本戊' },
    made: first(25, '样本戊', { ssc: { version: 'FFFFFFFF' } }),
  },
];

export const PEOPLE_DRAFTS: readonly PersonDraft[] = [
  ...THIRD_GENERATION,
  ...OLDER_GENERATIONS,
  ...OTHER_CARDS,
];
