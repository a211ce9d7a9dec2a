/**
 * What the kiosk says by itself, aloud and on the screen, in each language. Never anything of a
 * person. Texts that a site may change are in `config/sites`.
 */

import type { InsuranceCode } from './report.ts';
import type { Notice } from './view.ts';

export const PROMPTS = [
  ...(['welcome', 'guide', 'reading', 'card', 'unreadable', 'several-cards'] as const),
  ...(['pin', 'pin-wrong', 'pin-last', 'confirm-pay', 'pay-again', 'paying', 'tap-again'] as const),
  ...(['paid', 'refused', 'uncertain', 'printing', 'printed', 'take-card'] as const),
  ...(['out-of-service', 'idle'] as const),
] as const;
export type Prompt = (typeof PROMPTS)[number];

interface Words {
  readonly prompts: Readonly<Record<Prompt, string>>;
  readonly notices: Readonly<Record<Notice['code'], string>>;
  readonly insurance: Readonly<Record<InsuranceCode, string>>;
}

const zh: Words = {
  prompts: {
    welcome: '请插入社保卡，或把卡平放在感应区。',
    guide: '请看屏幕上的说明。',
    reading: '正在读卡，请不要拿走卡。',
    card: '卡已读好，请看屏幕。',
    unreadable: '没有读到卡，请重新放一次。',
    'several-cards': '请只放一张卡。',
    pin: '请输入社保卡密码。',
    'pin-wrong': '密码不对，请再输一次。',
    'pin-last': '只剩最后一次机会，输错卡会被锁。要继续吗？',
    'confirm-pay': '请看清金额，确认后付款。',
    'pay-again': '您刚才已经付过这一项，还要再付一次吗？',
    paying: '正在付款，请不要拿走卡。',
    'tap-again': '请把同一张卡放回来，不会重复扣款。',
    paid: '付款成功。',
    refused: '没有付款，也没有扣钱，请看屏幕。',
    uncertain: '还不能确定是否扣款，请不要再付，请看屏幕。',
    printing: '正在打印。',
    printed: '请取走凭条。',
    'take-card': '请取走您的卡。',
    'out-of-service': '本机暂停服务，请使用其他机器。',
    idle: '您还在吗？请点一下屏幕。',
  },
  notices: {
    'printer-broken': '打印机坏了，暂时不能打印，请看屏幕。对不起。',
    'paper-out': '没有纸了，暂时不能打印，请看屏幕。对不起。',
    'not-printed': '没有打印好，信息还在屏幕上。对不起。',
    'reader-trouble': '读卡器出了问题，请重新放一次卡。',
    'several-cards': '请只放刚才那张卡。',
    'pin-locked': '密码已锁住，请带身份证件到合作银行解锁。',
    'pin-not-read': '密码没有核对成，请重新试一次。',
    'insurance-not-read': '参保信息没有读到。',
    'pay-not-now': '现在不能付款，请到窗口。',
  },
  insurance: {
    'household-address': '户口所在地址',
    'household-region': '户口所在地',
    'home-address': '常住地址',
    'home-region': '常住地',
    phone: '联系电话',
    employer: '单位名称',
    'insured-region': '参保地',
    'insurance-kinds': '险种标识',
    'account-opened': '账户建立日期',
    'account-number': '个人账号',
    'medical-certificate': '医疗证号',
    'health-record': '健康档案编号',
  },
};

const en: Words = {
  prompts: {
    welcome: 'Please insert your social security card, or lay it flat on the pad.',
    guide: 'Please read the screen.',
    reading: 'Reading. Please leave the card where it is.',
    card: 'Your card was read. Please look at the screen.',
    unreadable: 'The card could not be read. Please present it again.',
    'several-cards': 'One card only, please.',
    pin: 'Please type the PIN of your card.',
    'pin-wrong': 'That PIN is not right. Please try again.',
    'pin-last': 'One try is left. If it is wrong, the card is locked. Go on?',
    'confirm-pay': 'Please check the amount, then confirm.',
    'pay-again': 'You have just paid this. Do you want to pay it once more?',
    paying: 'Paying. Please leave the card where it is.',
    'tap-again': 'Please present the same card again. You will not pay twice.',
    paid: 'Paid. Thank you.',
    refused: 'Not paid, and nothing was taken. Please look at the screen.',
    uncertain: 'It is not sure whether you have paid. Do not pay again; please read the screen.',
    printing: 'Printing.',
    printed: 'Please take your slip.',
    'take-card': 'Please take your card.',
    'out-of-service': 'Out of service. Please use another kiosk.',
    idle: 'Are you still there? Please touch the screen.',
  },
  notices: {
    'printer-broken': 'The printer is broken. Please read the screen instead. We are sorry.',
    'paper-out': 'There is no paper. Please read the screen instead. We are sorry.',
    'not-printed': 'It was not printed; it is still on the screen. We are sorry.',
    'reader-trouble': 'The reader had a problem. Please present your card again.',
    'several-cards': 'Please present the card of before, alone.',
    'pin-locked': 'The PIN is locked. Your bank unlocks it with your identity document.',
    'pin-not-read': 'The PIN could not be checked. Please try again.',
    'insurance-not-read': 'The insurance data could not be read.',
    'pay-not-now': 'No payment at the moment. Please go to the desk.',
  },
  insurance: {
    'household-address': 'Registered address',
    'household-region': 'Registered in',
    'home-address': 'Home address',
    'home-region': 'Lives in',
    phone: 'Phone',
    employer: 'Employer',
    'insured-region': 'Insured in',
    'insurance-kinds': 'Kinds of insurance',
    'account-opened': 'Account opened on',
    'account-number': 'Account number',
    'medical-certificate': 'Medical certificate',
    'health-record': 'Health record',
  },
};

/** Chinese or English; any other language reads English. @param locale BCP 47 */
export function wordsIn(locale: string): Words {
  return /^zh\b/i.test(locale) ? zh : en;
}
