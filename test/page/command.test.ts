import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { parseCommand } from '../../sim/panel/command.ts';
import { feature } from '../kit/feature.ts';

const command = feature('panel commands');
const CARDS = ['adult', 'two'];

const GOOD = [
  { type: 'tap', card: 'adult' },
  { type: 'fire', on: true },
  { type: 'maintenance', on: false },
  { type: 'walk', through: false },
];

for (const good of GOOD) {
  command.test(`GIVEN ${JSON.stringify(good)} WHEN parsed THEN it is taken as it is`, () => {
    assert.equal(parseCommand(JSON.stringify(good), CARDS), { ok: true, command: good });
  });
}

const BAD: readonly [text: string, says: RegExp][] = [
  ['', /not JSON/],
  ['{"type":"tap"', /not JSON/],
  ['null', /object/],
  ['[]', /object|type/],
  ['{"type":"open"}', /type/],
  ['{"type":"tap"}', /card/],
  ['{"type":"tap","card":7}', /card/],
  ['{"type":"tap","card":"nobody"}', /no such card.*adult, two/],
  ['{"type":"fire","on":"yes"}', /on/],
  ['{"type":"fire","on":true,"now":1}', /now/],
  ['{"type":"walk","on":true}', /through/],
];

for (const [text, says] of BAD) {
  command.test(`GIVEN ${text || 'nothing'} WHEN parsed THEN the answer says what is wrong`, () => {
    const parsed = parseCommand(text, CARDS);
    assert.is(parsed.ok, false);
    assert.match(parsed.ok ? '' : parsed.error, says);
  });
}

command.test(
  'GIVEN any text or JSON WHEN parsed THEN nothing throws and only commands pass',
  () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('tap', 'fire', 'walk', 'maintenance', '__proto__'),
          card: fc.option(fc.oneof(fc.constantFrom(...CARDS), fc.string()), { nil: undefined }),
          on: fc.option(fc.oneof(fc.boolean(), fc.anything()), { nil: undefined }),
          through: fc.option(fc.boolean(), { nil: undefined }),
        })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseCommand(text, CARDS);
        if (parsed.ok) assert.equal(parsed.command, JSON.parse(text));
        else assert.match(parsed.error, /^command refused: ./);
      }),
    );
  },
);

command.run();
