/**
 * A kiosk that does nothing by itself: one view for every screen in both languages, shown as the
 * test says; what the page asks is kept. People and numbers are synthetic.
 */

import type {
  CardView,
  Guide,
  KioskCommand,
  KioskDesk,
  KioskView,
  PayItem,
  Screen,
} from '../../controller/kiosk/view.ts';

import { previewOf } from './fake-preview.ts';

export type Language = 'zh-CN' | 'en';

export interface FakeDesk extends KioskDesk {
  readonly commands: KioskCommand[];
  show(change: Partial<KioskView>): void;
}

/** Beeps, so that a test sees that the sound was fetched. */
const SILENCE = Buffer.concat([
  Buffer.from('RIFF'),
  Buffer.from('2c000000', 'hex'),
  Buffer.from('WAVEfmt '),
  Buffer.from('1000000001000100401f0000401f000001000800', 'hex'),
  Buffer.from('data'),
  Buffer.from('0800000080808080808080', 'hex'),
]);

export function createFakeDesk(language: Language = 'zh-CN'): FakeDesk {
  const listeners = new Set<() => void>();
  const commands: KioskCommand[] = [];
  let view = viewOf('welcome', language);
  return {
    commands,
    view: () => view,
    command(command) {
      commands.push(command);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    speech: async (id) => (id.includes('.') ? SILENCE : null),
    show(change) {
      view = { ...view, ...change, seq: view.seq + 1 };
      for (const listener of listeners) listener();
    },
  };
}

/** @param name a name of `screens` */
export function viewOf(name: ScreenName, language: Language): KioskView {
  const { screen, ...others } = screens(language)[name];
  const zh = language === 'zh-CN';
  return {
    seq: 1,
    site: { name: zh ? '宁波' : 'Ningbo', phone: '0574-83865362' },
    locale: language,
    locales: ['zh-CN', 'en'],
    elder: false,
    highContrast: false,
    sound: true,
    screen,
    notice: null,
    clearsIn_s: null,
    says: {
      id: `${language}.${name}.1`,
      prompt: zh ? '请看屏幕上的说明。' : 'Please read the screen.',
    },
    pace: 1,
    canPrint: true,
    preview: null,
    ...others,
  };
}

type Part = Partial<KioskView> & { readonly screen: Screen };
export type ScreenName = keyof ReturnType<typeof screens>;

/** Every screen that a person can meet, some of them in several moods. */
export function screens(language: Language) {
  const zh = language === 'zh-CN';
  const say = (chinese: string, english: string) => (zh ? chinese : english);
  const guides = GUIDES.map(({ id, title }) => ({ id, title: title[language] }));
  const advice = (title: string, ...lines: string[]) => ({ title, lines });
  const item: PayItem = { id: 'registration', name: say('挂号费', 'Registration'), price_fen: 500 };
  const card = sscCard(language, item);
  const dead = advice(
    say('这张卡已停用', 'This card is no longer in use'),
    say('您已领取第三代社保卡。', 'You have been given a third-generation card.'),
    say('请使用新卡。', 'Please use the new card.'),
  );
  const unreadable = advice(
    say('没有读到卡', 'The card could not be read'),
    say('请将芯片朝上插入，或平放在感应区。', 'Insert it chip up, or lay it flat on the pad.'),
  );
  const foreign = advice(
    say('这是一张银行卡', 'This is a bank card'),
    say('请使用社会保障卡。', 'Please use a social security card.'),
  );
  const paid = { kind: 'paid', item } as const;
  const pin = { kind: 'pin', triesLeft: 3, typed: 0, lastTry: false, wrong: false } as const;
  const ask = { kind: 'confirm-pay', item, balance_fen: 4_280 } as const;
  const shown = { kind: 'card', card, service: 'information' } as const;
  const { holder: _, ...rest } = card;
  const revealed: CardView = { ...rest, ...openHolder(language), revealed: true, photo: PHOTO };
  return {
    welcome: { screen: { kind: 'welcome', guides } },
    guide: { screen: { kind: 'guide', guide: guideOf(language), guides } },
    reading: { screen: { kind: 'reading', face: 'contact' } },
    card: { screen: shown },
    'card-revealed': { screen: { ...shown, card: revealed } },
    'print-preview': { screen: shown, preview: previewOf({ locale: language, full: false }) },
    'print-preview-full': { screen: shown, preview: previewOf({ locale: language, full: true }) },
    'print-preview-idle': {
      screen: shown,
      preview: previewOf({ locale: language, full: false }),
      clearsIn_s: 12,
    },
    'card-balance': { screen: { ...shown, service: 'balance' } },
    'card-validity': { screen: { ...shown, service: 'validity' } },
    'card-superseded': {
      screen: {
        ...shown,
        service: 'validity',
        card: {
          ...card,
          generation: 2,
          validity: { state: 'superseded', reason: 'successor-issued', advice: dead },
        },
      },
    },
    'card-locked': {
      screen: {
        ...shown,
        card: { ...card, holder: null, holderState: 'locked', canReveal: false },
      },
    },
    'card-insurance': {
      screen: {
        ...shown,
        service: 'insurance',
        card: {
          ...card,
          insurance: [
            { label: say('参保地', 'Insured in'), value: '330200' },
            { label: say('人员类别', 'Class'), value: '11' },
          ],
        },
      },
    },
    'card-pay': { screen: { ...shown, service: 'pay' } },
    'card-other': { screen: { ...shown, card: strangerCard(card, foreign) } },
    'card-guided': {
      screen: {
        ...shown,
        card: strangerCard(card, {
          ...foreign,
          guide: { id: 'get', title: guides[0]?.title ?? '' },
        }),
      },
    },
    unreadable: { screen: { kind: 'unreadable', advice: unreadable } },
    pin: { screen: pin },
    'pin-wrong': { screen: { ...pin, triesLeft: 2, wrong: true } },
    'pin-typed': { screen: { ...pin, typed: 4 } },
    'pin-last-try': { screen: { ...pin, triesLeft: 1, lastTry: true } },
    'confirm-pay': { screen: { ...ask, again: false, noReceipt: false } },
    'confirm-pay-again': { screen: { ...ask, again: true, noReceipt: true } },
    paying: { screen: { kind: 'paying', item, state: 'working' } },
    'paying-tap-again': { screen: { kind: 'paying', item, state: 'tap-again' } },
    paid: {
      screen: {
        ...paid,
        outcome: 'paid',
        title: say('已付款', 'Paid'),
        advice: say('余额 ¥37.80', 'Balance ¥37.80'),
        balance_fen: 3_780,
        receipt: true,
      },
    },
    'paid-refused': {
      screen: {
        ...paid,
        outcome: 'refused',
        title: say('余额不足', 'Balance too low'),
        advice: say('未扣款', 'Nothing was taken'),
        balance_fen: 120,
        receipt: false,
      },
    },
    'paid-uncertain': {
      screen: {
        ...paid,
        outcome: 'uncertain',
        title: say('不确定是否已扣款', 'Not sure whether it was taken'),
        advice: say('请联系工作人员，不要再次付款', 'Please see staff; do not pay again'),
        balance_fen: null,
        receipt: true,
      },
    },
    'paid-unproved': {
      screen: {
        ...paid,
        outcome: 'uncertain',
        title: say('请到窗口', 'Please go to the desk'),
        advice: say('请不要再付', 'Do not pay again'),
        balance_fen: null,
        receipt: false,
      },
    },
    printing: { screen: { kind: 'printing', what: 'information' } },
    printed: { screen: { kind: 'printed', what: 'information' } },
    'take-card': { screen: { kind: 'take-card' } },
    'out-of-service': {
      screen: {
        kind: 'out-of-service',
        advice: advice(
          say('本机暂停服务', 'Out of service'),
          say('请使用其他自助机或到服务窗口。', 'Please use another kiosk or the desk.'),
        ),
      },
    },
    'service-code': { screen: { kind: 'service-code', typed: 3, wrong: false } },
    'service-code-wrong': { screen: { kind: 'service-code', typed: 0, wrong: true } },
    maintenance: { screen: { kind: 'maintenance', devices: DEVICES } },
    'idle-warning': { screen: shown, clearsIn_s: 12 },
    'paper-out': {
      screen: shown,
      canPrint: false,
      notice: {
        code: 'paper-out',
        text: say('打印纸用完了，暂时不能打印。', 'No paper: printing is not possible.'),
      },
    },
    elder: { screen: shown, elder: true },
    contrast: { screen: shown, highContrast: true },
  } as const satisfies Readonly<Record<string, Part>>;
}

const PHOTO =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q' +
  'DwADhgGAWjR9awAAAABJRU5ErkJggg==';

function sscCard(language: Language, item: PayItem): CardView {
  const zh = language === 'zh-CN';
  return {
    kind: 'ssc',
    face: 'contact',
    generation: 3,
    revealed: false,
    canReveal: true,
    services: ['information', 'balance', 'validity', 'insurance', 'pay'],
    holder: {
      name: '测*',
      citizenNumber: '330203********0018',
      sex: 'male',
      ethnicGroup: '汉',
      birthDate: '1950-**-**',
    },
    holderState: 'read',
    card: {
      number: 'ZNB0****7',
      id: '330200D156000005************FFFF',
      cardClass: 'adult',
      region: zh ? '宁波市' : 'Ningbo',
      issuedOn: '2021-03-01',
      validUntil: '2031-03-01',
      version: '3.00',
      genuine: 'genuine',
    },
    photo: null,
    validity: {
      state: 'valid',
      reason: 'generation-3',
      advice: {
        title: zh ? '这张卡有效' : 'This card is valid',
        lines: [zh ? '这是第三代社会保障卡。' : 'It is a third-generation card.'],
      },
    },
    purse: {
      serial: '················1234',
      balance_fen: 4_280,
      startsOn: '2021-03-01',
      endsOn: '2031-03-01',
      records: [
        { kind: 'purchase', amount_fen: 180, at: '2026-01-01 08:12:00', terminal: '330200000017' },
        { kind: 'load', amount_fen: 5_000, at: '2025-12-20 17:30:11', terminal: '330200000003' },
        { kind: 'entry', amount_fen: 0, at: null, terminal: '330200000017' },
      ],
    },
    bank: {
      account: '621700******1234',
      name: zh ? '中国建设银行' : 'China Construction Bank',
      label: 'PBOC DEBIT',
      expires: '2031-03',
    },
    insurance: null,
    items: [item, { id: 'copy', name: zh ? '病历复印' : 'Copy of records', price_fen: 100 }],
    warnings: [],
    advice: null,
  };
}

function openHolder(language: Language): Pick<CardView, 'holder'> {
  const birthDate = '1950-01-01';
  return {
    holder: {
      name: language === 'zh-CN' ? '测试甲' : '测试甲',
      citizenNumber: '330203195001010018',
      sex: 'male',
      ethnicGroup: '汉',
      birthDate,
    },
  };
}

function strangerCard(card: CardView, advice: CardView['advice']): CardView {
  return {
    ...card,
    kind: 'bank',
    generation: null,
    canReveal: false,
    services: ['information'],
    holder: null,
    holderState: null,
    card: null,
    validity: null,
    purse: null,
    items: [],
    advice,
  };
}

const GUIDES = [
  { id: 'get', title: { 'zh-CN': '怎样办卡', en: 'How to get a card' } },
  { id: 'replace', title: { 'zh-CN': '挂失和补换卡', en: 'Lost or damaged card' } },
  { id: 'generations', title: { 'zh-CN': '一代、二代、三代卡', en: 'The generations' } },
  { id: 'call', title: { 'zh-CN': '用不了卡找谁', en: 'Whom to call' } },
] as const;

function guideOf(language: Language): Guide {
  const zh = language === 'zh-CN';
  return {
    id: 'get',
    title: GUIDES[0].title[language],
    sections: [
      {
        heading: zh ? '成年人' : 'Adults',
        lines: zh
          ? ['带上有效身份证件。', '带一张一寸白底照片。', '到合作银行网点办理。']
          : [
              'Bring a valid identity document.',
              'Bring one 1-inch photo with a white background.',
              'Go to a branch of a co-operating bank.',
            ],
      },
      {
        heading: zh ? '未成年人' : 'Minors',
        lines: [zh ? '由监护人办理。' : 'A guardian applies for them.'],
      },
    ],
  };
}

const DEVICES = [
  {
    name: 'contact reader',
    kind: 'contact-reader',
    state: 'ready',
    detail: '',
    counters: { apdus: 1_204, resets: 12 },
  },
  {
    name: '/dev/usb/lp0',
    kind: 'printer',
    state: 'lost',
    detail: 'E700 printer-lost: no answer. Check cable and power.',
    counters: { slips: 310, losses: 1 },
  },
] as const;
