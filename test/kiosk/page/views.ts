/**
 * One view for each thing that the kiosk can show. SYNTHETIC: the people do not exist, their numbers
 * have a region code (000000) that no authority gives out.
 */

import type { CardView, Guide, KioskView, Screen } from '../../../controller/kiosk/view.ts';

const GUIDE_LINKS = [
  { id: 'apply', title: '怎样办卡' },
  { id: 'replace', title: '旧卡换新、补卡' },
  { id: 'generations', title: '三代卡有什么不同' },
  { id: 'trouble', title: '看病刷不了卡怎么办' },
];

const GUIDE: Guide = {
  id: 'apply',
  title: '怎样办卡',
  sections: [
    {
      heading: '成年人',
      lines: [
        '带上有效身份证件和一张一寸白底照片。',
        '到任何一家合作银行网点办理：工商银行、建设银行、中国银行、农业银行、浙江农商联合银行、邮政储蓄银行、宁波银行。',
      ],
    },
    {
      heading: '未成年人',
      lines: ['由监护人代办。', '带上监护人的身份证件、孩子的一寸白底照片、监护关系证明。'],
    },
    { heading: '需要多久', lines: ['请以网点答复为准。', '办好后本人或监护人领取。'] },
  ],
};

const RECORDS = Array.from({ length: 10 }, (_, index) => ({
  kind: index % 4 === 3 ? ('load' as const) : ('purchase' as const),
  amount_fen: index % 4 === 3 ? 10_000 : 200 + index * 10,
  at: `2026-11-${String(28 - index).padStart(2, '0')} 08:1${index}:30`,
  terminal: '332099000001',
}));

export const SSC: CardView = {
  kind: 'ssc',
  face: 'contact',
  generation: 3,
  revealed: false,
  canReveal: true,
  services: ['information', 'balance', 'validity', 'insurance', 'pay'],
  holder: {
    name: '测＊＊',
    citizenNumber: '000000********001X',
    sex: 'female',
    ethnicGroup: '汉',
    birthDate: '1950-**-**',
  },
  holderState: 'read',
  card: {
    number: 'ZN*****07',
    id: '330200D15600000500**********FFFF',
    cardClass: 'elderly',
    region: '宁波市 330200',
    issuedOn: '2023-05-06',
    validUntil: '2033-05-06',
    version: '3.00',
    genuine: 'genuine',
  },
  photo: null,
  validity: {
    state: 'valid',
    reason: 'generation-3',
    advice: { title: '第三代社保卡，在有效期内。', lines: ['看病、领待遇、乘车都可以用。'] },
  },
  purse: {
    serial: '0310 **** **** **** 0001',
    balance_fen: 4_380,
    startsOn: '2023-01-01',
    endsOn: '2033-12-31',
    records: RECORDS,
  },
  bank: { account: '629999******9999', name: '宁波银行', label: 'PBOC DEBIT', expires: '2033-05' },
  insurance: null,
  items: [
    { id: 'registration', name: '普通门诊挂号费', price_fen: 1_000 },
    { id: 'copy', name: '复印费', price_fen: 50 },
  ],
  warnings: ['card-number-check'],
  advice: null,
};

/** A photo of nobody: four pixels. */
const PHOTO =
  'data:image/bmp;base64,Qk1GAAAAAAAAADYAAAAoAAAAAgAAAAIAAAABABgAAAAAABAAAAATCwAAEwsAAAAAAAAAAAAA' +
  'oLDA0ODwAACgsMDQ4PAAAA==';

export const REVEALED: CardView = {
  ...SSC,
  revealed: true,
  holder: {
    name: '测试·样本',
    citizenNumber: '00000019500101001X',
    sex: 'female',
    ethnicGroup: '汉',
    birthDate: '1950-01-01',
  },
  photo: PHOTO,
};

export const DEAD: CardView = {
  ...SSC,
  generation: 2,
  services: ['information', 'validity'],
  purse: null,
  bank: null,
  warnings: [],
  validity: {
    state: 'superseded',
    reason: 'successor-issued',
    advice: {
      title: '您已经领了第三代社保卡。',
      lines: ['领到新卡后，这张第二代卡就自动停用了。', '请使用新卡；这张卡可以剪掉。'],
    },
  },
};

export const LOCKED: CardView = {
  ...SSC,
  holder: null,
  holderState: 'locked',
  canReveal: false,
  services: ['information', 'validity'],
  advice: { title: '社会保障卡', lines: ['本机没有读取姓名的权限。'] },
};

const BANK: CardView = {
  ...SSC,
  kind: 'bank',
  generation: null,
  canReveal: false,
  services: ['information'],
  holder: null,
  holderState: null,
  card: null,
  validity: null,
  purse: null,
  warnings: [],
  advice: { title: '这是一张银行卡', lines: ['请插入社会保障卡。', '银行业务请到银行网点办理。'] },
};

const item = { id: 'registration', name: '普通门诊挂号费', price_fen: 1_000 };
const card = (view: CardView, service: Extract<Screen, { kind: 'card' }>['service']): Screen => ({
  kind: 'card',
  card: view,
  service,
});
const paid = { kind: 'paid', item, balance_fen: 3_380 } as const;

/** Every screen, and every face of a screen that looks different. */
export const SCREENS: Readonly<Record<string, Screen>> = {
  welcome: { kind: 'welcome', guides: GUIDE_LINKS },
  guide: { kind: 'guide', guide: GUIDE, guides: GUIDE_LINKS },
  reading: { kind: 'reading', face: 'contact' },
  'card-information': card(SSC, 'information'),
  'card-revealed': card(REVEALED, 'information'),
  'card-locked': card(LOCKED, 'information'),
  'card-balance': card(SSC, 'balance'),
  'card-valid': card(SSC, 'validity'),
  'card-dead': card(DEAD, 'validity'),
  'card-insurance': card(
    { ...SSC, insurance: [{ label: '参保地区', value: '330200' }] },
    'insurance',
  ),
  'card-pay': card(SSC, 'pay'),
  'card-bank': card(BANK, 'information'),
  unreadable: {
    kind: 'unreadable',
    advice: {
      title: '读不出这张卡',
      lines: ['请看看芯片是否朝上、朝前，再插一次。', '还是不行，请打 0574-83865362。'],
    },
  },
  pin: { kind: 'pin', triesLeft: 3, typed: 4, lastTry: false, wrong: false },
  'pin-wrong': { kind: 'pin', triesLeft: 2, typed: 0, lastTry: false, wrong: true },
  'pin-last': { kind: 'pin', triesLeft: 1, typed: 0, lastTry: true, wrong: true },
  'confirm-pay': { kind: 'confirm-pay', item, balance_fen: 4_380 },
  paying: { kind: 'paying', item, state: 'working' },
  'tap-again': { kind: 'paying', item, state: 'tap-again' },
  paid: { ...paid, outcome: 'paid', title: '支付成功', advice: '扣款 ¥10.00，余额 ¥33.80' },
  refused: { ...paid, outcome: 'refused', title: '余额不足', advice: '请先充值' },
  uncertain: { ...paid, outcome: 'uncertain', title: '请再放一次同一张卡', advice: '' },
  printing: { kind: 'printing', what: 'information' },
  printed: { kind: 'printed', what: 'information' },
  'take-card': { kind: 'take-card' },
  'out-of-service': {
    kind: 'out-of-service',
    advice: { title: '暂停服务', lines: ['这台机器正在修理，请用旁边的机器。'] },
  },
  'service-code': { kind: 'service-code', typed: 2, wrong: false },
  maintenance: {
    kind: 'maintenance',
    devices: [
      {
        name: 'ACS ACR1281 ICC',
        kind: 'contact-reader',
        state: 'ready',
        detail: '',
        counters: { recoveries: 1 },
      },
      {
        name: '/dev/ttyUSB0',
        kind: 'contactless-reader',
        state: 'recovering',
        detail: 'E200 chip-mute: no answer. The reader chip does not answer; power-cycle it.',
        counters: { failures: 4, 'rf-reset': 2 },
      },
      {
        name: '/dev/usb/lp0',
        kind: 'printer',
        state: 'lost',
        detail: 'paper out',
        counters: { losses: 1 },
      },
      { name: 'psam', kind: 'sam', state: 'ready', detail: '', counters: {} },
      { name: 'hsm', kind: 'hsm', state: 'absent', detail: '', counters: {} },
      { name: 'espeak-ng', kind: 'voice', state: 'ready', detail: '', counters: {} },
      { name: 'ledger', kind: 'books', state: 'ready', detail: '', counters: {} },
    ],
  },
};

let seq = 0;

export function viewOf(screen: Screen, change: Partial<KioskView> = {}): KioskView {
  seq += 1;
  return {
    seq,
    site: { name: '宁波 Ningbo', phone: '0574-83865362' },
    locale: 'zh-CN',
    locales: ['zh-CN', 'en'],
    elder: false,
    highContrast: false,
    sound: true,
    screen,
    notice: null,
    clearsIn_s: null,
    says: { id: 'welcome', prompt: '请插入社保卡，或把卡放在感应区。' },
    canPrint: true,
    ...change,
  };
}
