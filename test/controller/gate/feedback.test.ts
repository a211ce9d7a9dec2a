import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../config/load.ts';
import { signalFor, signFor, yuan } from '../../../controller/gate/feedback.ts';
import {
  GRANTED,
  IDLE,
  type Message,
  REFUSED,
  TROUBLED,
} from '../../../controller/gate/outcome.ts';
import { feature } from '../../kit/feature.ts';

const feedback = feature('feedback');

const LANE = fileURLToPath(new URL('../../../config/lanes/flat.yaml', import.meta.url));
const loaded = loadConfig(LANE, {});
if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
const { config } = loaded;
const LOCALES = ['zh-CN', 'en'];
const MESSAGES: readonly Message[] = [...GRANTED, ...REFUSED, ...TROUBLED, ...IDLE];
const AMOUNTS = { amount_fen: 99_999, balance_fen: 100_000 };

/** Light and sound of the messages that do not follow their kind. */
const SPECIAL: Partial<Record<Message, string>> = {
  'pass-free': 'green pass-concession',
  'pass-concession': 'green pass-concession',
  'several-cards': 'amber retry',
  'listed-stolen': 'red alarm',
  'listed-fraud': 'red alarm',
  'mac2-wrong': 'red alarm',
  'out-of-service': 'red refuse',
  ready: 'blue none',
  closed: 'red none',
  emergency: 'green alarm',
  maintenance: 'red none',
  starting: 'off none',
  'free-passage': 'green none',
  wait: 'red none',
};
const KINDS: readonly (readonly [readonly Message[], string])[] = [
  [GRANTED, 'green pass'],
  [REFUSED, 'red refuse'],
  [TROUBLED, 'amber retry'],
  [IDLE, 'named above'],
];
for (const [messages, usual] of KINDS)
  feedback.test(`light and sound: ${messages.join(', ')}`, () => {
    for (const message of messages) {
      const { light, sound } = signalFor(message);
      assert.is(`${light} ${sound}`, SPECIAL[message] ?? usual, message);
    }
  });

feedback.test(
  'every message has a title and an advice in both locales, and nothing unfilled',
  () => {
    for (const message of MESSAGES) {
      const { text } = signFor(message, config, AMOUNTS);
      assert.equal(Object.keys(text), LOCALES, message);
      for (const { title, advice } of Object.values(text)) {
        assert.ok(title.length > 0 && advice.length > 0, message);
        assert.not.match(title + advice, /[{}]/);
      }
    }
  },
);

feedback.test('the longest amounts and phone number keep titles within the sign', () => {
  const width = (text: string) => [...text].reduce((sum, c) => sum + (c > '\u2e7f' ? 2 : 1), 0);
  for (const message of MESSAGES) {
    const { text } = signFor(message, config, AMOUNTS);
    for (const { title, advice } of Object.values(text)) {
      assert.ok(width(title) <= 28, `${message}: "${title}"`);
      assert.ok(width(advice) <= 80, `${message}: "${advice}"`);
    }
  }
});

feedback.test('amounts, balance and phone appear where the text asks for them', () => {
  const amounts = { amount_fen: 180, balance_fen: 4_820 };
  assert.is(signFor('pass', config, amounts).text.en?.advice, 'Paid ¥1.80, balance ¥48.20');
  assert.is(signFor('pass', config, amounts).text['zh-CN']?.advice, '扣款 ¥1.80，余额 ¥48.20');
  assert.is(
    signFor('card-blocked', config).text.en?.advice,
    `Please see staff or call ${config.site.service_phone}`,
  );
  const site = { ...config.site, loss_phone: '12345' };
  const lost = signFor('listed-lost', { ...config, site }).text;
  assert.is(lost['zh-CN']?.advice, '如已找回，请先解除挂失，电话 12345');
});

feedback.test(
  'GIVEN one locale THEN the sign has no other; GIVEN no text THEN it says which',
  () => {
    const site = { ...config.site, locales: ['en'] };
    assert.equal(Object.keys(signFor('pass', { ...config, site }, AMOUNTS).text), ['en']);
    const strange = { ...config, site: { ...site, locales: ['fr'] } };
    assert.throws(() => signFor('pass', strange), 'no text for pass in locale fr');
  },
);

feedback.test('GIVEN no amounts THEN a dash stands in their place, never a hole', () => {
  const { text } = signFor('insufficient', config);
  assert.is(text.en?.advice, 'Balance –, fare –; please top up');
  assert.is(text['zh-CN']?.advice, '余额 –，本次 –，请先充值');
});

const YUAN: readonly (readonly [number, string])[] = [
  [0, '¥0.00'],
  [5, '¥0.05'],
  [99, '¥0.99'],
  [100, '¥1.00'],
  [180, '¥1.80'],
  [1_005, '¥10.05'],
  [100_000, '¥1000.00'],
];
feedback.test('fen as yuan', () => {
  for (const [fen, text] of YUAN) assert.is(yuan(fen), text);
});

feedback.test('fen as yuan says exactly the amount, for every amount a purse can hold', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (fen) => {
      assert.match(yuan(fen), /^¥\d+\.\d\d$/);
      assert.is(Number(yuan(fen).slice(1).replace('.', '')), fen);
    }),
  );
});

feedback.run();
