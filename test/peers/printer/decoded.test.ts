/** Every slip, read back by a Python program and by the virtual printer: they must agree. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import {
  type PrinterHabits,
  slipToEscPos,
  slipToSvg,
} from '../../../controller/kiosk/slip/paper.ts';
import {
  composeSlip,
  type SlipContent,
  type SlipOptions,
} from '../../../controller/kiosk/slip/slip.ts';
import { linesOf } from '../../../sim/printer/paper.ts';
import { createVirtualPrinter } from '../../../sim/printer/printer.ts';
import { contents, slipOf, slipOptions } from '../../controller/kiosk/slip/samples.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const peers = feature('printed bytes, read by others');
/** Python starts many times, and the machine may be busy. */
const LONG_MS = 60_000;
const python = { command: 'python3', install: 'apt-get install python3' };

interface Decoded {
  readonly lines: readonly { text: string; height: number; width: number; columns: number }[];
  /** Rows of dots. */
  readonly images: readonly (readonly (readonly number[])[])[];
  readonly symbols: readonly string[];
  readonly questions: readonly string[];
  readonly cuts: number;
}

function python3(script: string, input: Buffer | string): string {
  const path = `test/peers/printer/${script}`;
  const { stdout, stderr, status } = spawnSync('python3', [path], { input, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout;
}

function decoded(document: Buffer): Decoded {
  return JSON.parse(python3('decode.py', document)) as Decoded;
}

async function simulated(document: Buffer, columns: number): Promise<string[]> {
  const clock = createFakeClock();
  const printer = createVirtualPrinter({ clock, columns });
  printer.receive(document);
  await clock.advance(60_000);
  assert.is(printer.counters().unknown_commands, 0);
  return linesOf(printer.paper).map(({ text }) => text);
}

function bytesOf(content: SlipContent, options: SlipOptions, habits: Partial<PrinterHabits> = {}) {
  const { columns } = options;
  return slipToEscPos(composeSlip(content, options), {
    ...{ columns, cut: 'partial', qr: 'image', ...habits },
  });
}

const styles: readonly [string, Partial<SlipOptions>][] = [
  ['zh-CN 48', {}],
  ['en 42', { locale: 'en', columns: 42 }],
  ['zh-CN 32', { columns: 32 }],
  ['elder, in full', { elder: true, full: true }],
];

for (const [style, change] of styles) {
  peers.testWith(
    python,
    `GIVEN each slip (${style}) WHEN read by both THEN the same lines, one cut, no question`,
    async () => {
      for (const content of contents) {
        const options = slipOptions(change);
        const document = bytesOf(content, options);
        const { lines, images, questions, cuts } = decoded(document);
        const paper = await simulated(document, options.columns);
        assert.equal(
          lines.map(({ text }) => text).filter((text) => text !== ''),
          paper.filter((text) => text.trim() !== '' && !/^ *\[(image|cut)/.test(text)),
          content.kind,
        );
        assert.is(cuts, 1);
        assert.is(images.length, 1);
        assert.equal(questions, []);
        for (const line of lines) assert.ok(line.columns <= options.columns, line.text);
      }
    },
    LONG_MS,
  );
}

peers.testWith(
  python,
  'GIVEN rare names WHEN printed in full THEN each character is exact',
  () => {
    // Synthetic names: of the 18, of the two- and four-byte planes, and one that NFC would change.
    for (const name of [
      '张龴䶮',
      '李龵龶龷',
      '王龸龹龺龻',
      '欧阳\u{20000}㐀',
      '\uF92C\uFA0C',
      '古丽·A',
    ]) {
      const content = slipOf(name);
      const { lines } = decoded(bytesOf(content, slipOptions({ full: true })));
      const line = lines.find(({ text }) => text.startsWith('姓名'))?.text ?? '';
      assert.is(line.slice(2).trim(), name);
    }
  },
  LONG_MS,
);

peers.testWith(
  python,
  'GIVEN a masked slip WHEN read THEN name and numbers are not in it',
  () => {
    for (const content of contents) {
      const { lines } = decoded(bytesOf(content, slipOptions()));
      const text = lines.map((line) => line.text).join('\n');
      for (const secret of ['龴', '19490230', '1949-02', 'A1234', '3150000000000000']) {
        assert.not(text.includes(secret), `${content.kind}: ${secret}`);
      }
    }
  },
  LONG_MS,
);

peers.testWith(
  python,
  'GIVEN a printer that draws QR codes WHEN printed THEN it gets the text',
  () => {
    const [, , , receipt] = contents;
    assert.ok(receipt);
    const native = decoded(bytesOf(receipt, slipOptions(), { qr: 'native' }));
    assert.equal(native.symbols, ['https://service.example/ssc?ref=K01-4711']);
    const site = { ...slipOptions().site, serviceUrl: null };
    const bare = decoded(bytesOf(receipt, slipOptions({ site }), { qr: 'native', cut: 'none' }));
    assert.equal(bare.symbols, ['K01-4711']);
    assert.is(bare.cuts, 0);
  },
  LONG_MS,
);

peers.testWith(
  python,
  'GIVEN the QR code on a slip WHEN its dots are read THEN the address',
  () => {
    for (const columns of [48, 32]) {
      for (const content of contents) {
        const [dots] = decoded(bytesOf(content, slipOptions({ columns }))).images;
        const reference = content.kind === 'receipt' ? '?ref=K01-4711' : '';
        const read = python3('qr.py', JSON.stringify(dots));
        assert.is(read, `https://service.example/ssc${reference}`);
      }
    }
  },
  LONG_MS,
);

peers.testWith(
  python,
  'GIVEN odd names WHEN the preview is drawn THEN it is sound XML',
  () => {
    const names = [
      '<b>&amp;',
      ']]>',
      '"\'\u0001\ud800\uffff',
      '张\u202e三',
      '{c:x}|\\n~',
      '\u{F0041}',
    ];
    for (const name of names) {
      const svg = slipToSvg(composeSlip(slipOf(name), slipOptions({ full: true })), 48);
      assert.is(python3('well-formed.py', svg), 'svg', name);
    }
  },
  LONG_MS,
);

peers.run();
