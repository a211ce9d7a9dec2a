import * as assert from 'uvu/assert';
import type { PurseCard } from '../../sim/card/purse.ts';
import type { TearMoment } from '../../sim/chip/field.ts';
import { feature } from '../kit/feature.ts';
import { type BenchOptions, type KioskBench, started } from './kiosk-bench.ts';

const INS = {
  SELECT: 0xa4,
  INIT_PURCHASE: 0x50,
  UPDATE_TRIP: 0xdc,
  DEBIT: 0x54,
} as const;

const till = feature('the till of the kiosk');

/** A card on the pad, and the screen that asks whether it shall pay. */
async function asking(options?: BenchOptions): Promise<[KioskBench, PurseCard]> {
  const bench = await started(options);
  const card = bench.purse();
  await bench.lay(card);
  await bench.do({ type: 'pay', item: 'registration' });
  return [bench, card];
}

function since(bench: KioskBench, screen: string): string {
  return bench.screens.slice(bench.screens.lastIndexOf(screen)).join(' ');
}

async function stories(bench: KioskBench) {
  const found: string[] = [];
  const gather = async () => {
    for await (const { intent, outcome, passed } of bench.ledger.stories()) {
      const end = `${outcome?.status ?? 'open'} ${passed ? 'used' : ''}`;
      found.push(`${intent.fare_rule} ${intent.amount_fen} ${end}`.trim());
    }
  };
  await bench.clock.until(gather());
  return found;
}

till.test(
  'GIVEN a holder who has entered a station WHEN he pays here THEN he must leave it first',
  async () => {
    const bench = await started();
    const card = bench.purse();
    const before = card.snapshot();
    const entry = `03${'00'.repeat(47)}`;
    card.restore({ ...before, trips: [entry, ...before.trips.slice(1)] });
    await bench.lay(card);
    await bench.do({ type: 'pay', item: 'registration' });
    await bench.do({ type: 'confirm' });
    const { outcome, title, advice } = bench.screen('paid');
    assert.equal([outcome, title], ['refused', '上次乘车没有出站记录']);
    assert.match(advice, /地铁服务台/);
    assert.not.match(advice, /刷卡|进站/);
    assert.is(card.lastTrip[0], 0x03);
    assert.is(card.balance_fen, 5_000);
    assert.equal(await stories(bench), []);
    await bench.stop();
  },
);

till.test(
  'GIVEN a card that agrees WHEN it pays THEN it is taken once and used at once',
  async () => {
    const [bench, card] = await asking();
    const asked = bench.screen('confirm-pay');
    assert.equal(asked.item, { id: 'registration', name: '挂号费', price_fen: 500 });
    assert.equal([asked.balance_fen, asked.again, asked.noReceipt], [5_000, false, false]);
    assert.is(card.balance_fen, 5_000);
    await bench.do({ type: 'confirm' });
    const { outcome, title, advice, balance_fen } = bench.screen('paid');
    assert.equal([outcome, title, balance_fen], ['paid', '已付款', 4_500]);
    assert.match(advice, /¥5\.00.*¥45\.00/);
    assert.is(card.balance_fen, 4_500);
    assert.equal(await stories(bench), ['item/registration 500 done used']);
    await bench.do({ type: 'back' });
    assert.is(bench.screen('card').card.purse?.balance_fen, 4_500);
    await bench.lift(card);
    assert.is(bench.view.screen.kind, 'welcome');
    await bench.stop();
  },
);

till.test(
  'GIVEN a second payment of the same WHEN asked THEN it is asked more plainly',
  async () => {
    const [bench, card] = await asking();
    await bench.do({ type: 'confirm' }, { type: 'back' }, { type: 'pay', item: 'registration' });
    assert.is(bench.screen('confirm-pay').again, true);
    assert.match(bench.said.at(-1) ?? '', /pay-again/);
    await bench.do({ type: 'back' }, { type: 'pay', item: 'copy' });
    assert.is(bench.screen('confirm-pay').again, false);
    await bench.do({ type: 'confirm' });
    assert.is(bench.screen('paid').outcome, 'paid');
    assert.is(card.balance_fen, 4_400);
    await bench.do({ type: 'back' }, { type: 'pay', item: 'registration' }, { type: 'confirm' });
    assert.is(card.balance_fen, 3_900);
    await bench.moment(30_000);
    await bench.stop();
  },
);

till.test('GIVEN too little on the card WHEN it pays THEN it is told what is missing', async () => {
  const bench = await started();
  const card = bench.purse(120);
  await bench.lay(card);
  await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' });
  const { outcome, advice, receipt } = bench.screen('paid');
  assert.equal([outcome, receipt], ['refused', false]);
  assert.match(advice, /¥5\.00.*¥1\.20.*没有扣钱/);
  await bench.do({ type: 'print', what: 'receipt', full: false });
  assert.is(bench.view.screen.kind, 'paid');
  await bench.stop();
});

till.test('GIVEN a listed card WHEN it pays THEN nothing is taken', async () => {
  const [bench, card] = await asking();
  bench.listed.set(card.serial, { kind: 'listed', reason: 'lost' });
  await bench.do({ type: 'confirm' });
  assert.is(bench.screen('paid').outcome, 'refused');
  assert.is(card.balance_fen, 5_000);
  await bench.stop();
});

const MOMENTS: readonly TearMoment[] = ['before', 'after', 'cut'];
const COMMANDS = [INS.SELECT, INS.INIT_PURCHASE, INS.UPDATE_TRIP, INS.DEBIT];

for (const moment of MOMENTS) {
  for (const [nth, ins] of COMMANDS.entries()) {
    till.test(
      `GIVEN a payment torn ${moment} command ${nth + 1} WHEN the card comes back THEN once`,
      async () => {
        const [bench, card] = await asking();
        const tear = bench.field.tearNext({ ins, moment });
        await bench.do({ type: 'confirm' });
        assert.is(tear.fired, true);
        bench.field.clearTears();
        await bench.moment(1_000);
        const { screen } = bench.view;
        if (screen.kind === 'paid') {
          // Nothing was sent that moves money: it is said, and the card keeps all it has.
          assert.is(screen.outcome, 'refused');
          assert.is(card.balance_fen, 5_000);
          await bench.do({ type: 'finish' });
          await bench.lay(card);
          await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' });
        } else {
          assert.equal(screen.kind === 'paying' && screen.state, 'tap-again');
          await bench.lay(card);
        }
        await bench.moment(1_000);
        assert.is(bench.screen('paid').outcome, 'paid');
        assert.is(card.balance_fen, 4_500);
        const told = await stories(bench);
        assert.is(told.filter((story) => story.endsWith('used')).length, 1);
        assert.is(
          told.some((story) => story.includes('open')),
          false,
        );
        await bench.stop();
      },
    );
  }
}

till.test('GIVEN a torn debit WHEN another card comes THEN it pays nothing', async () => {
  const [bench, card] = await asking();
  bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
  await bench.do({ type: 'confirm' });
  const other = bench.purse();
  await bench.lay(other);
  assert.is(bench.screen('paying').state, 'tap-again');
  assert.is(bench.view.notice?.code, 'several-cards');
  assert.is(other.balance_fen, 5_000);
  await bench.lift(other);
  await bench.lay(card);
  assert.is(bench.screen('paid').outcome, 'paid');
  assert.equal([card.balance_fen, other.balance_fen], [4_500, 5_000]);
  assert.equal(await stories(bench), ['item/registration 500 recovered used']);
  await bench.stop();
});

/** Result of a payment after its card was taken away, then the wait for a torn one. */
till.test('GIVEN 适老 WHEN paying THEN result and torn wait stay twice as long', async () => {
  const [bench, card] = await asking();
  await bench.do({ type: 'elder', on: true }, { type: 'confirm' });
  assert.is(bench.screen('paid').outcome, 'paid');
  await bench.lift(card);
  await bench.moment(22_000);
  assert.is(bench.screen('paid').outcome, 'paid');
  await bench.moment(2_500);
  assert.is(bench.view.screen.kind, 'welcome');
  const other = bench.purse();
  await bench.lay(other);
  await bench.do({ type: 'elder', on: true }, { type: 'pay', item: 'registration' });
  bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
  await bench.do({ type: 'confirm' });
  await bench.moment(110_000);
  assert.is(bench.screen('paying').state, 'tap-again');
  await bench.moment(11_000);
  assert.is(bench.screen('paid').outcome, 'uncertain');
  await bench.stop();
});

till.test('GIVEN a torn debit that is settled WHEN going back THEN the card is read', async () => {
  const [bench, card] = await asking();
  bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
  await bench.do({ type: 'confirm' });
  await bench.lay(card);
  assert.is(bench.screen('paid').outcome, 'paid');
  await bench.do({ type: 'back' });
  assert.is(bench.screen('card').card.purse?.balance_fen, 4_500);
  await bench.do({ type: 'pay', item: 'registration' });
  assert.is(bench.screen('confirm-pay').again, true);
  await bench.stop();
});

till.test(
  'GIVEN radio noise WHEN the card stays on the pad THEN it is met anew by itself',
  async () => {
    const [bench, card] = await asking();
    bench.field.tearNext({ ins: INS.DEBIT, moment: 'after', stays: true });
    bench.field.tearNext({ ins: INS.DEBIT, moment: 'after', stays: true });
    await bench.do({ type: 'confirm' });
    await bench.moment(3_000);
    assert.is(bench.screen('paid').outcome, 'paid');
    assert.is(card.balance_fen, 4_500);
    assert.is(since(bench, 'confirm-pay'), 'confirm-pay paying paid');
    await bench.stop();
  },
);

till.test('GIVEN a card gone before its turn WHEN it agreed THEN nothing was taken', async () => {
  const [bench, card] = await asking();
  bench.field.leave(card);
  bench.kiosk.desk.command({ type: 'confirm' });
  await bench.moment(1_500);
  assert.is(card.balance_fen, 5_000);
  assert.ok(['paid', 'welcome'].includes(bench.view.screen.kind), bench.view.screen.kind);
  assert.equal(await stories(bench), []);
  await bench.stop();
});

till.test(
  'GIVEN a SAM or disk that fails WHEN agreed THEN no payment, and the kiosk serves on',
  async () => {
    const [bench, card] = await asking();
    bench.disk.memory.syncTrouble = { in: 1, code: 'EIO', stays: true };
    await bench.do({ type: 'confirm' });
    await bench.moment(3_000);
    assert.is(card.balance_fen, 5_000);
    assert.is(bench.screen('paid').outcome, 'refused');
    await bench.do({ type: 'back' });
    assert.is(bench.screen('card').card.services.includes('pay'), false);
    bench.disk.memory.syncTrouble = { in: 0, code: 'EIO', stays: false };
    await bench.moment(6_000);
    assert.is(bench.screen('card').card.services.includes('pay'), true);
    await bench.stop();
  },
);

till.test(
  'GIVEN a printer without paper WHEN something is chosen THEN it is said before',
  async () => {
    const bench = await started();
    const card = bench.purse();
    await bench.lay(card);
    bench.printer = {
      ok: true,
      value: { paper: 'out', cover: 'closed', cutter: 'ok', offline: true },
    };
    await bench.do({ type: 'pay', item: 'registration' });
    assert.is(bench.screen('confirm-pay').noReceipt, true);
    await bench.do({ type: 'confirm' });
    assert.is(bench.screen('paid').outcome, 'paid');
    await bench.do({ type: 'print', what: 'receipt', full: false });
    assert.is(bench.view.notice?.code, 'paper-out');
    assert.is(bench.screen('paid').outcome, 'paid');
    await bench.stop();
  },
);

till.test(
  'GIVEN a receipt WHEN printed THEN it names item, price and books, and no serial',
  async () => {
    const [bench, card] = await asking();
    await bench.do({ type: 'confirm' }, { type: 'print', what: 'receipt', full: true });
    assert.is(bench.view.screen.kind, 'printed');
    const text = new TextDecoder('gb18030').decode(bench.slips[0]);
    assert.match(text, /挂号费/);
    assert.match(text, /5\.00/);
    assert.match(text, /K01-1/);
    assert.is(text.includes(card.serial), false);
    await bench.stop();
  },
);

till.test(
  'GIVEN a kiosk that sells nothing WHEN a card is read THEN nothing is offered',
  async () => {
    const bench = await started({ without: ['till'] });
    await bench.lay(bench.purse());
    assert.is(bench.screen('card').card.services.includes('pay'), false);
    await bench.do({ type: 'pay', item: 'registration' });
    assert.is(bench.view.screen.kind, 'card');
    await bench.stop();
  },
);

till.test('GIVEN forged purses WHEN three were met in a row THEN the till is shut', async () => {
  const bench = await started();
  for (let nth = 1; nth <= 3; nth += 1) {
    const forged = bench.forgedPurse();
    await bench.lay(forged);
    await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' });
    const { outcome, title } = bench.screen('paid');
    assert.equal([outcome, title], ['uncertain', '请到窗口']);
    await bench.do({ type: 'finish' });
    await bench.lift(forged);
  }
  await bench.lay(bench.purse());
  assert.is(bench.screen('card').card.services.includes('pay'), false);
  assert.match(bench.log.join(), /E403 sam-distrusted/);
  await bench.stop();
});

till.run();
