import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { passageMachine } from '../../../controller/gate/passage.ts';
import { statesOf } from '../../kit/explore.ts';
import { feature } from '../../kit/feature.ts';
import { type GateWithBoard, gateWithBoard } from './gate-with-board.ts';

const gates = feature('passage, driver and virtual board together');

type Act = (gate: GateWithBoard) => void;
const pay: Act = (gate) => gate.pay();
const adult: Act = (gate) => gate.walk();

/** What happens 700 ms after one another, what is told, and who went through. */
const SCENES: readonly (readonly [string, readonly Act[], string])[] = [
  ['one pays and walks', [pay, adult], 'passed 1'],
  ['two pay and walk', [pay, pay, adult, adult], 'passed 1, passed 2'],
  ['one pays, another follows (tailgating)', [pay, adult, adult], 'passed 1, tailgating'],
  [
    'one pays and brings a child',
    [pay, adult, (gate) => gate.walk({ tall: false, depth_m: 0.2 })],
    'passed 1',
  ],
  [
    'one pulls a trolley',
    [pay, (gate) => gate.walk({ trolley: { gap_m: 0.2, length_m: 0.3 } })],
    'passed 1',
  ],
  [
    'one turns back and comes again',
    [pay, (gate) => gate.walk({ turnsAt_m: 0.7 }), () => {}, () => {}, adult],
    'turned-back, passed 1',
  ],
  [
    'somebody comes from the other side first',
    [pay, (gate) => gate.walk({ from: 'far' }), () => {}, () => {}, () => {}, () => {}, adult],
    'intrusion, reverse-entry, passed 1',
  ],
  [
    'somebody climbs over the shut leaves',
    [(gate) => gate.walk({ forces: true })],
    'intrusion, forced',
  ],
  ['somebody waits before the shut leaves and goes', [adult], 'turned-back'],
  ['nobody comes', [pay], 'unused-right'],
  [
    'one stands between the leaves for long',
    [pay, (gate) => gate.walk({ hesitates: { at_m: 0.65, for_ms: 20_000 } })],
    'passed 1',
  ],
  [
    'one has passed and a bag stays',
    [pay, adult, (gate) => gate.walk({ hesitates: { at_m: 0.6, for_ms: 12_000 } })],
    'passed 1, obstruction, tailgating',
  ],
  [
    'one pays at the far end and walks out',
    [(gate) => gate.pay('out'), (gate) => gate.walk({ from: 'far' })],
    'passed 1',
  ],
  [
    'the far end pays while somebody walks in: refused, then served',
    [
      ...[pay, adult, (gate: GateWithBoard) => gate.pay('out'), () => {}, () => {}, () => {}],
      ...[
        (gate: GateWithBoard) => gate.pay('out'),
        (gate: GateWithBoard) => gate.walk({ from: 'far' }),
      ],
    ],
    'far-side-refused, passed 1, passed 3',
  ],
];
for (const [title, acts, expected] of SCENES)
  gates.test(title, async () => {
    const gate = await gateWithBoard();
    for (const act of acts) {
      act(gate);
      await gate.clock.advance(700);
    }
    await gate.clock.advance(30_000);
    assert.is(gate.told.join(', '), expected);
    assert.is(gate.keeper.state, 'closed');
    assert.is(gate.board.leaves, 'closed');
    assert.is(gate.board.counters().crushed, 0);
    await gate.end();
    assert.is(gate.clock.timers(), 0);
  });

/** How the real lane comes into each state of the machine. */
const WAYS: Readonly<Record<string, (gate: GateWithBoard) => Promise<void>>> = {
  closed: async () => {},
  opening: async (gate) => {
    gate.pay();
    await gate.clock.advance(100);
  },
  open: async (gate) => {
    gate.pay();
    await gate.clock.advance(1_000);
  },
  passing: async (gate) => {
    gate.pay();
    await gate.clock.advance(1_000);
    gate.walk();
    await gate.clock.advance(700);
  },
  clearing: async (gate) => {
    gate.pay();
    await gate.clock.advance(1_000);
    gate.walk();
    await gate.clock.advance(700);
    gate.walk({ hesitates: { at_m: 0.6, for_ms: 9_000 } });
    await gate.clock.advance(1_000);
  },
  closing: async (gate) => {
    gate.pay();
    await gate.clock.advance(8_500 + 150);
  },
  obstructed: async (gate) => {
    gate.pay();
    await gate.clock.advance(8_350);
    gate.walk({ hesitates: { at_m: 0.5, for_ms: 9_000 } });
    await gate.clock.advance(450);
  },
  intrusion: async (gate) => {
    gate.walk({ forces: true });
    await gate.clock.advance(600);
  },
  free: async (gate) => {
    gate.keeper.free(true);
    await gate.clock.advance(300);
  },
  emergency: async (gate) => {
    gate.board.fire(true);
    await gate.clock.advance(300);
    gate.board.fire(false);
    // burns again before it was over
    await gate.clock.advance(100);
  },
};

gates.test(
  'fire: the open order reaches the board within 200 ms, in every state',
  async () => {
    const reachable = statesOf(passageMachine).filter((state) => state !== 'blind');
    assert.equal(Object.keys(WAYS).sort(), reachable);
    for (const [state, way] of Object.entries(WAYS)) {
      for (let phase_ms = 0; phase_ms < 45; phase_ms += 4) {
        const gate = await gateWithBoard({ answer_ms: 12 });
        await way(gate);
        await gate.clock.advance(phase_ms);
        if (phase_ms === 0) assert.is(gate.keeper.state, state);
        // Lamps change at the same moment: they must not hold up the leaves.
        gate.keeper.show({ welcome: ['in', 'out'], concession: phase_ms % 12 === 0 });
        gate.board.fire(true);
        await gate.clock.advance(200);
        assert.ok(gate.board.lamps.open_in, `${state} + ${phase_ms} ms: not told to open`);
        assert.is(gate.keeper.state, 'emergency');
        assert.ok(gate.lane.fire);
        assert.is(gate.board.leaves.startsWith('open'), true);
        await gate.clock.advance(20_000);
        assert.is(gate.board.leaves, 'open');
        assert.is(gate.board.counters().crushed, 0);
        await gate.end();
      }
    }
  },
  60_000,
);

gates.test('fire: one poll without an answer, and it is still within 200 ms', async () => {
  for (let phase_ms = 0; phase_ms < 45; phase_ms += 4) {
    const gate = await gateWithBoard({ answer_ms: 8 });
    await gate.clock.advance(phase_ms);
    let left = 1;
    gate.spoil = (answer) => {
      if (answer.readUInt8(1) !== 2 || left === 0) return answer;
      left -= 1;
      return null;
    };
    gate.board.fire(true);
    await gate.clock.advance(200);
    assert.is(left, 0);
    assert.ok(gate.board.lamps.open_in, `+ ${phase_ms} ms: not told to open`);
    await gate.end();
  }
});

gates.test('fire over: the leaves shut when the zone is free', async () => {
  const gate = await gateWithBoard();
  gate.board.fire(true);
  await gate.clock.advance(1_000);
  gate.walk({ from: 'far', hesitates: { at_m: 0.6, for_ms: 4_000 } });
  await gate.clock.advance(1_000);
  gate.board.fire(false);
  await gate.clock.advance(2_000);
  assert.is(gate.board.leaves, 'open');
  assert.not(gate.lane.fire);
  await gate.clock.advance(10_000);
  assert.is(gate.board.leaves, 'closed');
  // While it burnt everybody might go anywhere; from its end on the rules hold again.
  assert.equal(gate.told, ['reverse-entry']);
  await gate.end();
});

gates.test('the board is lost while one walks: it opens by itself, then all goes on', async () => {
  const gate = await gateWithBoard();
  gate.pay();
  await gate.clock.advance(8_400);
  gate.unplug();
  await gate.clock.advance(5_000);
  assert.is(gate.board.leaves, 'open');
  assert.is(gate.keeper.state, 'blind');
  assert.is(gate.lane.lost > 0, true);
  gate.walk({ hesitates: { at_m: 0.6, for_ms: 5_000 } });
  await gate.clock.advance(1_000);
  gate.plugged = true;
  await gate.clock.advance(3_000);
  assert.is(gate.board.leaves, 'open');
  await gate.clock.advance(10_000);
  assert.is(gate.board.leaves, 'closed');
  assert.is(gate.keeper.state, 'closed');
  assert.is(gate.lane.found, 2);
  assert.is(gate.board.counters().crushed, 0);
  await gate.end();
});

gates.test(
  'lamps: green where one may come, red where not, and the buzzer for an alarm',
  async () => {
    const gate = await gateWithBoard();
    const lit = () => {
      const { lamps } = gate.board;
      return [
        lamps.near_green && 'near',
        lamps.far_green && 'far',
        lamps.concession && 'concession',
        lamps.buzzer && 'buzzer',
      ]
        .filter(Boolean)
        .join(' ');
    };
    await gate.clock.advance(500);
    assert.is(lit(), '');
    gate.keeper.show({ welcome: ['in', 'out'], concession: false });
    await gate.clock.advance(500);
    assert.is(lit(), 'near far');
    gate.pay();
    gate.keeper.show({ welcome: ['in', 'out'], concession: true });
    await gate.clock.advance(500);
    assert.is(lit(), 'near concession');
    assert.ok(gate.keeper.busyFor('out'));
    gate.keeper.show({ welcome: ['in', 'out'], concession: false });
    gate.walk({ from: 'far' });
    await gate.clock.advance(1_000);
    assert.is(lit(), 'near buzzer');
    await gate.clock.advance(30_000);
    assert.is(lit(), 'near far');
    gate.board.key(true);
    await gate.clock.advance(200);
    assert.ok(gate.lane.key);
    await gate.end();
  },
);

gates.test(
  'property: whoever comes and pays, nobody is crushed and all ends shut',
  async () => {
    const passenger = fc.record(
      {
        from: fc.constantFrom<'near' | 'far'>('near', 'near', 'far'),
        speed_mps: fc.double({ min: 0.5, max: 1.8, noNaN: true }),
        tall: fc.boolean(),
        forces: fc.boolean(),
        turnsAt_m: fc.double({ min: 0.2, max: 1.3, noNaN: true }),
        hesitates: fc.record({
          at_m: fc.double({ min: 0.1, max: 1.2, noNaN: true }),
          for_ms: fc.nat(12_000),
        }),
      },
      { requiredKeys: ['from', 'speed_mps'] },
    );
    const act = fc.oneof(
      fc.constantFrom('pay', 'pay', 'pay-out', 'fire', 'free', 'unplug', 'power'),
      passenger,
      passenger,
    );
    const acts = fc.array(fc.tuple(act, fc.nat(4_000)), { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(acts, async (list) => {
        const gate = await gateWithBoard();
        for (const [what, pause_ms] of list) {
          if (typeof what !== 'string') gate.walk(what);
          else await happen(gate, what);
          await gate.clock.advance(pause_ms);
        }
        gate.board.fire(false);
        gate.plugged = true;
        gate.board.power(true);
        await gate.clock.advance(60_000);
        assert.is(gate.board.counters().crushed, 0, 'crushed');
        assert.is(gate.keeper.state, 'closed');
        assert.is(gate.board.leaves, 'closed');
        const used = gate.told.filter((line) => line.startsWith('passed'));
        assert.is(new Set(used).size, used.length, 'a right was used twice');
        await gate.end();
      }),
      { numRuns: 15 },
    );
  },
  120_000,
);

async function happen(gate: GateWithBoard, what: string): Promise<void> {
  switch (what) {
    case 'pay':
      return gate.pay();
    case 'pay-out':
      return gate.pay('out');
    case 'fire':
      gate.board.fire(true);
      await gate.clock.advance(1_500);
      return gate.board.fire(false);
    case 'free':
      gate.keeper.free(true);
      await gate.clock.advance(1_500);
      return gate.keeper.free(false);
    case 'unplug':
      gate.unplug();
      await gate.clock.advance(1_500);
      gate.plugged = true;
      return;
    case 'power':
      gate.board.power(false);
      await gate.clock.advance(300);
      return gate.board.power(true);
  }
}

gates.run();
