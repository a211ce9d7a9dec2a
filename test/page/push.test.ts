import * as assert from 'uvu/assert';
import { startPushing } from '../../controller/web/push.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';
import { createFakeWorld } from './fake-world.ts';

const push = feature('panel pushes');

/** Time that stands still until it is moved. */
function handClock(): Clock & { advance(by_ms: number): void } {
  const timers = new Map<number, { at_ms: number; callback: () => void }>();
  let now_ms = 0;
  let ids = 0;
  return {
    now_ms: () => now_ms,
    wall_ms: () => now_ms,
    setTimeout(callback, delay_ms) {
      ids += 1;
      timers.set(ids, { at_ms: now_ms + delay_ms, callback });
      return ids;
    },
    clearTimeout: (timer) => timers.delete(timer as number),
    advance(by_ms) {
      const end_ms = now_ms + by_ms;
      for (;;) {
        const [next] = [...timers].sort((a, b) => a[1].at_ms - b[1].at_ms);
        if (!next || next[1].at_ms > end_ms) break;
        timers.delete(next[0]);
        now_ms = Math.max(now_ms, next[1].at_ms);
        next[1].callback();
      }
      now_ms = end_ms;
    },
  };
}

function fakePage() {
  const sent: string[] = [];
  return { sent, bufferedAmount: 0, send: (text: string) => void sent.push(text) };
}

push.test(
  'GIVEN 1000 changes in a second THEN at most 31 states go out, the last the newest',
  () => {
    const world = createFakeWorld();
    const clock = handClock();
    const pusher = startPushing(world, clock);
    const page = fakePage();
    pusher.add(page);
    for (let i = 1; i <= 1_000; i += 1) {
      world.show({ takings_fen: i });
      clock.advance(1);
    }
    assert.ok(page.sent.length <= 31, `${page.sent.length} states`);
    assert.ok(page.sent.length >= 25, `${page.sent.length} states`);
    clock.advance(40);
    assert.is(JSON.parse(page.sent.at(-1) ?? '').takings_fen, 1_000);
    pusher.stop();
  },
);

push.test('GIVEN a page that does not read WHEN it catches up THEN it gets the newest only', () => {
  const world = createFakeWorld();
  const clock = handClock();
  const pusher = startPushing(world, clock);
  const slow = fakePage();
  const quick = fakePage();
  slow.bufferedAmount = 1_000_000;
  pusher.add(slow);
  pusher.add(quick);
  for (let i = 1; i <= 10; i += 1) {
    world.show({ takings_fen: i });
    clock.advance(40);
  }
  assert.is(slow.sent.length, 0);
  assert.ok(quick.sent.length >= 10);
  assert.ok(pusher.skipped() >= 10);
  slow.bufferedAmount = 0;
  clock.advance(40);
  assert.equal(
    slow.sent.map((text) => JSON.parse(text).takings_fen),
    [10],
  );
  pusher.stop();
});

push.test('GIVEN a stopped pusher WHEN the lane changes THEN nobody is told', () => {
  const world = createFakeWorld();
  const clock = handClock();
  const pusher = startPushing(world, clock);
  const page = fakePage();
  pusher.add(page);
  pusher.stop();
  world.show({ takings_fen: 1 });
  clock.advance(1_000);
  assert.is(page.sent.length, 0);
  assert.is(world.listeners(), 0);
});

push.run();
