import * as assert from 'uvu/assert';
import { barrierSchema } from '../../config/barrier.ts';
import { feature } from '../kit/feature.ts';

const barriers = feature('configuration of the barrier');

const WIRED = {
  kind: 'modbus',
  inputs: { open: 0, closed: 1, beams: [2, 3, 4, 5], fire: 9 },
  outputs: { open_in: 0, close: 2 },
};

/** What is said of the block, `key: text` each. */
function problems(block: unknown): string[] {
  const parsed = barrierSchema.safeParse(block);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

barriers.test('GIVEN nothing THEN no barrier; a wired board is accepted as it is', () => {
  assert.is(barrierSchema.parse({}).kind, 'none');
  assert.equal(problems(WIRED), []);
  const { poll_ms, timeout_ms, on_stop, levels, outputs } = barrierSchema.parse(WIRED);
  assert.equal({ poll_ms, timeout_ms, on_stop }, { poll_ms: 40, timeout_ms: 40, on_stop: 'open' });
  assert.is(levels.fire, 0, 'a broken wire must mean fire');
  assert.is(outputs.open_out, null);
});

const CASES: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'one coil twice',
    { outputs: { open_in: 0, near_red: 0 } },
    ['outputs.near_red: coil 0 already serves outputs.open_in; give each its own address'],
  ],
  [
    'one input twice',
    { inputs: { beams: [2, 3], fire: 3 } },
    ['inputs.fire: input 3 already serves inputs.beams.1; give each its own address'],
  ],
  [
    'one beam twice',
    { inputs: { beams: [2, 3, 2] } },
    ['inputs.beams.2: input 2 already serves inputs.beams.0; give each its own address'],
  ],
  ['a coil and an input may share a number', { outputs: { open_out: 9 } }, []],
  [
    'one beam alone',
    { inputs: { beams: [2] } },
    ['inputs.beams: name 2 to 8 beams: they tell who passed'],
  ],
  [
    'a safety zone that is no beam',
    { inputs: { beams: [2, 3], safety: [2, 7] } },
    ['inputs.safety.1: 7 is none of inputs.beams'],
  ],
  [
    'nothing that opens',
    { outputs: { close: 2 } },
    ['outputs: add "open_in" or "open_out": nothing here can open the leaves'],
  ],
  [
    'inputs too far apart',
    { inputs: { beams: [2, 3], fire: 100 } },
    ['inputs: lie 99 apart; wire them within 64 addresses: one request reads all'],
  ],
  [
    'closed at the end, with a watchdog',
    { watchdog: { register: 0 }, on_stop: 'closed' },
    ['on_stop: a board with a watchdog opens without its controller; write "open"'],
  ],
  [
    'an address that is none',
    { inputs: { beams: [2, 3], fire: -1 } },
    ['inputs.fire: a zero-based address from 0 to 65535, or null: not wired'],
  ],
];
for (const [title, differs, expected] of CASES)
  barriers.test(title, () => {
    assert.equal(problems({ ...WIRED, ...differs }), expected);
  });

barriers.test('what no board is asked for is not judged', () => {
  assert.equal(problems({ ...WIRED, kind: 'none', inputs: { beams: [1, 1] } }), []);
});

barriers.run();
