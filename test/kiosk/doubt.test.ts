import * as assert from 'uvu/assert';
import type { PurseCard } from '../../sim/card/purse.ts';
import { feature } from '../kit/feature.ts';
import { type KioskBench, started } from './kiosk-bench.ts';

const INS = { DEBIT: 0x54, PROVE: 0x5a } as const;

const doubt = feature('payments in doubt at the kiosk');

async function asking(): Promise<[KioskBench, PurseCard]> {
  const bench = await started();
  const card = bench.purse();
  await bench.lay(card);
  await bench.do({ type: 'pay', item: 'registration' });
  return [bench, card];
}

/** The newest slip, decoded by Node; it must say what the screen says, and prove no payment. */
function assertDoubted(bench: KioskBench, title: string, advice: string): void {
  const text = new TextDecoder('gb18030').decode(bench.slips.at(-1)).replace(/[^\p{L}\p{P}]/gu, '');
  for (const part of ['付款待确认', title, advice]) assert.ok(text.includes(part), part);
  assert.not.match(text, /付款凭条|付款成功|再试/);
}

doubt.test('GIVEN a torn debit WHEN its card stays away THEN it is told as uncertain', async () => {
  const [bench, card] = await asking();
  bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
  await bench.do({ type: 'confirm' });
  await bench.moment(61_000);
  const { outcome, title, advice, balance_fen, receipt } = bench.screen('paid');
  assert.equal([outcome, title, balance_fen], ['uncertain', '还不知道有没有扣款', null]);
  assert.is(receipt, true);
  await bench.do({ type: 'print', what: 'receipt', full: false });
  assert.is(bench.slips.length, 1);
  assertDoubted(bench, title, advice);
  await bench.moment(20_000);
  assert.is(bench.view.screen.kind, 'welcome');
  // Later it settles what it left, before anything new.
  await bench.lay(card);
  await bench.do({ type: 'pay', item: 'copy' }, { type: 'confirm' });
  const settled = bench.screen('paid');
  assert.equal([settled.outcome, settled.item.id], ['paid', 'registration']);
  assert.is(settled.title, '已付款');
  assert.is(card.balance_fen, 4_500);
  await bench.stop();
});

doubt.test(
  'GIVEN a doubt from before WHEN it stays THEN it is told of what was bought then',
  async () => {
    const [bench, card] = await asking();
    bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
    await bench.do({ type: 'confirm' });
    await bench.moment(90_000);
    assert.is(bench.view.screen.kind, 'welcome');
    await bench.lay(card);
    await bench.do({ type: 'pay', item: 'copy' });
    const tear = bench.field.tearNext({ ins: INS.PROVE, moment: 'before' });
    await bench.do({ type: 'confirm' });
    assert.is(tear.fired, true);
    await bench.moment(61_000);
    const { outcome, item } = bench.screen('paid');
    assert.equal([outcome, item.id, item.price_fen], ['uncertain', 'registration', 500]);
    await bench.do({ type: 'print', what: 'receipt', full: false });
    const text = new TextDecoder('gb18030').decode(bench.slips[0]);
    assert.match(text, /挂号费/);
    assert.match(text, /5\.00/);
    await bench.stop();
  },
);

doubt.test('GIVEN a payment for staff to judge WHEN asked again THEN it has its slip', async () => {
  const bench = await started();
  await bench.lay(bench.forgedPurse());
  await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' }, { type: 'back' });
  await bench.do({ type: 'pay', item: 'copy' }, { type: 'confirm' });
  const { outcome, item, title, advice } = bench.screen('paid');
  assert.equal([outcome, item.id], ['uncertain', 'registration']);
  await bench.do({ type: 'print', what: 'receipt', full: false });
  assert.match(new TextDecoder('gb18030').decode(bench.slips[0]), /K01-1/);
  assert.match(title, '请到窗口');
  assertDoubted(bench, title, advice);
  await bench.stop();
});

doubt.test(
  'GIVEN a power cut in the debit WHEN the card returns THEN staff, no second debit',
  async () => {
    const [bench, card] = await asking();
    bench.field.tearNext({ ins: INS.DEBIT, moment: 'after' });
    await bench.do({ type: 'confirm' });
    await bench.crash();
    assert.is(bench.view.screen.kind, 'welcome');
    await bench.lay(card);
    await bench.do({ type: 'pay', item: 'registration' });
    assert.is(bench.screen('confirm-pay').again, true);
    await bench.do({ type: 'confirm' });
    // The PSAM lost its session: the debit is proved, its MAC2 is not.
    assert.equal([bench.screen('paid').outcome, card.balance_fen], ['uncertain', 4_500]);
    const { title, advice } = bench.screen('paid');
    assert.match(title, /可能已扣款/);
    assert.match(advice, /请不要再付/);
    await bench.do({ type: 'print', what: 'receipt', full: false });
    assertDoubted(bench, title, advice);
    await bench.stop();
  },
);

doubt.run();
