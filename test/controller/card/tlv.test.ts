import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { publicInfoInFci } from '../../../controller/card/purse/select.ts';
import { findTag, parseTlv, type Tlv } from '../../../controller/card/tlv.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const tlv = feature('ber-tlv');

/** A tree as the tests write it: a value in hex, or children. */
interface Tree {
  readonly tag: string;
  readonly value: string | readonly Tree[];
}

/** An encoder of its own, on hex text alone. `wide`: bytes of the length field after its first. */
function encode({ tag, value }: Tree, wide = 0): string {
  const body = typeof value === 'string' ? value : value.map((child) => encode(child)).join('');
  const length = body.length / 2;
  const digits = length.toString(16);
  const extra = Math.max(wide, length < 0x80 ? 0 : Math.ceil(digits.length / 2));
  if (extra === 0) return tag + digits.padStart(2, '0') + body;
  return tag + (0x80 + extra).toString(16) + digits.padStart(extra * 2, '0') + body;
}

function treeOf(node: Tlv): Tree {
  return { tag: node.tag, value: node.children?.map(treeOf) ?? upper(node.value) };
}

function must(text: string): readonly Tlv[] {
  const parsed = parseTlv(bytes(text));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.nodes;
}

function error(text: string | Buffer): string {
  const parsed = parseTlv(typeof text === 'string' ? bytes(text) : text);
  return parsed.ok ? 'parsed' : parsed.error;
}

const hex = (pattern: RegExp) => fc.stringMatching(pattern);
const primitive = fc.oneof(
  hex(/^[48C][1-9A-E]$/),
  hex(/^[59D]F[0-7][1-9A-F]$/),
  hex(/^9F[89A-F][1-9A-F][0-7][0-9A-F]$/),
);
const constructed = fc.oneof(hex(/^[6AE][1-9A-E]$/), fc.constantFrom('7F49', 'BF0C', '7F8101'));
const leaf = fc.record(
  {
    tag: primitive,
    value: fc.uint8Array({ maxLength: 300 }).map((raw) => upper(Buffer.from(raw))),
  },
  { noNullPrototype: true },
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record(
      { tag: constructed, value: fc.array(tie('tree'), { maxLength: 4 }) },
      { noNullPrototype: true },
    ),
  ),
}));
const forest = fc.array(tree, { maxLength: 5 }).filter((trees) => depth(trees) <= 8);

function depth(trees: readonly Tree[]): number {
  return Math.max(
    0,
    ...trees.map(({ value }) => (typeof value === 'string' ? 0 : 1 + depth(value))),
  );
}

tlv.test('any nesting that another encoder wrote comes back as it was', () => {
  const wide = fc.integer({ min: 0, max: 3 });
  const padding = hex(/^(00|FF){0,3}$/);
  fc.assert(
    fc.property(forest, wide, padding, (trees, width, filler) => {
      const text = filler + trees.map((item) => encode(item, width) + filler).join('');
      assert.equal(must(text).map(treeOf), trees);
    }),
  );
});

tlv.test('random bytes never throw, and an error names a byte of the input', () => {
  const likely = fc.array(
    fc.constantFrom(0x6f, 0x7f, 0x1f, 0x9f, 0x0c, 0xa5, 0x84, 0, 1, 2, 5, 0x7f, 0x80, 0x81, 0x83),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), likely), (raw) => {
      const text = error(Buffer.from(raw));
      const at = Number(/^byte (\d+): /.exec(text)?.[1] ?? (text === 'parsed' ? 0 : 'NaN'));
      assert.ok(at >= 0 && at <= raw.length, text);
      publicInfoInFci(Buffer.from(raw));
    }),
    { numRuns: 1_000 },
  );
});

tlv.test('every cut of a good FCI gives an error, except the empty one', () => {
  for (let length = 1; length < FCI.length; length++) {
    assert.not.equal(error(FCI.subarray(0, length)), 'parsed', `${length} bytes`);
    assert.is(publicInfoInFci(FCI.subarray(0, length)), null);
  }
  assert.equal(must(''), []);
});

tlv.test('depth, number and length are bounded', () => {
  const nested = (levels: number) => {
    let tree: Tree = { tag: '61', value: [] };
    for (let level = 1; level < levels; level++) tree = { tag: '61', value: [tree] };
    return encode(tree);
  };
  assert.is(error(nested(8)), 'parsed');
  assert.match(error(nested(9)), /^byte \d+: nested deeper than 8$/);
  assert.match(error(nested(60)), /nested deeper than 8/);
  assert.is(error('5000'.repeat(256)), 'parsed');
  assert.match(error('5000'.repeat(257)), /^byte 512: more than 256 objects$/);
  assert.match(error(`70820404${'5000'.repeat(257)}`.padEnd(2_064, '0')), /more than 256 objects/);
  assert.match(error('5083FFFFFF00'), /length 16777215 but 1 bytes follow/);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['9F', /^byte 0: tag is cut off/],
  ['9F8080', /^byte 0: tag is cut off or longer than 3 bytes/],
  ['9F80800101', /longer than 3 bytes/],
  ['50', /^byte 0: length is missing/],
  ['5080', /indefinite or oversized/],
  ['508400000001AA', /oversized/],
  ['508201', /length is cut off/],
  ['5002AA', /^byte 0: length 2 but 1 bytes follow/],
  ['6F04840300', /^byte 2: length 3 but 1 bytes follow|^byte 0: length 4 but 3/],
  ['0000FF5002AA', /^byte 3: /],
  ['6F05A5038402AA', /^byte 4: length 2 but 1 bytes follow/],
];

tlv.test('GIVEN bytes that are no BER-TLV THEN it says what is wrong and at which byte', () => {
  for (const [text, expected] of WRONG) assert.match(error(text), expected, text);
});

/** SELECT PPSE answers of EMV Contactless Book B, section 3.3.1, with one Visa application. */
tlv.test('GIVEN a PPSE FCI THEN directory entry, AID and priority are found', () => {
  const ppse = '6F23840E325041592E5359532E4444463031A511BF0C0E610C4F07A0000000031010870101';
  const nodes = must(ppse);
  assert.equal(nodes.map(treeOf), [
    {
      tag: '6F',
      value: [
        { tag: '84', value: upper(Buffer.from('2PAY.SYS.DDF01')) },
        {
          tag: 'A5',
          value: [
            {
              tag: 'BF0C',
              value: [
                {
                  tag: '61',
                  value: [
                    { tag: '4F', value: 'A0000000031010' },
                    { tag: '87', value: '01' },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
  assert.is(findTag(nodes, '4F')?.value.toString('hex'), 'a0000000031010');
  assert.is(findTag(nodes, '50'), undefined);
});

/** EF15 with the issuer of the published T-Union sample; the rest in its field layout. */
const EF15 = '0113112100000000 02 01 03101234567890123456 20190101 20391231 0000';
/** `6F 31 84 08 <AID> A5 25 9F08 01 02 9F0C 1E <EF15>`, as two public dumps have it. */
const FCI = bytes(`6F31 8408 A000000632010105 A525 9F080102 9F0C1E ${EF15}`);
/** The housing ministry's card: a name longer by one byte. */
const HOUSING = bytes(`6F32 8409 A00000000386980701 A525 9F080101 9F0C1E ${EF15}`);

tlv.test('GIVEN the FCI of a T-Union or housing card THEN tag 9F0C holds EF15', () => {
  for (const fci of [FCI, HOUSING])
    assert.is(upper(publicInfoInFci(fci) ?? Buffer.alloc(0)), upper(bytes(EF15)));
  assert.is(upper(findTag(must(upper(FCI)), '84')?.value ?? Buffer.alloc(0)), 'A000000632010105');
});

tlv.test('GIVEN an FCI without 30 bytes in 9F0C THEN null, and EF15 is read as a file', () => {
  const without = [
    '6F0A8408A000000632010105',
    '6F118408A000000632010105A5059F0C021234',
    `6F308408A000000632010105A5249F0801029F0C1D${upper(bytes(EF15)).slice(2)}`,
    '',
    '00'.repeat(20),
    '9000',
  ];
  for (const text of without) assert.is(publicInfoInFci(bytes(text)), null, text);
});

tlv.test('GIVEN a tag twice THEN the first, depth first', () => {
  const nodes = must('6106 5001AA 50 01BB 5001CC');
  assert.is(upper(findTag(nodes, '50')?.value ?? Buffer.alloc(0)), 'AA');
});

tlv.run();
