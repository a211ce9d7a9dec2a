import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  maskCardId,
  maskCardNumber,
  maskCitizenNumber,
  maskDate,
  maskName,
  maskSerial,
} from '../../../../controller/kiosk/mask.ts';
import type { SscReport } from '../../../../controller/kiosk/report.ts';
import { wrap } from '../../../../controller/kiosk/slip/document.ts';
import { slipToEscPos, slipToSvg } from '../../../../controller/kiosk/slip/paper.ts';
import {
  composeSlip,
  type Payment,
  type SlipContent,
  type SlipOptions,
} from '../../../../controller/kiosk/slip/slip.ts';
import { linesOf } from '../../../../sim/printer/paper.ts';
import { createVirtualPrinter } from '../../../../sim/printer/printer.ts';
import { createFakeClock } from '../../../kit/fake-clock.ts';
import { feature } from '../../../kit/feature.ts';
import { contents, payment, purse, report, slipOf, slipOptions, ssc } from './samples.ts';

const slips = feature('slips');

/** What is on the paper, line by line. */
async function slipLines(content: SlipContent, change: Partial<SlipOptions> = {}) {
  const options = slipOptions(change);
  const { columns } = options;
  const clock = createFakeClock();
  const printer = createVirtualPrinter({ clock, columns, speed_mm_s: 1_000_000 });
  const habits = { columns, cut: 'partial', qr: 'native' } as const;
  printer.receive(slipToEscPos(composeSlip(content, options), habits));
  await clock.advance(1_000);
  const { unknown_commands, cuts } = printer.counters();
  assert.equal([unknown_commands, cuts], [0, 1]);
  return linesOf(printer.paper);
}

async function linesWith(content: SlipContent, change: Partial<SlipOptions> = {}) {
  return (await slipLines(content, change)).map(({ text }) => text);
}

const textOf = async (content: SlipContent, change: Partial<SlipOptions> = {}) =>
  (await linesWith(content, change)).join('\n');

slips.test('masks: what stays readable', () => {
  const rules: readonly (readonly [string, string])[] = [
    [maskName('张三丰'), '张＊＊'],
    [maskName('王'), '王'],
    [maskName('\u{20000}三'), '\u{20000}＊'],
    [maskName('阿依古丽·买买提'), '阿＊＊＊'],
    [maskName(''), ''],
    [maskCitizenNumber('330203194902300016'), '330203********0016'],
    [maskCitizenNumber('33020319'), '********'],
    [maskCardNumber('A12345674'), '*****5674'],
    [maskCardId('330200D15600000500001234FFFFFFFF'), '330200********FFFF'],
    [maskSerial('31500000000000004711'), '********4711'],
    [maskDate('1949-02-28'), '1949-**-**'],
    [maskDate('nonsense'), 'nonsense'],
  ];
  for (const [masked, wanted] of rules) assert.is(masked, wanted);
});

slips.test('masks never show more than the rule, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = (masked: string) => Array.from(masked.replace(/[*＊]/g, '')).length;
      assert.ok(shown(maskCitizenNumber(text)) <= 10);
      assert.ok(shown(maskCardNumber(text)) <= 4);
      assert.ok(shown(maskName(text)) <= 1);
    }),
  );
});

slips.test(
  'GIVEN balance and trips WHEN printed THEN newest first, with time, kind, amount',
  async () => {
    const text = await textOf({ kind: 'balance', purse });
    assert.match(text, /余额 +￥48\.20\n/);
    assert.match(text, /11-28 17:40 +消费 +￥1\.80\n11-28 08:31 +出站 +￥4\.00\n/);
    assert.match(
      await textOf({ kind: 'balance', purse: { ...purse, records: [] } }),
      '没有交易记录',
    );
  },
);

slips.test(
  'GIVEN a payment WHEN its receipt is printed THEN all that the books need, no more',
  async () => {
    const content = { kind: 'receipt', payment, told: { title: '', advice: '' } } as const;
    const text = await textOf(content, { locale: 'en', full: true });
    for (const part of [
      '门诊挂号费',
      '￥10.00',
      '￥38.20',
      '********4711',
      '315000000009',
      'A1B2…',
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /Sequence no\. +4711\n/);
    assert.match(text, /Reference +K01-4711\n/);
    for (const secret of ['31500000000000004711', 'A1B2C3D4']) assert.not(text.includes(secret));
  },
);

slips.test(
  'GIVEN a payment that nobody knows the end of THEN its slip looks like no receipt',
  async () => {
    const unknown = { outcome: 'uncertain', balance_fen: null, tac: null, termSeq: null } as const;
    const open: Payment = { ...payment, ...unknown };
    const told = { title: '可能已扣 ¥10.00', advice: '请不要再付；工作人员会为您查清' };
    const content = { kind: 'receipt', payment: open, told } as const;
    const text = await textOf(content);
    assert.match(text, '付款待确认');
    assert.not.match(text, /付款凭条|付款成功|再试|余额/);
    assert.match(text, '可能已扣 ￥10.00');
    assert.match(text, told.advice);
    const sums = (await slipLines(content)).filter(({ text: line }) => line.includes('￥10.00'));
    assert.equal(
      sums.map(({ height }) => height),
      [1, 1],
    );
    assert.match(await textOf(content, { locale: 'en' }), 'Payment not confirmed');
  },
);

slips.test('GIVEN a card that says little WHEN printed THEN dashes, and no error', async () => {
  const bare: SscReport = {
    ...ssc,
    ...{ generation: null, cardNumber: null, cardClass: null, issuedOn: null, validUntil: null },
    ...{ holder: null, region: { code: '330200', name: null } },
    holderState: 'locked',
  };
  const text = await textOf({ kind: 'information', report: { ...report, ssc: bare, purse: null } });
  assert.match(text, /卡号 +—\n/);
  assert.match(text, '本机不能读取');
  const alone = { ...report, kind: 'unknown', ssc: null, purse: null, bank: null } as const;
  assert.match(await textOf({ kind: 'information', report: alone }), '未能识别的卡片');
});

slips.test('GIVEN a masked slip WHEN composed THEN full numbers are in no form of it', () => {
  for (const content of contents) {
    const options = slipOptions();
    const document = composeSlip(content, options);
    const habits = { columns: 48, cut: 'partial', qr: 'image' } as const;
    const forms = [
      slipToSvg(document, 48).replace(/<[^>]*>/g, ''),
      slipToEscPos(document, habits).toString('latin1'),
    ];
    for (const secret of ['330203194902300016', 'A12345674', purse.serial, 'A1B2C3D4']) {
      for (const form of forms) assert.not(form.includes(secret), content.kind);
    }
  }
});

/** What is printed around the name, and the name's own lines. */
async function printedWith(name: string): Promise<{ others: string[]; own: string }> {
  const lines = await linesWith(slipOf(name), { full: true });
  const from = lines.findIndex((line) => line.startsWith('姓名'));
  const to = lines.findIndex((line) => line.startsWith('社会保障号码'));
  const others = [...lines.slice(0, from), ...lines.slice(to)];
  return { others, own: lines.slice(from, to).join('') };
}

slips.test(
  'GIVEN any name WHEN printed THEN everything around it is the same',
  async () => {
    const { others } = await printedWith('张三');
    const special = Array.from('{}|\\_"`^~-=;:\n\r\t\x1b\x1d\x10\x04 ');
    const marks = fc.constantFrom(...special, '{c:x}', '{w:0}', '\\n', '\\x41');
    const any = fc.string({ unit: 'binary', maxLength: 2 });
    const names = fc.array(fc.oneof(marks, any), { maxLength: 20 }).map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        assert.equal((await printedWith(name)).others, others);
      }),
      { numRuns: 80 },
    );
  },
  60_000,
);

slips.test(
  'GIVEN marks of the layout language in a name THEN they are printed as they are',
  async () => {
    const name = '{c:x}|\\n_"`^~-=';
    assert.is((await printedWith(name)).own.slice(2).trim(), name);
  },
);

slips.test('GIVEN a paragraph WHEN wrapped THEN at words, within the width, nothing lost', () => {
  assert.equal(wrap('Bring your card and a photo', 12), ['Bring your', 'card and a', 'photo']);
  assert.equal(wrap('请带身份证，一张照片。', 10), ['请带身份', '证，一张照', '片。']);
  assert.equal(wrap('', 10), ['']);
  const squeezed = (text: string) => text.replace(/\s/gu, '');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 8, max: 48 }), (text, width) => {
      assert.is(squeezed(wrap(text, width).join('')), squeezed(text));
    }),
  );
});

slips.test(
  'GIVEN every style WHEN laid out THEN no printed line is wider than the paper',
  async () => {
    for (const columns of [48, 42, 32]) {
      for (const elder of [false, true]) {
        for (const content of contents) {
          const document = composeSlip(content, slipOptions({ columns, elder, full: true }));
          const clock = createFakeClock();
          const printer = createVirtualPrinter({ clock, columns });
          printer.receive(slipToEscPos(document, { columns, cut: 'full', qr: 'image' }));
          await clock.advance(60_000);
          for (const mark of printer.paper.marks) {
            assert.ok(mark.x + mark.width <= columns * 12, `${content.kind} ${columns}`);
          }
          if (elder) assert.ok(linesOf(printer.paper).every(({ height }) => height <= 2));
        }
      }
    }
  },
);

slips.run();
