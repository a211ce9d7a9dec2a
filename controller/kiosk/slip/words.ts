/** What the labels of a slip are in each language. Texts that a site may change are in `config`. */

import type { CardReport, PurseRecord, SscReport } from '../report.ts';

export interface SlipWords {
  readonly titles: Readonly<Record<'information' | 'balance' | 'validity' | 'receipt', string>>;
  readonly kind: Readonly<Record<CardReport['kind'], string>>;
  readonly labels: Readonly<Record<Label, string>>;
  readonly sex: Readonly<Record<'male' | 'female', string>>;
  readonly cardClass: Readonly<Record<NonNullable<SscReport['cardClass']>, string>>;
  readonly genuine: Readonly<Record<SscReport['genuine'], string>>;
  readonly record: Readonly<Record<PurseRecord['kind'], string>>;
  readonly paid: string;
  /** Title of a slip about a payment that is in doubt. */
  readonly unconfirmed: string;
  readonly generation: (generation: number) => string;
  readonly noRecords: string;
  readonly nameNotRead: string;
  readonly masked: string;
  readonly scan: string;
}

type Label =
  | 'name'
  | 'citizenNumber'
  | 'sex'
  | 'ethnicGroup'
  | 'birthDate'
  | 'cardNumber'
  | 'cardId'
  | 'cardClass'
  | 'region'
  | 'generation'
  | 'issuedOn'
  | 'validUntil'
  | 'genuine'
  | 'purse'
  | 'balance'
  | 'usable'
  | 'bank'
  | 'account'
  | 'expires'
  | 'item'
  | 'amount'
  | 'unconfirmed'
  | 'terminal'
  | 'termSeq'
  | 'tac'
  | 'at'
  | 'reference'
  | 'printedAt'
  | 'phone';

const zh: SlipWords = {
  titles: {
    information: '卡片信息',
    balance: '余额与交易记录',
    validity: '卡片是否有效',
    receipt: '付款凭条',
  },
  kind: {
    ssc: '社会保障卡',
    'medical-pooling': '医保卡',
    bank: '银行卡',
    transit: '交通卡',
    unknown: '未能识别的卡片',
  },
  labels: {
    name: '姓名',
    citizenNumber: '社会保障号码',
    sex: '性别',
    ethnicGroup: '民族',
    birthDate: '出生日期',
    cardNumber: '卡号',
    cardId: '卡识别码',
    cardClass: '卡类别',
    region: '发卡地区',
    generation: '卡片版本',
    issuedOn: '发卡日期',
    validUntil: '有效期至',
    genuine: '真伪核验',
    purse: '电子钱包号',
    balance: '余额',
    usable: '使用期限',
    bank: '银行',
    account: '银行账号',
    expires: '有效期至',
    item: '项目',
    amount: '金额',
    unconfirmed: '待确认金额',
    terminal: '终端号',
    termSeq: '终端流水号',
    tac: '交易验证码',
    at: '交易时间',
    reference: '查询编号',
    printedAt: '打印时间',
    phone: '服务电话',
  },
  sex: { male: '男', female: '女' },
  cardClass: { preschool: '学龄前卡', student: '学生卡', adult: '成人卡', elderly: '老年卡' },
  genuine: { genuine: '真卡', counterfeit: '核验未通过', unchecked: '未核验' },
  record: { purchase: '消费', load: '充值', entry: '进站', exit: '出站', other: '其他' },
  paid: '付款成功',
  unconfirmed: '付款待确认',
  generation: (generation) => `第${'一二三'[generation - 1] ?? generation}代`,
  noRecords: '卡内没有交易记录',
  nameNotRead: '卡内姓名本机不能读取',
  masked: '为保护个人信息，部分内容以 * 代替。',
  scan: '扫码查看服务信息',
};

const en: SlipWords = {
  titles: {
    information: 'Card information',
    balance: 'Balance and records',
    validity: 'Is this card valid?',
    receipt: 'Receipt',
  },
  kind: {
    ssc: 'Social Security Card',
    'medical-pooling': 'Medical insurance card',
    bank: 'Bank card',
    transit: 'Transit card',
    unknown: 'Unknown card',
  },
  labels: {
    name: 'Name',
    citizenNumber: 'Social sec. no.',
    sex: 'Sex',
    ethnicGroup: 'Ethnic group',
    birthDate: 'Born',
    cardNumber: 'Card number',
    cardId: 'Card ID',
    cardClass: 'Card class',
    region: 'Issued in',
    generation: 'Generation',
    issuedOn: 'Issued on',
    validUntil: 'Valid until',
    genuine: 'Genuine',
    purse: 'Purse number',
    balance: 'Balance',
    usable: 'Usable',
    bank: 'Bank',
    account: 'Account',
    expires: 'Expires',
    item: 'Item',
    amount: 'Amount',
    unconfirmed: 'In question',
    terminal: 'Terminal',
    termSeq: 'Sequence no.',
    tac: 'TAC',
    at: 'Time',
    reference: 'Reference',
    printedAt: 'Printed',
    phone: 'Service phone',
  },
  sex: { male: 'male', female: 'female' },
  cardClass: { preschool: 'preschool', student: 'student', adult: 'adult', elderly: 'elderly' },
  genuine: { genuine: 'genuine', counterfeit: 'check failed', unchecked: 'not checked' },
  record: { purchase: 'paid', load: 'top-up', entry: 'entry', exit: 'exit', other: 'other' },
  paid: 'Paid',
  unconfirmed: 'Payment not confirmed',
  generation: (generation) => `${generation}`,
  noRecords: 'No records on this card',
  nameNotRead: 'The name cannot be read here',
  masked: 'Some digits are shown as * to protect you.',
  scan: 'Scan for our services',
};

/** By language; Chinese for one that has no words here. @param locale BCP 47, such as `zh-CN` */
export function slipWords(locale: string): SlipWords {
  return locale.toLowerCase().startsWith('en') ? en : zh;
}
