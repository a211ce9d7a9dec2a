/** `tapway-sim --headless`: a seeded crowd, and a table of what became of it. */

import { yuan } from '../../controller/gate/feedback.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { createPurseCard, type PurseCard } from '../card/purse.ts';
import { SIM_ISSUER, SIM_KEYS } from '../keys.ts';
import { createChance } from '../lane/chance.ts';
import { agrees, runCrowd, type Summary } from '../lane/headless.ts';
import { createSkippingClock } from '../lane/skipping-clock.ts';
import { type LaneChoice, openLane } from './lane.ts';

export interface HeadlessOptions extends LaneChoice {
  readonly taps: number;
  readonly seed: number;
  /** Ends the run before the next tap. */
  readonly stopped: Promise<void>;
}

/** 0 when cards and ledger agree to the fen, else 1. */
export async function runHeadless(options: HeadlessOptions): Promise<number> {
  const clock = createSkippingClock(systemClock);
  const cards = crowdOf(20 + Math.floor(options.taps / 10));
  const opened = await openLane({
    choice: options,
    clock,
    timed: false,
    logLevel: 'error',
    walk: () => true,
    onSign: () => {},
    cards,
  });
  const { station, tray, settled } = opened;
  let going = true;
  void options.stopped.then(() => {
    going = false;
  });
  try {
    await station.gate.start();
    const chance = createChance(options.seed);
    const crowd = { station, clock, chance, tray, cards, going: () => going };
    const summary = await runCrowd(crowd, options.taps);
    print(summary, options);
    return agrees(summary.money) ? 0 : 1;
  } finally {
    await station.close();
    settled();
  }
}

/** Synthetic serials `0310 4399 91nn nnnn nnnn`, a range apart from the tray's. */
function crowdOf(size: number): PurseCard[] {
  return Array.from({ length: size }, (_, index) => {
    const number = String(index).padStart(10, '0');
    return createPurseCard(
      {
        name: `crowd ${index}`,
        uid: `0491${number}`,
        serial: `0310439991${number}`,
        issuer: SIM_ISSUER,
        city: '3320',
        start: '20230101',
        expiry: '20991231',
        cardType: index % 9 === 0 ? '01' : '00',
        cardKind: '01',
        interoperable: true,
        balance_fen: 2_000 + (index % 7) * 1_000,
        algorithm: index % 5 === 0 ? '3des' : 'sm4',
      },
      SIM_KEYS,
    );
  });
}

function print({ messages, money }: Summary, { seed, data }: HeadlessOptions): void {
  const rows = Object.entries(messages).sort(([, a], [, b]) => b - a);
  const taps = rows.reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    `${taps} taps, seed ${seed}, data in ${data}`,
    '',
    ...rows.map(([message, count]) => `${message.padEnd(22)} ${String(count).padStart(7)}`),
    '',
    `left the cards          ${yuan(money.cards_fen)}`,
    `in the ledger           ${yuan(money.ledger_fen)}`,
    `paid in open stories    ${yuan(money.grey_fen)}  (${money.openStories} open)`,
    agrees(money) ? 'cards and ledger agree to the fen' : 'CARDS AND LEDGER DISAGREE',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
