import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { linesOf } from '../../../sim/printer/paper.ts';
import { drawPaper } from '../../../sim/printer/picture.ts';
import { createVirtualPrinter, type PrinterOptions } from '../../../sim/printer/printer.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const sim = feature('virtual printer');

function bench(options: Omit<PrinterOptions, 'clock'> = {}) {
  const clock = createFakeClock();
  const printer = createVirtualPrinter({ clock, ...options });
  const answers: Buffer[] = [];
  printer.onSend((bytes) => answers.push(bytes));
  const send = (...parts: (string | number[])[]) =>
    printer.receive(
      Buffer.concat(
        parts.map((part) => (typeof part === 'string' ? latin(part) : Buffer.from(part))),
      ),
    );
  const said = () => Buffer.concat(answers.splice(0)).toString('hex');
  const lines = () => linesOf(printer.paper).map(({ text }) => text);
  return { clock, printer, send, said, lines };
}

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

sim.test('GIVEN nothing wrong WHEN asked in real time THEN the four pages of the manual', () => {
  const { send, said } = bench();
  send([0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4]);
  assert.is(said(), '12121212');
});

sim.test('each sensor has its bits', () => {
  const { printer, send, said } = bench();
  const ask = () => {
    send([0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4]);
    return said();
  };
  printer.load(1_000);
  assert.is(ask(), '1212121e');
  printer.load(0);
  assert.is(ask(), '1a32127e');
  printer.load(9_000);
  printer.cover('open');
  assert.is(ask(), '1a161212');
  printer.cover('closed');
  printer.cutter('jammed');
  assert.is(ask(), '12121212', 'it does not know before it cuts');
  send([0x1d, 0x56, 0]);
  assert.is(ask(), '1a521a12');
});

sim.test('GIVEN sizes and places WHEN printed THEN each character stands where it should', () => {
  const { printer, send, lines } = bench();
  send('\x1b@A\x1d!\x11B\x1d!\0C\n', '\x1b$\x78\x00D', [0xd5, 0xc5, 0x0a]);
  assert.equal(
    printer.paper.marks.map(({ x, y, width, height }) => [x, y, width, height]),
    [
      [0, 24, 12, 24],
      [12, 0, 24, 48],
      [36, 24, 12, 24],
    ],
    'the second line waits for the first to move',
  );
  assert.equal(lines(), ['ABC']);
});

sim.test(
  'GIVEN a slow mechanism WHEN asked behind the text THEN the answer comes after it',
  async () => {
    const { clock, send, said } = bench({ speed_mm_s: 10 });
    send('one\ntwo\n', [0x1d, 0x72, 1], '\x1d(H\x06\x00000007');
    assert.is(said(), '');
    await clock.advance(500);
    assert.is(said(), '');
    await clock.advance(500);
    assert.is(said(), `00${'3722'}${latin('0007').toString('hex')}00`);
  },
);

sim.test(
  'GIVEN paper out in mid-text WHEN cleared or not THEN the rest is gone, or comes',
  async () => {
    for (const simple of [false, true]) {
      const { clock, printer, send, said, lines } = bench({ simple });
      printer.load(10);
      send('a\nb\nc\nd\ne\nf\n');
      await clock.advance(1_000);
      const torn = lines().length;
      assert.ok(torn >= 2 && torn < 6);
      send([0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8]);
      assert.is(said(), simple ? '' : '372500');
      printer.load(1_000);
      await clock.advance(1_000);
      assert.is(lines().length, simple ? 6 : torn);
    }
  },
);

sim.test('GIVEN an image WHEN printed and drawn THEN its dots are in the picture', () => {
  const { printer, send } = bench();
  send('\x1ba\x01\x1dv0\0', [2, 0, 2, 0, 0xf0, 0x0f, 0x00, 0x01]);
  const [image] = printer.paper.marks;
  assert.is(image?.kind, 'image');
  assert.is(image?.x, (576 - 16) / 2);
  assert.match(drawPaper(printer.paper), 'M280,0h4v1H280zM292,0h4v1H292zM295,1h1v1H295z');
});

sim.test(
  'GIVEN any bytes in any pieces WHEN received THEN it never throws, and draws',
  async () => {
    const command = fc.constantFrom(
      ...['\x1b@', '\x1d!', '\x1dv0\0', '\x1d(k', '\x1d(H', '\x1dV', '\x1b$', '\x1b\\', '\x1dL'],
      ...[
        '\x1dW',
        '\x1c!',
        '\x1ba',
        '\x10\x14',
        '\x10\x05',
        '\x1d8L',
        '\x1dk',
        '\x1b*',
        '\x1bD',
        '\n',
      ],
    );
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      command.map(latin),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const { clock, printer, lines } = bench({ speed_mm_s: 1_000_000 });
        for (const bytes of pieces) printer.receive(bytes);
        await clock.advance(100);
        assert.ok(Array.isArray(lines()));
        const svg = drawPaper(printer.paper);
        assert.ok(svg.startsWith('<svg') && svg.endsWith('</svg>'));
        // XML 1.0 has no control characters.
        assert.not(/\p{Cc}/u.test(svg));
        printer.stop();
        assert.is(clock.timers(), 0);
      }),
      { numRuns: 300 },
    );
  },
  60_000,
);

sim.test('GIVEN bytes WHEN cut anywhere THEN the paper is the same', async () => {
  const text = '\x1b@\x1d!\x11AB\n\x1dv0\0\x01\0\x02\0\xaa\x55\xd5\xc5\xc8\xfd\n\x1dVB\0';
  const whole = await printed([latin(text)]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: text.length })), async (cuts) => {
      const ends = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = ends.slice(1).map((end, index) => latin(text.slice(ends[index], end)));
      assert.equal(await printed(pieces), whole);
    }),
  );
});

async function printed(pieces: readonly Buffer[]): Promise<string[]> {
  const { clock, printer, lines } = bench();
  for (const bytes of pieces) printer.receive(bytes);
  await clock.advance(5_000);
  return lines();
}

sim.run();
