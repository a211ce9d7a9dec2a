import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { guidesSchema } from '../../config/guides.ts';
import { shippedDirectory } from '../../config/load.ts';
import { isKioskFile, loadKiosk } from '../../config/load-kiosk.ts';
import { GRANTED, REFUSED, TROUBLED } from '../../controller/gate/outcome.ts';
import { PROMPTS, wordsIn } from '../../controller/kiosk/words.ts';
import { feature } from '../kit/feature.ts';

const kiosk = feature('configuration of a kiosk');
const folder = mkdtempSync(join(tmpdir(), 'tapway-kiosk-'));
kiosk.after(() => rmSync(folder, { recursive: true }));

const GOOD = `extends: shipped:kiosks/ningbo.yaml
kiosk: { id: K02, place: '00019002' }
`;

function errors(text: string, env: Record<string, string> = {}): readonly string[] {
  const file = join(folder, 'kiosk.yaml');
  writeFileSync(file, text);
  const loaded = loadKiosk(file, env);
  return loaded.ok ? [] : loaded.errors.map((line) => line.replace(`${folder}/`, ''));
}

function shipped() {
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded;
}

kiosk.test('GIVEN the shipped kiosk THEN it loads without a warning, in both languages', () => {
  const { config, warnings } = shipped();
  assert.equal(warnings, []);
  assert.equal(Object.keys(config.guides), ['zh-CN', 'en']);
  const ids = Object.values(config.guides).map(({ guides }) => guides.map(({ id }) => id));
  assert.equal(ids[0], ids[1]);
});

const FACTS: readonly [what: string, zh: RegExp, en: RegExp][] = [
  ['the photo', /一寸白底照片/, /1-inch photo with a white background/],
  ['identity', /有效身份证件/, /valid identity document/],
  ['guardians', /监护关系/, /proof of guardianship/],
  ['ICBC', /工商银行/, /ICBC/],
  ['CCB', /建设银行/, /China Construction Bank/],
  ['BOC', /中国银行/, /Bank of China/],
  ['ABC', /农业银行/, /Agricultural Bank of China/],
  ['the rural credit union', /浙江农信/, /Zhejiang Rural Credit Union/],
  ['PSBC', /邮储银行/, /Postal Savings Bank/],
  ['Bank of Ningbo', /宁波银行/, /Bank of Ningbo/],
  ['replacement', /补换的都是第三代卡/, /replaced by a third-generation card/],
  ['the phone', /\{phone\}/, /\{phone\}/],
];

for (const [what, zh, en] of FACTS) {
  kiosk.test(`GIVEN the guides of Ningbo THEN ${what} is told in both languages`, () => {
    const { guides } = shipped().config;
    assert.match(JSON.stringify(guides['zh-CN']?.guides), zh);
    assert.match(JSON.stringify(guides.en?.guides), en);
  });
}

kiosk.test('GIVEN a lost card THEN the hotline is named, not the one of hospitals', () => {
  const { guides, texts, site } = shipped().config;
  assert.equal([site.loss_phone, site.service_phone], ['12333', '0574-83865362']);
  for (const { guides: all, advice } of Object.values(guides)) {
    const lost = all.flatMap(({ sections }) => sections.filter((each) => isLost(each.heading)));
    assert.is(lost.length, 2);
    for (const { lines } of [...lost, advice['reported-lost']]) {
      assert.match(lines.join(), '{loss_phone}');
      assert.not.match(lines.join(), '{phone}');
    }
  }
  for (const text of Object.values(texts)) {
    assert.not.match(text['not-enabled']?.advice ?? '', /phone/);
    assert.not.match(text['listed-lost']?.advice ?? '', '{phone}');
  }
});

function isLost(heading: string): boolean {
  return /卡丢了|card is lost/.test(heading);
}

kiosk.test('GIVEN advice that names a guide THEN the guide must be there', () => {
  const guides = shipped().config.guides.en;
  const bank = { title: 'A', lines: ['B.'], guide: 'nowhere' };
  const odd = { ...guides, advice: { ...guides?.advice, bank } };
  const { error } = guidesSchema.safeParse(odd);
  assert.match(
    error?.issues[0]?.message ?? '',
    /"nowhere" is no guide of this file; there are: get/,
  );
});

kiosk.test('GIVEN a till THEN no text of it speaks of gates or journeys', () => {
  const { texts } = shipped().config;
  const verdicts = [...GRANTED, ...REFUSED, ...TROUBLED].filter(
    (code) => !/^(exit|entry)-missing|unknown-station|overtime|same-station|passback/.test(code),
  );
  for (const code of verdicts) {
    const { title, advice } = texts.en?.[code] ?? { title: '', advice: '' };
    assert.not.match(`${title} ${advice}`, /gate|ride|journey|go through|ticket/i, code);
    const zh = texts['zh-CN']?.[code];
    assert.not.match(`${zh?.title} ${zh?.advice}`, /闸|通行|乘车|检票|购票/, code);
  }
});

kiosk.test('GIVEN every prompt THEN it is said in both languages', () => {
  for (const prompt of PROMPTS) {
    assert.ok(wordsIn('en').prompts[prompt].length > 0, prompt);
    assert.match(wordsIn('zh-CN').prompts[prompt], /[\u4e00-\u9fff]/, prompt);
  }
  assert.is(wordsIn('fr'), wordsIn('en'));
});

kiosk.test('GIVEN a copy of the shipped file THEN it loads, and is known as a kiosk', () => {
  assert.equal(errors(GOOD), []);
  assert.is(isKioskFile(join(folder, 'kiosk.yaml'), {}), true);
  assert.is(isKioskFile(`${shippedDirectory()}/lanes/flat.yaml`, {}), false);
  assert.is(isKioskFile(join(folder, 'nothing.yaml'), {}), false);
});

const BAD: readonly [what: string, text: string, says: RegExp][] = [
  [
    'no reader',
    'extends: shipped:sites/ningbo.yaml\nguides: shipped:sites/ningbo-guides\n' +
      "kiosk: { id: K, place: '00019002' }\n",
    /add "contact" or "contactless"/,
  ],
  ['an unknown key', `${GOOD}till: { prices: 3 }\n`, /3:9: till\.prices: there is no such key/],
  ['a wrong hash', `${GOOD}maintenance: { code: '1234' }\n`, /tapway kiosk code/],
  ['another host', `${GOOD}screen: { host: 0.0.0.0 }\n`, /only: 127\.0\.0\.1/],
  ['no guides', `${GOOD}guides: nowhere\n`, /zh-CN\.yaml does not exist/],
  [
    'a dear item',
    `${GOOD}till:\n  items:\n    - { id: a, price_fen: 9000, name: { zh-CN: 甲, en: A } }\n`,
    /above purse\.fare_max_fen/,
  ],
  [
    'an item twice',
    `${GOOD}till:\n  items:\n` +
      '    - { id: a, price_fen: 9, name: { zh-CN: 甲, en: A } }\n' +
      '    - { id: a, price_fen: 8, name: { zh-CN: 乙, en: B } }\n',
    /already an item above/,
  ],
  [
    'a name in one language',
    `${GOOD}till:\n  items:\n    - { id: a, price_fen: 9, name: { en: A } }\n`,
    /add "zh-CN"/,
  ],
  ['a printer without a path', `${GOOD}printer: { kind: usb }\n`, /name the device/],
];

// A comma that YAML takes for its own cuts a sentence in two.
kiosk.test('GIVEN the shipped texts THEN every line of advice is a whole sentence', () => {
  const { guides } = shipped().config;
  const lines = Object.values(guides).flatMap(({ advice }) =>
    Object.values(advice).flatMap((each) => each.lines),
  );
  const cut = lines.filter((line) => !/[.?!。？！]$/.test(line));
  assert.equal(cut, []);
});

for (const [what, text, says] of BAD) {
  kiosk.test(`GIVEN ${what} THEN one line says where and what to do`, () => {
    const found = errors(text);
    assert.ok(
      found.some((line) => says.test(line)),
      found.join('\n'),
    );
  });
}

kiosk.test('GIVEN the environment THEN it stands above every file', () => {
  assert.equal(errors(GOOD, { TAPWAY__KIOSK__ID: 'K09' }), []);
  assert.match(errors(GOOD, { TAPWAY__KIOSK__ID: 'no blanks' })[0] ?? '', /^TAPWAY__KIOSK__ID/);
});

kiosk.run();
