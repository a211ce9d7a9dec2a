import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { FARE, LANE, workspace } from './workspace.ts';

const fuzz = feature('configuration fuzz');
const files = workspace();
fuzz.after(files.remove);

const SCRAPS = [
  ...[
    '',
    ' ',
    '\n',
    '\t',
    ':',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '#',
    '&a',
    '*a',
    '!!str ',
    '|',
    '>',
  ],
  ...['? ', "'", '"', '%', '@', '---', '...', '<<', '~', 'null', '.nan', '.inf', '0x', '1e999'],
  ...['__proto__: 1\n', 'constructor: 1\n', 'extends: lane.yaml\n', '\u0000', '\uFEFF', '\uD800'],
  ...['toString: {}\n', '  - a\n', 'site: []\n', 'lane: {}\n', 'distance: [[]]\n', '-1', '名'],
];

/** Either a configuration, or errors that each begin with a position. */
function lawful(env: Record<string, string> = {}): void {
  const result = files.load(env);
  if (result.ok) {
    assert.type(result.config.lane.id, 'string');
    return;
  }
  assert.ok(result.errors.length > 0);
  for (const line of result.errors)
    assert.match(line, /^((lane|fare)\.yaml:[1-9]\d*:[1-9]\d*|TAPWAY__\w*|…)[: ][^\n]+$/u);
}

const mutation = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(12),
    scrap: fc.oneof(fc.constantFrom(...SCRAPS), fc.string({ maxLength: 6 })),
  }),
  { minLength: 1, maxLength: 4 },
);

function mutate(
  text: string,
  steps: readonly { at: number; cut: number; scrap: string }[],
): string {
  return steps.reduce((now, { at, cut, scrap }) => {
    const from = Math.floor(at * now.length);
    return now.slice(0, from) + scrap + now.slice(from + cut);
  }, text);
}

fuzz.test(
  'GIVEN any text as lane file THEN errors with positions and no throw',
  () => {
    files.write('fare.yaml', FARE);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom(...SCRAPS)).map((a) => a.join('')),
        ),
        (text) => {
          files.write('lane.yaml', text);
          lawful();
        },
      ),
      { numRuns: 400 },
    );
  },
  60_000,
);

fuzz.test(
  'GIVEN any bytes as lane file THEN errors with positions and no throw',
  () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        files.write('lane.yaml', Buffer.from(bytes));
        lawful();
      }),
      { numRuns: 200 },
    );
  },
  60_000,
);

fuzz.test(
  'GIVEN a valid lane file with any damage THEN a configuration or positions',
  () => {
    files.write('fare.yaml', FARE);
    fc.assert(
      fc.property(mutation, (steps) => {
        files.write('lane.yaml', mutate(LANE, steps));
        lawful();
      }),
      { numRuns: 500 },
    );
  },
  60_000,
);

fuzz.test(
  'GIVEN a valid fare table with any damage THEN a configuration or positions',
  () => {
    files.write('lane.yaml', LANE);
    fc.assert(
      fc.property(mutation, (steps) => {
        files.write('fare.yaml', mutate(FARE, steps));
        lawful();
      }),
      { numRuns: 500 },
    );
  },
  60_000,
);

fuzz.test(
  'GIVEN any override THEN a configuration or an error and no throw',
  () => {
    files.write('lane.yaml', LANE);
    files.write('fare.yaml', FARE);
    const part = fc.constantFrom('LANE', 'ID', 'PURSE', 'KEY_INDEXES', 'ALGORITHMS', '03', '', 'X');
    const name = fc.array(part, { maxLength: 4 }).map((parts) => `TAPWAY__${parts.join('__')}`);
    const value = fc.oneof(fc.constantFrom(...SCRAPS), fc.string());
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (env) => lawful(env)),
      { numRuns: 400 },
    );
  },
  60_000,
);

fuzz.run();
