import * as assert from 'uvu/assert';
import { failed, ok, type Presence, type Reply } from '../../../firmware-bridge/ports.ts';
import { readerDevice, samDevice } from '../../../firmware-bridge/supervise/devices.ts';
import { createQuiet } from '../../../firmware-bridge/supervise/quiet.ts';
import { runReplug } from '../../../firmware-bridge/supervise/replug.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const devices = feature('devices to supervise');

function reader(found: Reply<Presence>, calls: string[] = []) {
  const called = (name: string) => async () => {
    calls.push(name);
    return ok(name);
  };
  return {
    name: 'scripted reader',
    detect: async () => found,
    probe: called('probe'),
    recover: called('recover'),
    mending: {
      rfReset: called('rf-reset'),
      chipReset: called('chip-reset'),
      reopen: called('reopen'),
    },
    counters: () => ({}),
    close: async () => {},
  };
}

devices.test(
  'GIVEN a reader THEN its rungs are climbed from the mildest to the hardest',
  async () => {
    const calls: string[] = [];
    const replug = { run: async () => ok(calls.push('power')), gap_ms: 60_000 };
    const { rungs } = readerDevice(reader(ok({ kind: 'none' }), calls), replug);
    for (const rung of rungs) await rung.run();
    const names = rungs.map(({ name }) => name);
    assert.equal(names, ['retry', 'rf-reset', 'chip-reset', 'reopen', 'replug']);
    assert.equal(calls, ['probe', 'rf-reset', 'chip-reset', 'reopen', 'power', 'reopen']);
  },
);

devices.test(
  'GIVEN a reader that knows `recover` alone THEN that is how it is reopened',
  async () => {
    const calls: string[] = [];
    const { rungs } = readerDevice({ ...reader(ok({ kind: 'none' }), calls), mending: undefined });
    for (const rung of rungs) await rung.run();
    assert.equal(calls, ['probe', 'recover']);
  },
);

const PROOFS: readonly (readonly [string, Reply<Presence>, boolean])[] = [
  ['finds nothing', ok({ kind: 'none' }), true],
  ['finds several cards', ok({ kind: 'several' }), true],
  ['finds a damaged card', failed('card-garbled', 'none', 'ATS'), true],
  ['cannot detect', failed('chip-refused', 'none', 'syntax'), false],
];
for (const [what, found, proved] of PROOFS)
  devices.test(`GIVEN a reader that ${what} THEN proved: ${proved}`, async () => {
    assert.is((await readerDevice(reader(found)).prove?.())?.ok, proved);
  });

devices.test(
  'GIVEN a card in the field WHEN a reader proves itself THEN it is let go',
  async () => {
    let released = 0;
    const card = {
      uid: Buffer.alloc(4),
      ats: Buffer.alloc(0),
      transceive: async () => failed('card-gone', 'none', 'nobody may ask it'),
      present: async () => ok(true),
      release: async () => {
        released += 1;
      },
    };
    const proof = await readerDevice(reader(ok({ kind: 'card', card }))).prove?.();
    assert.equal([proof?.ok, released], [true, 1]);
  },
);

devices.test('GIVEN a SAM that nobody may ask THEN it has no probe', () => {
  const sam = { start: async () => ok(null), close: async () => {} };
  assert.is(samDevice(sam).probe, undefined);
  assert.type(samDevice({ ...sam, probe: async () => ok(null) }).probe, 'function');
});

devices.test(
  'GIVEN the same fault for an hour THEN one line a minute, with the count',
  async () => {
    const clock = createFakeClock();
    const quiet = createQuiet(clock);
    const lines: number[] = [];
    for (let second = 0; second < 3_600; second += 1) {
      const kept = quiet('reader chip-mute');
      if (kept !== null) lines.push(kept);
      await clock.advance(1_000);
    }
    assert.is(lines.length, 60);
    assert.equal(lines.slice(0, 2), [0, 59]);
    assert.is(quiet('sam sam-mute'), 0);
  },
);

devices.test('GIVEN a replug command THEN run without a shell, its failures told', async () => {
  assert.is((await runReplug(['test', 'a b', '=', 'a b'])).ok, true);
  const refused = await runReplug(['false']);
  assert.ok(!refused.ok && /replug with false: /.test(refused.fault.detail));
  const missing = await runReplug(['no-such-program-here', 'x']);
  assert.ok(!missing.ok && /ENOENT/.test(missing.fault.detail));
});

devices.test('GIVEN a replug command that hangs THEN it is killed at its deadline', async () => {
  const hung = await runReplug(['sleep', '60'], 50);
  assert.ok(!hung.ok && /no end in 50 ms/.test(hung.fault.detail));
});

devices.run();
