/** The loop that has the card: does it tell a slow card from a program that stands still? */

import * as assert from 'uvu/assert';
import { createCardLoop } from '../../controller/kiosk/card-loop.ts';
import { sleep } from '../../firmware-bridge/clock.ts';
import { type Card, ok, type Presence } from '../../firmware-bridge/ports.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { feature } from '../kit/feature.ts';

const loops = feature('the loop with the card');
const ANSWER_MS = 1_400;
const COMMANDS = 60;

loops.test(
  'GIVEN a card that is slow with each of many answers THEN no watchdog takes the kiosk for dead',
  async () => {
    const clock = createFakeClock();
    let answers = 0;
    const card: Card = {
      ...{ uid: Buffer.alloc(4), ats: Buffer.alloc(1) },
      async transceive() {
        await sleep(clock, ANSWER_MS);
        answers += 1;
        return ok(Buffer.of(0x90, 0x00));
      },
      present: async () => ok(answers < COMMANDS),
      release: async () => {},
    };
    const found: Presence = { kind: 'card', card };
    const loop = createCardLoop({
      ...{ clock, pause_ms: 100, faces: ['contactless'], open: () => true },
      look: async () => ok(answers < COMMANDS ? found : { kind: 'none' }),
      onCard() {
        loop.work(async (each) => {
          for (let n = 0; n < COMMANDS; n += 1) await each.transceive(Buffer.alloc(5), 1_500);
        });
      },
      ...{ onOdd() {}, onGone: () => loop.stop(), onTrouble() {} },
    });
    const running = loop.run();
    let longest_ms = 0;
    while (answers < COMMANDS) {
      await clock.advance(100);
      longest_ms = Math.max(longest_ms, loop.stillFor_ms());
    }
    await clock.advance(1_000);
    await running;
    assert.ok(longest_ms >= 1_000 && longest_ms <= 2 * ANSWER_MS, String(longest_ms));
  },
);

loops.run();
