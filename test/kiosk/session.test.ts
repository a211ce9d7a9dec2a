import * as assert from 'uvu/assert';
import type { KioskCommand } from '../../controller/kiosk/view.ts';
import { failed, ok } from '../../firmware-bridge/ports.ts';
import { report } from '../controller/kiosk/slip/samples.ts';
import { feature } from '../kit/feature.ts';
import { gate, type KioskBench, started } from './kiosk-bench.ts';

const session = feature('a person at the kiosk');
const finish: KioskCommand = { type: 'finish' };
const back: KioskCommand = { type: 'back' };

/** The screens since the kiosk opened. */
function since(bench: KioskBench): string {
  return bench.screens.slice(1).join(' ');
}

session.test(
  'GIVEN a card in the slot WHEN read, looked at and taken THEN the screens follow',
  async () => {
    const bench = await started();
    await bench.insert();
    assert.match(bench.screen('card').card.holder?.name ?? '', /^张/);
    await bench.do({ type: 'service', service: 'balance' });
    assert.is(bench.screen('card').service, 'balance');
    await bench.do(back);
    assert.is(bench.screen('card').service, 'information');
    await bench.do(finish);
    await bench.takeOut();
    assert.is(since(bench), 'welcome reading card take-card welcome');
    await bench.stop();
  },
);

session.test(
  'GIVEN a card whose data is shown WHEN it is pulled THEN all is gone at once',
  async () => {
    const bench = await started();
    await bench.insert();
    await bench.do({ type: 'reveal', on: true }, { type: 'language', locale: 'en' });
    assert.is(bench.screen('card').card.holder?.name, report.ssc?.holder?.name);
    await bench.takeOut();
    assert.is(since(bench), 'welcome reading card welcome');
    assert.not.match(JSON.stringify(bench.view), /张|330203/);
    assert.is(bench.view.locale, 'zh-CN');
    await bench.insert();
    assert.is(bench.screen('card').card.revealed, false);
    await bench.stop();
  },
);

session.test('GIVEN a masked card THEN full numbers leave only after consent', async () => {
  const bench = await started();
  await bench.insert();
  const { citizenNumber = '', name = '' } = report.ssc?.holder ?? {};
  assert.not.match(JSON.stringify(bench.view), new RegExp(`${citizenNumber}|${name}`));
  await bench.do({ type: 'reveal', on: true });
  assert.match(JSON.stringify(bench.view), new RegExp(citizenNumber));
  await bench.do({ type: 'reveal', on: false });
  assert.not.match(JSON.stringify(bench.view), new RegExp(citizenNumber));
  await bench.stop();
});

session.test(
  'GIVEN a reading WHEN the card is pulled or mute THEN advice, then welcome',
  async () => {
    const bench = await started();
    const pulled = gate();
    bench.whileReading = () => pulled.opened;
    await bench.insert();
    bench.report = failed('card-gone', 'unknown', 'scripted');
    bench.slot = ok(false);
    pulled.open();
    await bench.moment();
    assert.is(since(bench), 'welcome reading unreadable');
    assert.match(bench.screen('unreadable').advice.title, /没有读到卡/);
    await bench.moment(9_000);
    assert.is(since(bench), 'welcome reading unreadable welcome');
    await bench.stop();
  },
);

session.test('GIVEN 适老 WHEN a card could not be read THEN the advice stays longer', async () => {
  const bench = await started();
  await bench.do({ type: 'elder', on: true });
  assert.is(bench.view.pace, 0.8);
  bench.slot = ok(true);
  bench.report = failed('card-mute', 'unknown', 'scripted');
  await bench.moment();
  await bench.takeOut();
  await bench.moment(15_000);
  assert.is(bench.view.screen.kind, 'unreadable');
  await bench.moment(1_500);
  assert.is(bench.view.screen.kind, 'welcome');
  assert.is(bench.view.pace, 1);
  await bench.stop();
});

session.test('GIVEN a mute card that stays WHEN idle for long THEN it is to be taken', async () => {
  const bench = await started();
  bench.slot = ok(true);
  bench.report = failed('card-mute', 'unknown', 'scripted');
  await bench.moment();
  assert.is(bench.view.screen.kind, 'unreadable');
  await bench.moment(60_000);
  assert.is(bench.view.screen.kind, 'take-card');
  await bench.takeOut();
  assert.is(since(bench), 'welcome reading unreadable take-card welcome');
  await bench.stop();
});

session.test('GIVEN guides WHEN read without a card THEN back leads to the welcome', async () => {
  const bench = await started();
  await bench.do({ type: 'guide', id: 'get' });
  assert.is(bench.screen('guide').guide.title, '怎样办卡');
  await bench.do({ type: 'language', locale: 'en' }, { type: 'guide', id: 'call' });
  assert.match(JSON.stringify(bench.screen('guide').guide), /0574-83865362/);
  await bench.do(back);
  assert.is(since(bench), 'welcome guide welcome');
  assert.is(bench.view.locale, 'en');
  await bench.stop();
});

session.test('GIVEN a guide beside a card WHEN the card leaves THEN the guide stays', async () => {
  const bench = await started();
  await bench.insert();
  await bench.do({ type: 'guide', id: 'replace' }, back);
  assert.is(bench.view.screen.kind, 'card');
  await bench.do({ type: 'guide', id: 'replace' });
  await bench.takeOut();
  assert.is(bench.view.screen.kind, 'guide');
  await bench.do(back);
  assert.is(since(bench), 'welcome reading card guide card guide welcome');
  await bench.stop();
});

session.test('GIVEN two cards on the pad WHEN one is taken THEN the other is read', async () => {
  const bench = await started();
  const [one, two] = [bench.purse(), bench.purse()];
  bench.field.enter(one);
  bench.field.enter(two);
  await bench.moment();
  assert.match(bench.screen('unreadable').advice.title, /只放一张卡/);
  bench.field.leave(one);
  bench.field.leave(two);
  await bench.moment();
  await bench.lay(two);
  assert.is(since(bench), 'welcome unreadable reading card');
  await bench.stop();
});

const FACES = [
  ['medical-pooling', /医保卡/],
  ['bank', /银行卡/],
  ['transit', /交通卡/],
  ['unknown', /不认识/],
] as const;

for (const [kind, title] of FACES) {
  session.test(`GIVEN a ${kind} card WHEN read THEN it gets a helpful answer`, async () => {
    const bench = await started();
    await bench.insert({ ...report, kind, ssc: null, purse: null, bank: null });
    const { card } = bench.screen('card');
    assert.match(card.advice?.title ?? '', title);
    assert.equal(card.services, ['information']);
    await bench.stop();
  });
}

session.test(
  'GIVEN a card whose advice names a guide WHEN it is asked for THEN it opens',
  async () => {
    const bench = await started();
    await bench.insert({ ...report, kind: 'medical-pooling', ssc: null, purse: null, bank: null });
    const { advice } = bench.screen('card').card;
    assert.equal(advice?.guide, { id: 'get', title: '怎样办卡' });
    assert.match(advice?.lines.join() ?? '', '怎样办卡');
    await bench.do({ type: 'guide', id: 'get' });
    assert.is(bench.screen('guide').guide.id, 'get');
    await bench.do(back);
    assert.is(bench.screen('card').card.kind, 'medical-pooling');
    await bench.stop();
  },
);

const REASONS = [
  ['generation-3', 'valid'],
  ['no-successor', 'valid'],
  ['successor-issued', 'superseded'],
  ['past-date', 'expired'],
  ['card-locked', 'locked'],
  ['reported-lost', 'lost'],
  ['list-unavailable', 'unsure'],
  ['old-generation', 'unsure'],
] as const;

for (const [reason, state] of REASONS) {
  session.test(`GIVEN a card that is ${state} for ${reason} THEN it is said in words`, async () => {
    const bench = await started();
    const { ssc } = report;
    await bench.insert({ ...report, ssc: ssc && { ...ssc, validity: { state, reason } } });
    const { card } = bench.screen('card');
    assert.is(card.validity?.reason, reason);
    assert.is(card.validity?.advice.title, bench.config.guides['zh-CN']?.advice[reason].title);
    assert.is(card.advice === null, state === 'valid');
    await bench.stop();
  });
}

session.test(
  'GIVEN a person who goes away WHEN idle THEN warned, cleared, and asked to take the card',
  async () => {
    const bench = await started();
    await bench.insert();
    await bench.moment(41_000);
    assert.ok((bench.view.clearsIn_s ?? 0) > 10);
    await bench.do({ type: 'stay' });
    assert.is(bench.view.clearsIn_s, null);
    await bench.moment(60_000);
    assert.is(bench.view.screen.kind, 'take-card');
    assert.is(bench.view.clearsIn_s, null);
    await bench.takeOut();
    assert.is(since(bench), 'welcome reading card take-card welcome');
    await bench.stop();
  },
);

session.test('GIVEN 适老 mode WHEN idle THEN there is twice the time', async () => {
  const bench = await started();
  await bench.insert();
  await bench.do({ type: 'elder', on: true });
  await bench.moment(79_000);
  assert.is(bench.view.clearsIn_s, null);
  await bench.moment(3_000);
  assert.is(bench.view.clearsIn_s, 28);
  await bench.moment(30_000);
  // Whoever needs it bigger is still to be told to take the card.
  assert.is(bench.view.screen.kind, 'take-card');
  assert.is(bench.view.elder, true);
  await bench.takeOut();
  assert.is(bench.view.elder, false);
  await bench.stop();
});

session.test(
  'GIVEN settings changed at the welcome WHEN left alone THEN they are reset',
  async () => {
    const bench = await started();
    await bench.do(
      { type: 'language', locale: 'en' },
      { type: 'contrast', high: true },
      { type: 'sound', on: false },
      { type: 'language', locale: 'fr' },
    );
    assert.equal(
      [bench.view.locale, bench.view.highContrast, bench.view.sound],
      ['en', true, false],
    );
    await bench.moment(60_000);
    const { locale, highContrast, sound } = bench.view;
    assert.equal([locale, highContrast, sound], ['zh-CN', false, true]);
    assert.is(bench.kiosk.counters().ignored, 1);
    await bench.stop();
  },
);

session.test('GIVEN a forgotten card WHEN it stays THEN the reminder is said again', async () => {
  const bench = await started();
  await bench.insert();
  await bench.do(finish);
  await bench.moment(25_000);
  const reminders = bench.said.filter((said) => said.startsWith('zh-CN.take-card'));
  assert.is(reminders.length, 3);
  await bench.takeOut();
  assert.match(bench.said.at(-1) ?? '', /zh-CN\.welcome/);
  await bench.stop();
});

session.test(
  'GIVEN another language WHEN finished THEN it also says to take the card',
  async () => {
    const bench = await started();
    await bench.insert();
    await bench.do({ type: 'language', locale: 'en' }, finish);
    assert.match(bench.said.at(-1) ?? '', /^en\.take-card/);
    await bench.takeOut();
    assert.match(bench.said.at(-1) ?? '', /^zh-CN\.welcome/);
    await bench.stop();
  },
);

session.test('GIVEN a screen WHEN it asks what it does not know THEN nothing happens', async () => {
  const bench = await started();
  await bench.do(
    back,
    finish,
    { type: 'confirm' },
    { type: 'pay', item: 'registration' },
    { type: 'print', what: 'information', full: true },
    { type: 'reveal', on: true },
    { type: 'key', key: '1' },
    { type: 'service', service: 'insurance' },
    { type: 'guide', id: 'nothing' },
  );
  assert.is(bench.kiosk.counters().ignored, 9);
  assert.is(since(bench), 'welcome');
  await bench.stop();
});

session.run();
