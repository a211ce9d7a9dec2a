/** A lane that does nothing by itself: the tests say what it shows and read what it was asked. */

import { createMachine } from 'xstate';
import { describeMachine } from '../../controller/ops/graph.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type {
  PanelCommand,
  PanelState,
  PanelWorld,
  TapView,
  TrayCard,
} from '../../sim/panel/state.ts';

export interface FakeWorld extends PanelWorld {
  readonly commands: PanelCommand[];
  show(change: Partial<PanelState>): void;
  /** Changes the lane without a word to its pages: they are late. */
  changeUnseen(change: Partial<PanelState>): void;
  listeners(): number;
}

export const realClock: Clock = {
  now_ms: () => performance.now(),
  wall_ms: () => Date.now(),
  setTimeout: (callback, delay_ms) => setTimeout(callback, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Polls; gives up with an error, so that a broken page or server cannot hold up the whole run. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  throw new Error(`never came true: ${holds}`);
}

const laneMachine = createMachine({
  id: 'lane',
  initial: 'starting',
  on: { FIRE_ON: '.emergency' },
  states: {
    starting: { on: { READY: 'inService', FAULT: 'outOfService' } },
    inService: {
      on: { READER_LOST: 'degraded', MAINTENANCE_ON: 'maintenance', SAM_LOST: 'outOfService' },
    },
    degraded: { on: { READER_BACK: 'inService' }, after: { 60000: 'outOfService' } },
    maintenance: { on: { MAINTENANCE_OFF: 'inService' } },
    outOfService: { on: { READY: 'inService', MAINTENANCE_ON: 'maintenance' } },
    emergency: { on: { FIRE_OFF: 'starting' } },
  },
});

const tapMachine = createMachine({
  id: 'tap',
  initial: 'idle',
  states: {
    idle: { on: { CARD: 'select', SEVERAL: 'shown' } },
    select: { on: { SELECTED: 'screen', FAULT: 'shown', REFUSED: 'shown' } },
    screen: { on: { PAYS: 'initialise', REFUSED: 'shown', TORN_BEFORE: 'prove' } },
    initialise: { on: { INITIALISED: 'authorise', FAULT: 'shown', REFUSED: 'shown' } },
    authorise: { on: { AUTHORISED: 'debit', FAULT: 'shown' } },
    debit: { on: { DEBITED: 'confirm', NO_ANSWER: 'uncertain', REFUSED: 'shown' } },
    uncertain: { on: { CARD: 'prove' }, after: { 120000: 'idle' } },
    prove: { on: { PROVED: 'confirm', NOT_DEBITED: 'initialise' } },
    confirm: { on: { VERIFIED: 'shown', MAC2_WRONG: 'shown' } },
    shown: { after: { 2500: 'idle' } },
  },
});

const passageMachine = createMachine({
  id: 'passage',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'opening', INTRUSION: 'intrusion' } },
    opening: { on: { OPENED: 'open' } },
    open: {
      initial: 'waiting',
      on: { PASSED: 'closing' },
      states: {
        waiting: { on: { ZONE_OCCUPIED: 'passing' } },
        passing: { on: { ZONE_FREE: 'waiting' }, after: { 8000: 'obstructed' } },
        obstructed: { on: { ZONE_FREE: 'waiting' } },
      },
    },
    closing: { on: { CLOSED: 'closed', ZONE_OCCUPIED: 'opening' } },
    intrusion: { after: { 3000: 'closed' } },
  },
});

export function createFakeWorld(start: PanelState = quietState()): FakeWorld {
  const commands: PanelCommand[] = [];
  const listeners = new Set<() => void>();
  let state = start;
  return {
    machines: [laneMachine, tapMachine, passageMachine].map(describeMachine),
    commands,
    state: () => state,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: (command) => commands.push(command),
    show(change) {
      state = { ...state, ...change };
      for (const listener of listeners) listener();
    },
    changeUnseen(change) {
      state = { ...state, ...change };
    },
    listeners: () => listeners.size,
  };
}

export function quietState(): PanelState {
  return {
    site: '宁波轨道交通 · 鼓楼站',
    lane: { id: 'A-03', kind: 'flat', place: '33200107' },
    honesty: [
      { en: 'Radio: no field strength, no collisions of waves', 'zh-CN': '无线：不模拟场强与冲突' },
      { en: 'Card timing is a typical value, not a measurement', 'zh-CN': '卡片时间为典型值' },
      { en: 'Keys are test keys; no card scheme has certified this', 'zh-CN': '密钥为测试密钥' },
    ],
    sign: {
      light: 'blue',
      sound: 'none',
      text: {
        'zh-CN': { title: '请刷卡', advice: '社保卡、交通卡均可使用' },
        en: { title: 'Please tap', advice: 'Social security and transit cards' },
      },
    },
    barrier: { position: 'closed', occupied: false },
    fire: false,
    maintenance: false,
    active: { lane: ['inService'], tap: ['idle'], passage: ['closed'] },
    tray: TRAY,
    taps: [],
    ledger: [],
    ledgerLength: 0,
    takings_fen: 0,
  };
}

/** A full page, in the middle of a passage: every part of it has something to show. */
export function busyState(): PanelState {
  return {
    ...quietState(),
    sign: {
      light: 'green',
      sound: 'pass',
      text: {
        'zh-CN': { title: '请通行', advice: '扣款 ¥2.00，余额 ¥48.00' },
        en: { title: 'Please go through', advice: 'Fare ¥2.00, balance ¥48.00' },
      },
    },
    barrier: { position: 'open', occupied: true },
    active: { lane: ['inService'], tap: ['shown'], passage: ['open', 'open.passing'] },
    tray: TRAY.map((each) => ({ ...each, inField: each.id === 'adult' })),
    taps: TAPS,
    ledger: LEDGER,
    ledgerLength: 132,
    takings_fen: 12_850,
  };
}

const SPANS = [
  ['SELECT', 0.4, 24.1],
  ['screen', 24.1, 25],
  ['8050', 25, 56.3],
  ['80DC', 56.3, 75.2],
  ['8070', 56.3, 108.6],
  ['intent on disk', 56.4, 64.8],
  ['8054', 108.6, 166.9],
  ['8072', 166.9, 201.4],
  ['outcome', 167, 176.2],
  ['open', 201.4, 203.7],
] as const;

function tap(id: number, change: Partial<TapView>): TapView {
  return {
    id,
    card: 'adult',
    at: '08:31:07',
    message: 'pass',
    title: { 'zh-CN': '请通行', en: 'Please go through' },
    light: 'green',
    sound: 'pass',
    amount_fen: 200,
    balance_fen: 4_800,
    spans: SPANS.map(([name, from_ms, to_ms]) => ({ name, from_ms, to_ms })),
    fault: null,
    ...change,
  };
}

const TAPS: readonly TapView[] = [
  tap(6, {}),
  tap(5, {
    card: 'low-balance',
    at: '08:30:52',
    message: 'insufficient',
    title: { 'zh-CN': '余额不足', en: 'Balance too low' },
    light: 'red',
    sound: 'refuse',
    amount_fen: null,
    balance_fen: 150,
  }),
  tap(4, {
    card: 'elderly',
    at: '08:30:31',
    message: 'pass-concession',
    title: { 'zh-CN': '优惠卡，请通行', en: 'Concession: go through' },
    amount_fen: 100,
    balance_fen: 2_900,
  }),
  tap(3, {
    card: 'torn',
    at: '08:29:58',
    message: 'pass-recovered',
    title: { 'zh-CN': '已扣款，请通行', en: 'Already paid: go through' },
    balance_fen: 1_800,
  }),
  tap(2, {
    card: 'torn',
    at: '08:29:55',
    message: 'retry-same-card',
    title: { 'zh-CN': '请用同一张卡重刷', en: 'Tap the same card again' },
    light: 'amber',
    sound: 'retry',
    amount_fen: null,
    balance_fen: null,
    fault: 'card link: no answer to 8054 within 800 ms',
  }),
  tap(1, {
    card: 'two',
    at: '08:29:40',
    message: 'several-cards',
    title: { 'zh-CN': '请只刷一张卡', en: 'One card at a time' },
    light: 'red',
    sound: 'refuse',
    amount_fen: null,
    balance_fen: null,
  }),
];

const LEDGER = (
  [
    [132, 'passage', '→ 128'],
    [131, 'outcome', '→ 128 done 9000'],
    [130, 'debited', '→ 128 TAC 5D2C19E0 by 8054'],
    [129, 'authorised', '→ 128 termSeq 0000012C MAC1 9A41C07E'],
    [128, 'intent', '¥2.00 card 03104990000000001234 n=0017 before ¥50.00'],
    [127, 'passage', '→ 123'],
    [126, 'outcome', '→ 123 done 9000'],
    [125, 'debited', '→ 123 TAC 77A0B1F4 by 8054'],
    [124, 'authorised', '→ 123 termSeq 0000012B MAC1 01FF32C8'],
    [123, 'intent', '¥1.00 card 03104990000000004410 n=0102 before ¥30.00'],
    [122, 'passage', '→ 119'],
    [121, 'outcome', '→ 119 recovered 805A 9000'],
    [120, 'authorised', '→ 119 termSeq 0000012A MAC1 C3301B6D'],
    [119, 'intent', '¥2.00 card 03104990000000007702 n=0008 before ¥20.00'],
    [118, 'sighting', 'card 03104990000000009001 listed-lost, blocked'],
  ] as const
).map(([seq, type, text]) => ({ seq, type, text }));

type Names = readonly [zh: string, en: string];

function card(id: string, name: Names, note: Names, change: Partial<TrayCard> = {}): TrayCard {
  return {
    id,
    name: { 'zh-CN': name[0], en: name[1] },
    note: { 'zh-CN': note[0], en: note[1] },
    balance_fen: 5_000,
    counter: 16,
    algorithm: 'sm4',
    serial: '03104990000000001234',
    gesture: 'hold',
    inField: false,
    ...change,
  };
}

const TRAY: readonly TrayCard[] = [
  card('adult', ['三代社保卡', 'Social security card'], ['普通成人，国密 SM4', 'Adult, SM4 purse']),
  card('elderly', ['敬老卡', 'Senior card'], ['半价，优惠提示音', 'Half fare, its own tone'], {
    balance_fen: 3_000,
  }),
  card(
    'low-balance',
    ['余额不足的卡', 'Low balance'],
    ['拒绝，不扣款', 'Refused, nothing is taken'],
    { balance_fen: 150 },
  ),
  card(
    'generation-2',
    ['二代交通卡', 'Older transit card'],
    ['3DES 密钥，同样可用', 'Triple DES, still served'],
    { algorithm: '3des', balance_fen: 12_345 },
  ),
  card(
    'torn',
    ['提前拿开的卡', 'Taken away early'],
    ['扣款未应答；再刷一次即恢复', 'Debit unanswered; the next tap proves it'],
    { gesture: 'tear', balance_fen: 2_000 },
  ),
  card(
    'two',
    ['两张叠放', 'Two cards at once'],
    ['一条指令也不发送', 'Nothing is sent to either card'],
    { gesture: 'two' },
  ),
  card(
    'lost',
    ['挂失卡', 'Card reported lost'],
    ['名单命中，当场锁定', 'On the list: blocked here'],
  ),
  card('expired', ['过期卡', 'Expired card'], ['有效期已过，拒绝', 'Past its last day: refused'], {
    algorithm: '3des',
  }),
  card(
    'forged',
    ['伪造钱包', 'Forged purse'],
    ['MAC2 错误：不开闸', 'Wrong MAC2: stays closed, alarm'],
    { balance_fen: 99_900 },
  ),
  card('bank', ['银行卡', 'Bank card'], ['没有交通钱包', 'No transit purse on it'], {
    algorithm: null,
    balance_fen: null,
    counter: null,
  }),
];
