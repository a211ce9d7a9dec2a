import * as assert from 'uvu/assert';
import { failed, ok } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';
import { type KioskBench, started } from './kiosk-bench.ts';

const pin = feature('the PIN at the kiosk');

async function asked(prepare: (bench: KioskBench) => void = () => {}): Promise<KioskBench> {
  const bench = await started();
  prepare(bench);
  await bench.insert();
  await bench.do({ type: 'service', service: 'insurance' });
  return bench;
}

pin.test(
  'GIVEN the right PIN WHEN typed THEN the insurance is shown, and asked but once',
  async () => {
    const bench = await asked();
    assert.is(bench.screen('pin').triesLeft, 3);
    await bench.type('123456');
    assert.equal(bench.pins, [{ pin: '123456', lastTryAgreed: false }]);
    assert.ok(
      bench.pinBuffers[0]?.every((byte) => byte === 0),
      'the digits are wiped',
    );
    const { card, service } = bench.screen('card');
    assert.is(service, 'insurance');
    assert.equal(card.insurance, [{ label: '参保地', value: '330200' }]);
    await bench.do({ type: 'back' }, { type: 'service', service: 'insurance' });
    assert.is(bench.screen('card').service, 'insurance');
    assert.is(bench.pins.length, 1);
    await bench.stop();
  },
);

pin.test('GIVEN digits WHEN cleared or too few THEN nothing is sent', async () => {
  const bench = await asked();
  await bench.type('123');
  assert.is(bench.screen('pin').typed, 3);
  await bench.do({ type: 'key', key: 'clear' });
  assert.is(bench.screen('pin').typed, 0);
  assert.equal(bench.pins, []);
  await bench.stop();
});

pin.test('GIVEN a wrong PIN WHEN typed THEN it says so, with what is left', async () => {
  const bench = await asked((each) => each.verdicts.push(ok({ kind: 'wrong', left: 2 })));
  await bench.type('000000');
  const { triesLeft, wrong, typed, lastTry } = bench.screen('pin');
  assert.equal([triesLeft, wrong, typed, lastTry], [2, true, 0, false]);
  await bench.type('123456');
  assert.is(bench.screen('card').service, 'insurance');
  await bench.stop();
});

pin.test('GIVEN one try left WHEN no consent is given THEN no key is taken', async () => {
  const bench = await asked((each) => {
    each.tries = ok({ kind: 'left', left: 1 });
  });
  assert.is(bench.screen('pin').lastTry, true);
  await bench.type('123456');
  assert.equal(bench.pins, []);
  assert.is(bench.screen('pin').typed, 0);
  await bench.do({ type: 'confirm' });
  assert.is(bench.screen('pin').lastTry, false);
  await bench.type('123456');
  assert.equal(bench.pins, [{ pin: '123456', lastTryAgreed: true }]);
  await bench.stop();
});

pin.test('GIVEN consent to the last try WHEN it is wrong THEN the card is locked', async () => {
  const bench = await asked((each) => {
    each.tries = ok({ kind: 'left', left: 2 });
    each.verdicts.push(ok({ kind: 'wrong', left: 1 }), ok({ kind: 'wrong', left: 0 }));
  });
  await bench.type('0000');
  assert.is(bench.screen('pin').lastTry, true);
  await bench.do({ type: 'confirm' });
  await bench.type('0000');
  assert.is(bench.view.notice?.code, 'pin-locked');
  assert.is(bench.screen('card').card.insurance, null);
  await bench.stop();
});

pin.test('GIVEN consent WHEN another page was opened meanwhile THEN it is asked anew', async () => {
  const bench = await asked((each) => {
    each.tries = ok({ kind: 'left', left: 1 });
  });
  await bench.do({ type: 'confirm' }, { type: 'back' }, { type: 'service', service: 'insurance' });
  assert.is(bench.screen('pin').lastTry, true);
  await bench.stop();
});

const ENDS = [
  ['is locked', ok({ kind: 'locked' } as const), 'pin-locked'],
  ['does not tell', ok({ kind: 'untold' } as const), 'pin-not-read'],
  ['is mute', failed('card-mute', 'unknown', 'scripted'), 'pin-not-read'],
] as const;

for (const [what, tries, notice] of ENDS) {
  pin.test(`GIVEN a card that ${what} WHEN asked for tries THEN no PIN is asked`, async () => {
    const bench = await asked((each) => {
      each.tries = tries;
    });
    // Not the page of the insurance: empty it says that the card holds none.
    assert.is(bench.screen('card').service, 'information');
    assert.is(bench.view.notice?.code, notice);
    assert.equal(bench.pins, []);
    await bench.takeOut();
    assert.is(bench.view.screen.kind, 'welcome');
    assert.is(bench.view.notice, null);
    await bench.stop();
  });
}

pin.test('GIVEN a card without a PIN WHEN asked THEN the insurance is shown at once', async () => {
  const bench = await asked((each) => {
    each.tries = ok({ kind: 'unset' });
  });
  assert.is(bench.screen('card').card.insurance?.length, 1);
  await bench.stop();
});

pin.test(
  'GIVEN an answer that is lost WHEN verified THEN the card is asked before more',
  async () => {
    const bench = await asked((each) => {
      each.verdicts.push(failed('card-mute', 'unknown', 'scripted'));
    });
    bench.tries = ok({ kind: 'left', left: 1 });
    await bench.type('123456');
    assert.is(bench.view.notice?.code, 'pin-not-read');
    assert.is(bench.screen('pin').lastTry, true);
    await bench.stop();
  },
);

pin.test('GIVEN insurance that cannot be read WHEN the PIN is right THEN it says so', async () => {
  const bench = await asked((each) => {
    each.insurance = failed('card-garbled', 'unknown', 'scripted');
  });
  await bench.type('123456');
  assert.is(bench.view.notice?.code, 'insurance-not-read');
  assert.is(bench.view.screen.kind, 'card');
  await bench.stop();
});

pin.test('GIVEN a locked card THEN the insurance is not offered', async () => {
  const bench = await started();
  const { report } = bench;
  if (!report.ok || !report.value.ssc) throw new Error('the bench has a card');
  const validity = { state: 'locked', reason: 'card-locked' } as const;
  await bench.insert({ ...report.value, ssc: { ...report.value.ssc, validity } });
  assert.is(bench.screen('card').card.services.includes('insurance'), false);
  await bench.do({ type: 'service', service: 'insurance' });
  assert.is(bench.view.screen.kind, 'card');
  await bench.stop();
});

pin.test('GIVEN digits of a PIN WHEN typed THEN neither view nor log holds them', async () => {
  const bench = await asked((each) => each.verdicts.push(ok({ kind: 'wrong', left: 2 })));
  for (const key of '9876') bench.kiosk.desk.command({ type: 'key', key: key as '9' });
  await bench.moment();
  assert.not.match(JSON.stringify(bench.view), /9876/);
  await bench.do({ type: 'key', key: 'enter' });
  assert.not.match(bench.log.join(), /9876/);
  await bench.takeOut();
  assert.is(bench.view.screen.kind, 'welcome');
  await bench.stop();
});

pin.run();
