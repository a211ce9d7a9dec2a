import * as assert from 'uvu/assert';
import { bundleWorker } from '../../sim/world/bundle.ts';
import type { Violation } from '../../sim/world/checks.ts';
import { drawStory } from '../../sim/world/draw.ts';
import { runStory } from '../../sim/world/run.ts';
import { shrink } from '../../sim/world/shrink.ts';
import { FITTINGS, type Story } from '../../sim/world/story.ts';
import { feature } from '../kit/feature.ts';
import { liveIn } from './broken.ts';

const replay = feature('a world replays');

const TAPS = 60;

replay.test('GIVEN one seed WHEN its story is drawn twice THEN it is the same story', () => {
  assert.equal(drawStory(7, { taps: TAPS }), drawStory(7, { taps: TAPS }));
  assert.not.equal(drawStory(7, { taps: TAPS }), drawStory(8, { taps: TAPS }));
});

replay.test(
  'GIVEN one story WHEN it is lived twice THEN every event is the same, to the byte',
  async () => {
    for (const seed of [7, 9]) {
      const story = drawStory(seed, { taps: TAPS });
      const first = await runStory(story, { whole: true });
      const second = await runStory(story, { whole: true });
      assert.is(first.violation, null);
      assert.ok(first.lines.length > 5 * TAPS, 'a log with something in it');
      assert.equal(second.lines, first.lines);
      assert.is(second.digest, first.digest);
    }
  },
  60_000,
);

replay.test(
  'GIVEN the bundled worker of a campaign THEN it lives the same events as the sources',
  async () => {
    const here = await runStory(drawStory(7, { taps: TAPS }));
    const bundle = bundleWorker();
    try {
      const { outcome } = await liveIn(bundle, { seed: 7, taps: TAPS });
      assert.is(outcome.digest, here.digest);
    } finally {
      bundle.remove();
    }
  },
  60_000,
);

replay.test(
  'GIVEN worlds with Modbus, list files, index and office THEN sources and bundle live the same',
  async () => {
    const bundle = bundleWorker();
    try {
      for (const fitted of FITTINGS.map((name) => [name])) {
        const story = drawStory(7, { taps: TAPS, fitted });
        const first = await runStory(story);
        assert.is(first.violation, null, first.violation?.text);
        assert.is((await runStory(story)).digest, first.digest, fitted[0]);
        const { outcome } = await liveIn(bundle, { seed: 7, taps: TAPS, fitted });
        assert.is(outcome.digest, first.digest, fitted[0]);
      }
    } finally {
      bundle.remove();
    }
  },
  120_000,
);

replay.test(
  'GIVEN what a story is fitted with THEN all else in it stays as its seed has it',
  () => {
    const plain = drawStory(7, { taps: TAPS, fitted: [] });
    const fitted = drawStory(7, { taps: TAPS, fitted: ['modbus', 'files'] });
    assert.equal(fitted.cards, plain.cards);
    for (const [index, { faults, ...step }] of fitted.steps.entries()) {
      const { faults: before = [], ...same } = plain.steps[index] ?? {};
      assert.equal(step, same);
      const more = faults.filter(({ kind }) => /^(board-|list-import)/.test(kind));
      assert.equal(
        faults.slice(0, faults.length - more.length),
        before.slice(Math.max(0, before.length + more.length - 3)),
      );
    }
  },
);

replay.test(
  'GIVEN a story out of JSON THEN it is lived like the one that was drawn',
  async () => {
    const story = drawStory(11, { taps: 20 });
    const read = JSON.parse(JSON.stringify(story)) as Story;
    assert.is((await runStory(read)).digest, (await runStory(story)).digest);
  },
  30_000,
);

replay.test(
  'GIVEN a failure that takes two passengers and one fault THEN shrinking leaves just these',
  async () => {
    const story = drawStory(3, { taps: 100, faults: 2 });
    const culprits = story.steps.filter(({ faults }) => faults.length > 1).slice(0, 2);
    const [first, second] = culprits.map(({ id }) => id);
    const kind = culprits[1]?.faults[0]?.kind;
    const violation: Violation = { rule: 'money', text: 'invented', step: second ?? 0 };
    const live = async ({ steps }: Story) => {
      const fails =
        steps.some(({ id }) => id === first) &&
        steps.some(({ id, faults }) => id === second && faults.some((one) => one.kind === kind));
      return { violation: fails ? violation : null };
    };
    const shrunk = await shrink(story, violation, live);
    assert.equal(
      shrunk.story.steps.map(({ id, faults }) => [id, faults.length]),
      [
        [first, 0],
        [second, 1],
      ],
    );
  },
);

replay.run();
