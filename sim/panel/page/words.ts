/** The page's own words; what the sign says comes from the lane. */

import { computed, signal } from '@preact/signals';

export const LOCALES = ['zh-CN', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

const KEY = 'tapway.locale';
export const locale = signal<Locale>(recall());

const EN = {
  lane: 'Lane',
  kind: { flat: 'flat fare', entry: 'entry', exit: 'exit' } as Record<string, string>,
  modes: {
    fire: 'Fire alarm',
    emergency: 'Emergency',
    stopped: 'Stopped',
    maintenance: 'Maintenance',
    inService: 'In service',
    degraded: 'Degraded',
    outOfService: 'Out of service',
    starting: 'Starting',
  } as Record<string, string>,
  fire: 'Fire alarm',
  maintenance: 'Maintenance',
  walk: 'Passenger walks',
  skipHint: 'Let time pass: anti-passback and recovery windows end',
  language: 'Language',
  simulated: 'Simulated lane',
  tray: 'Cards',
  trayHint: 'click to tap',
  noPurse: 'no purse',
  inField: 'in field',
  gestures: { hold: '', tear: 'leaves early', two: 'two at once' },
  gate: 'Gate',
  positions: { closed: 'closed', opening: 'opening', open: 'open', closing: 'closing' },
  zone: 'somebody in the zone',
  lights: { off: 'off', green: 'green', amber: 'amber', red: 'red', blue: 'blue' },
  sounds: {
    none: 'silent',
    pass: 'pass tone',
    'pass-concession': 'concession tone',
    retry: 'retry tone',
    refuse: 'refusal tone',
    alarm: 'alarm',
  },
  lastTap: 'Last tap',
  total: 'total',
  kinds: { card: 'card', sam: 'SAM', disk: 'ledger on disk', gate: 'gate' },
  noTaps: 'No tap yet. Choose a card.',
  recent: 'Recent taps',
  left: (amount: string) => `${amount} left`,
  machines: 'State machines',
  next: 'Next',
  ledger: 'Ledger',
  records: 'records',
  noRecords: 'Empty: no money has moved.',
  takings: 'Takings',
  honesty: 'Not modelled in this simulation',
  disconnected: 'Disconnected from the lane. Trying again …',
  connecting: 'Connecting to the lane …',
};

const ZH: typeof EN = {
  lane: '通道',
  kind: { flat: '一票制', entry: '进站', exit: '出站' },
  modes: {
    fire: '火警',
    emergency: '紧急状态',
    stopped: '已停止',
    maintenance: '检修中',
    inService: '正常服务',
    degraded: '降级运行',
    outOfService: '暂停服务',
    starting: '启动中',
  },
  fire: '火警',
  maintenance: '检修',
  walk: '乘客通过',
  skipHint: '快进时间：重复刷卡限制和补刷时限随之结束',
  language: '语言',
  simulated: '模拟通道',
  tray: '卡片',
  trayHint: '点击即刷卡',
  noPurse: '无电子钱包',
  inField: '感应中',
  gestures: { hold: '', tear: '提前拿开', two: '两卡叠放' },
  gate: '闸门',
  positions: { closed: '关闭', opening: '正在打开', open: '打开', closing: '正在关闭' },
  zone: '通道内有人',
  lights: { off: '灭', green: '绿', amber: '黄', red: '红', blue: '蓝' },
  sounds: {
    none: '静音',
    pass: '通过音',
    'pass-concession': '优惠卡提示音',
    retry: '重刷提示音',
    refuse: '拒绝音',
    alarm: '警报',
  },
  lastTap: '最近一次刷卡',
  total: '总计',
  kinds: { card: '卡片', sam: 'PSAM', disk: '账本落盘', gate: '闸机' },
  noTaps: '尚无刷卡，请选择一张卡。',
  recent: '刷卡记录',
  left: (amount: string) => `余 ${amount}`,
  machines: '状态机',
  next: '下一步',
  ledger: '账本',
  records: '条',
  noRecords: '空：尚无资金变动。',
  takings: '票款',
  honesty: '本模拟未涵盖',
  disconnected: '与通道的连接已断开，正在重连……',
  connecting: '正在连接通道……',
};

export const words = computed(() => (locale.value === 'zh-CN' ? ZH : EN));

export function choose(next: Locale): void {
  locale.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/** The entry for the chosen language, else any: a missing text must not hide the rest. */
export function localText<T>(texts: Readonly<Record<string, T>> | undefined): T | undefined {
  return texts?.[locale.value] ?? Object.values(texts ?? {})[0];
}

export function yuan(amount_fen: number): string {
  const sign = amount_fen < 0 ? '−' : '';
  return `${sign}¥${(Math.abs(amount_fen) / 100).toFixed(2)}`;
}

function recall(): Locale {
  try {
    return LOCALES.find((each) => each === localStorage.getItem(KEY)) ?? 'zh-CN';
  } catch {
    return 'zh-CN';
  }
}
