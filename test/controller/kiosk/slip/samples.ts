/** Synthetic people and cards: names, numbers and places belong to nobody. */

import type {
  CardReport,
  Holder,
  PurseReport,
  SscReport,
} from '../../../../controller/kiosk/report.ts';
import type { Payment, SlipContent, SlipOptions } from '../../../../controller/kiosk/slip/slip.ts';

export const purse: PurseReport = {
  serial: '31500000000000004711',
  balance_fen: 4_820,
  startsOn: '2024-05-01',
  endsOn: '2034-04-30',
  records: [
    {
      kind: 'purchase',
      amount_fen: 180,
      at: '2026-11-28 17:40:12',
      terminal: '315000000001',
    },
    { kind: 'exit', amount_fen: 400, at: '2026-11-28 08:31:00', terminal: '315000000002' },
    { kind: 'entry', amount_fen: 0, at: '2026-11-28 08:02:59', terminal: '315000000003' },
    { kind: 'load', amount_fen: 10_000, at: '2026-11-20 10:00:00', terminal: '315000000004' },
    { kind: 'other', amount_fen: 5, at: null, terminal: '000000000000' },
  ],
};

const holder: Holder = {
  // A synthetic name with one of the 18 characters (U+9FB4).
  name: '张龴䶮',
  citizenNumber: '330203194902300016',
  sex: 'male',
  ethnicGroup: { code: '01', name: '汉' },
  birthDate: '1949-02-28',
};

export const ssc: SscReport = {
  generation: 3,
  version: '3.00',
  algorithm: 'sm4',
  cardId: '330200D15600000500001234FFFFFFFF',
  cardNumber: 'A12345674',
  cardClass: 'elderly',
  region: { code: '330200', name: '宁波市' },
  issuedOn: '2024-05-01',
  validUntil: '2034-04-30',
  genuine: 'genuine',
  holder,
  holderState: 'read',
  photo: null,
  validity: { state: 'valid', reason: 'generation-3' },
};

export const report: CardReport = {
  kind: 'ssc',
  face: 'contact',
  ssc,
  purse,
  bank: {
    maskedAccount: '622848******1234',
    bank: { 'zh-CN': '中国农业银行', en: 'Agricultural Bank of China' },
    label: 'PBOC DEBIT',
    expires: '2034-04',
  },
  warnings: [],
};

export const payment: Payment = {
  item: '门诊挂号费',
  amount_fen: 1_000,
  outcome: 'paid',
  balance_fen: 3_820,
  serial: purse.serial,
  terminal: '315000000009',
  termSeq: 4_711,
  tac: 'A1B2C3D4',
  at: '2026-11-29 09:15:30',
  reference: 'K01-4711',
};

export const contents: readonly SlipContent[] = [
  { kind: 'information', report },
  { kind: 'balance', purse },
  {
    kind: 'validity',
    ssc: {
      ...ssc,
      generation: 2,
      version: '2.00',
      validity: { state: 'superseded', reason: 'successor-issued' },
    },
    advice: {
      title: '请使用您的第三代社会保障卡',
      lines: [
        '没有收到新卡？请带有效身份证件和一张一寸白底照片到合作银行网点办理。',
        '办理电话：0574-83865362',
      ],
    },
  },
  { kind: 'receipt', payment, told: { title: '已付款', advice: '付了 ¥10.00，卡上还有 ¥38.20' } },
  {
    kind: 'receipt',
    payment: { ...payment, ...{ outcome: 'uncertain', balance_fen: null, tac: null } },
    told: { title: '还不知道有没有扣款', advice: '请不要再付；拿同一张卡回来，或到窗口' },
  },
];

/** The information slip of somebody with this name. */
export function slipOf(name: string): SlipContent {
  return {
    kind: 'information',
    report: { ...report, ssc: { ...ssc, holder: { ...holder, name } } },
  };
}

export function slipOptions(change: Partial<SlipOptions> = {}): SlipOptions {
  const site = {
    name: '示例市社会保障自助服务',
    phone: '0574-83865362',
    serviceUrl: 'https://service.example/ssc',
  };
  const plain = { locale: 'zh-CN', columns: 48, elder: false, full: false, site };
  return { ...plain, printedAt: '2026-11-29 09:16', ...change };
}
