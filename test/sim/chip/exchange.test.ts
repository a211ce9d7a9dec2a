import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { TearMoment } from '../../../sim/chip/field.ts';
import { REAL_TIMING } from '../../../sim/chip/timing.ts';
import { feature } from '../../kit/feature.ts';
import { command, createBench, createTestCard, dataOf } from './bench.ts';

const exchange = feature('virtual PN532: exchange with a card');

function withCard(options: Parameters<typeof createTestCard>[0] = {}) {
  const bench = createBench();
  const card = createTestCard(options);
  bench.field.enter(card);
  bench.ask('4a0100');
  return { ...bench, card };
}

exchange.test('a command reaches the card whole, its answer comes back behind status 00', () => {
  const { ask, card } = withCard({ answer: '6f0084009000' });
  assert.is(ask('4001' + '00a4040000'), '41006f0084009000');
  assert.equal(card.commands, ['00a4040000']);
});

exchange.test('commands and answers of any length pass in parts of 262 bytes', () => {
  const lengths = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(lengths, lengths, (sent, received) => {
      const answer = Buffer.alloc(received, 0xa5).toString('hex');
      const { ask, card } = withCard({ answer });
      const apdu = Buffer.alloc(sent, 0x3c);
      let response = '';
      for (let at = 0; at < sent; at += 262) {
        const last = at + 262 >= sent;
        const part = apdu.subarray(at, at + 262).toString('hex');
        response = ask(`40${last ? '01' : '41'}${part}`);
        if (!last) assert.is(response, '4100');
      }
      assert.equal(card.commands, [apdu.toString('hex')]);
      let got = response.slice(4);
      while (response.startsWith('4140')) {
        assert.is(response.length, 4 + 2 * 262);
        response = ask('4001');
        got += response.slice(4);
      }
      assert.is(response.slice(0, 4), '4100');
      assert.is(got, answer);
      assert.is(card.commands.length, 1);
    }),
    { numRuns: 40 },
  );
});

exchange.test(
  'GIVEN 256 bytes of data and a status word THEN the response is one long frame',
  () => {
    const { raw } = withCard({ answer: `${'00'.repeat(256)}9000` });
    const [, response = ''] = raw(command('400100b0850000'));
    assert.is(response.slice(0, 16), '0000ffffff0105fa');
    assert.is(dataOf(response), `4100${'00'.repeat(256)}9000`);
  },
);

const MOMENTS: readonly (readonly [TearMoment, number | undefined, string, number])[] = [
  ['before', undefined, '4101', 0],
  ['after', undefined, '4101', 1],
  ['cut', undefined, '4102', 1],
  ['cut', 0x13, '4113', 1],
];

for (const [moment, status, response, executed] of MOMENTS) {
  const name = `${moment}${status === undefined ? '' : ` with status ${status}`}`;
  exchange.test(
    `WHEN the card tears ${name} THEN the chip says ${response}, the card is gone`,
    () => {
      const { ask, card, field } = withCard();
      const plan = status === undefined ? { moment } : { moment, status };
      const tear = field.tearNext(plan);
      assert.is(ask('40018054010000'), response);
      assert.is(card.commands.length, executed);
      assert.is(card.powerDowns, 1);
      assert.equal(field.targets(), []);
      assert.ok(tear.fired);
      assert.is(ask('0006'), '0101');
    },
  );

  exchange.test(`WHEN a glitch comes ${name} THEN the card stays and the next one works`, () => {
    const { ask, card, field } = withCard();
    field.tearNext({ moment, stays: true, ...(status === undefined ? {} : { status }) });
    assert.is(ask('40018054010000'), response);
    assert.is(card.powerDowns, 0);
    assert.is(ask('400100b0950000'), '41009000');
    assert.is(card.commands.length, executed + 1);
  });

  exchange.test(`GIVEN MxRtyCOM 1 WHEN a glitch comes ${name} THEN the chip mends it`, () => {
    const { ask, card, field } = withCard();
    ask('320401');
    field.tearNext({ moment, stays: true, ...(status === undefined ? {} : { status }) });
    assert.is(ask('40018054010000'), '41009000');
    assert.equal(card.commands, ['8054010000']);
  });
}

exchange.test(
  'GIVEN MxRtyCOM 1 WHEN the card leaves in its reply THEN R(NAK) meets silence',
  () => {
    const { ask, field } = withCard();
    ask('320401');
    field.tearNext({ moment: 'cut' });
    assert.is(ask('40018054010000'), '4101');
  },
);

exchange.test('a tear waits for its INS and its turn', () => {
  const { ask, card, field } = withCard();
  const tear = field.tearNext({ ins: 0x54, nth: 2, moment: 'before' });
  for (const apdu of ['8050000000', '8054000000', '8050000000']) ask(`4001${apdu}`);
  assert.not(tear.fired);
  assert.is(ask('40018054000000'), '4101');
  assert.ok(tear.fired);
  assert.is(card.commands.length, 3);
});

exchange.test('an enumerator that counts up tears every command once and then stops', () => {
  const torn: number[] = [];
  for (let nth = 1; ; nth += 1) {
    const { ask, card, field } = withCard();
    const tear = field.tearNext({ nth, moment: 'after' });
    for (const apdu of ['00a4040000', '8050000000', '8054000000']) ask(`4001${apdu}`);
    if (!tear.fired) break;
    torn.push(card.commands.length);
  }
  assert.equal(torn, [1, 2, 3]);
});

exchange.test(
  'WHEN the card leaves while it works THEN it has executed and the chip says 01',
  async () => {
    const bench = createBench({ timing: REAL_TIMING });
    const card = createTestCard({ work_ms: 50 });
    await bench.clock.advance(10);
    bench.field.enter(card);
    bench.raw(command('4a0100'));
    await bench.clock.advance(30);
    bench.heard();
    bench.raw(command('40018054010000'));
    await bench.clock.advance(20);
    assert.is(card.commands.length, 1);
    bench.field.leave(card);
    await bench.clock.advance(200);
    assert.equal(bench.heard().slice(1).map(dataOf), ['4101']);
  },
);

exchange.run();
