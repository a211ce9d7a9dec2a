import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createEar,
  isRealTimeStatus,
  type PrinterWord,
  readStatus,
  whyStopped,
} from '../../../firmware-bridge/printer/status.ts';
import { feature } from '../../kit/feature.ts';

const status = feature('what a printer says');

const QUIET = { printer: 0x12, cause: 0x12, error: 0x12, paper: 0x12 };
/** Bytes as in Epson's tables for DLE EOT 1 to 4, and why the printer cannot print. */
const RULES: readonly (readonly [string, Partial<typeof QUIET>, string | null])[] = [
  ['nothing', {}, null],
  ['paper near its end', { paper: 0x1e }, null],
  ['paper out by its sensor', { paper: 0x7e, printer: 0x1a, cause: 0x32 }, 'no paper'],
  ['paper out by page 2 alone', { cause: 0x32, printer: 0x1a }, 'no paper'],
  ['cover open', { cause: 0x16, printer: 0x1a }, 'the cover is open'],
  ['cutter', { error: 0x1a, cause: 0x52, printer: 0x1a }, 'the cutter is jammed'],
  ['an error for good', { error: 0x32 }, 'it is offline and does not say why'],
  ['too hot', { error: 0x52, printer: 0x1a }, 'it is offline and does not say why'],
  ['the feed button', { cause: 0x1a, printer: 0x1a }, 'it is offline and does not say why'],
];

for (const [what, pages, why] of RULES) {
  status.test(`GIVEN ${what} WHEN read THEN ${why ?? 'it may print'}`, () => {
    const read = readStatus({ ...QUIET, ...pages });
    assert.is(whyStopped(read), why);
    assert.is(read.paper === 'near-end', what === 'paper near its end');
  });
}

function heard(...chunks: Buffer[]): PrinterWord[] {
  const words: PrinterWord[] = [];
  const ear = createEar((word) => words.push(word));
  for (const chunk of chunks) ear.take(chunk);
  return words;
}

status.test('GIVEN answers in one stream WHEN heard THEN each is told apart', () => {
  assert.equal(heard(Buffer.from('12000337223030303700372500117f16', 'hex')), [
    { kind: 'status', byte: 0x12 },
    { kind: 'processed' },
    { kind: 'processed' },
    { kind: 'printed', id: '0007' },
    { kind: 'cleared' },
    { kind: 'stray', bytes: 1 },
    { kind: 'stray', bytes: 1 },
    { kind: 'status', byte: 0x16 },
  ]);
});

status.test(
  'GIVEN any bytes in any pieces WHEN heard THEN each is told once, and none throws',
  () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (pieces) => {
        const bytes = pieces.map((piece) => Buffer.from(piece));
        const words = heard(...bytes);
        assert.equal(heard(Buffer.concat(bytes)), words);
        const size = { status: 1, processed: 1, printed: 7, cleared: 3 } as const;
        const told = words.reduce(
          (sum, word) => sum + (word.kind === 'stray' ? word.bytes : size[word.kind]),
          0,
        );
        const total = bytes.reduce((sum, each) => sum + each.length, 0);
        // A block that has not ended is held back.
        assert.ok(total - told >= 0 && total - told < 8);
      }),
    );
  },
);

status.test('every pattern of four status bytes is read, and stops whenever a bit says so', () => {
  const byte = fc.integer({ min: 0, max: 255 }).filter(isRealTimeStatus);
  fc.assert(
    fc.property(fc.record({ printer: byte, cause: byte, error: byte, paper: byte }), (pages) => {
      const may = whyStopped(readStatus(pages)) === null;
      const bad =
        (pages.printer & 0x08) | (pages.cause & 0x24) | (pages.error & 0x68) | (pages.paper & 0x60);
      assert.is(may, bad === 0);
    }),
  );
});

status.run();
