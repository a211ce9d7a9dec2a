/** Every slip, read back by a Python program and by the virtual printer: both say what was meant. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { type PrinterHabits, slipToEscPos } from '../../../controller/kiosk/slip/paper.ts';
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
const python = { command: 'python3', install: 'apt-get install python3' };

interface Decoded {
  readonly lines: readonly { text: string; height: number; width: number; columns: number }[];
  readonly images: readonly { width: number; height: number; black: number }[];
  readonly symbols: readonly string[];
  readonly questions: readonly string[];
  readonly cuts: number;
}

function decoded(document: Buffer): Decoded {
  const { stdout, stderr, status } = spawnSync('python3', ['test/peers/printer/decode.py'], {
    input: document,
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as Decoded;
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
    30_000,
  );
}

peers.testWith(python, 'GIVEN rare names WHEN printed in full THEN each character is exact', () => {
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
});

peers.testWith(python, 'GIVEN a masked slip WHEN read THEN name and numbers are not in it', () => {
  for (const content of contents) {
    const { lines } = decoded(bytesOf(content, slipOptions()));
    const text = lines.map((line) => line.text).join('\n');
    for (const secret of ['龴', '19490230', '1949-02', 'A1234', '3150000000000000']) {
      assert.not(text.includes(secret), `${content.kind}: ${secret}`);
    }
  }
});

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
);

peers.run();
