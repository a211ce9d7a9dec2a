/** What waits for a printer names persons: it leaves whole, and nothing of it stays. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Outbox } from '../../../firmware-bridge/link/outbox.ts';
import { feature } from '../../kit/feature.ts';

const outboxes = feature('bytes on their way to a device');
const LIMIT = 64;

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

outboxes.test('GIVEN any writes WHEN the device takes any parts THEN in order, then zero', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.nat(40)), { maxLength: 30 }), (steps) => {
      const outbox = new Outbox(LIMIT);
      const put: Buffer[] = [];
      const gone: Buffer[] = [];
      const seen = new Set<Buffer>();
      for (const [chunk, most] of steps) {
        const room = LIMIT - outbox.waiting;
        assert.is(outbox.put(chunk), chunk.length <= room);
        if (chunk.length <= room) put.push(Buffer.from(chunk));
        const { head } = outbox;
        if (!head) continue;
        const count = Math.min(most, head.length);
        gone.push(Buffer.from(head.subarray(0, count)));
        seen.add(head.subarray(0, count));
        outbox.took(count);
      }
      const whole = Buffer.concat(put);
      const left = Buffer.concat(gone).length;
      assert.equal(Buffer.concat(gone), whole.subarray(0, left));
      assert.is(outbox.waiting, whole.length - left);
      for (const part of seen) assert.ok(part.every((byte) => byte === 0));
    }),
  );
});

outboxes.test('GIVEN bytes that wait WHEN the device is lost THEN they are wiped', () => {
  const outbox = new Outbox(LIMIT);
  const mine = Buffer.from('a slip');
  outbox.put(mine);
  outbox.put(Buffer.from('another'));
  const { head } = outbox;
  outbox.wipe();
  assert.is(outbox.waiting, 0);
  assert.is(outbox.head, undefined);
  assert.ok(head?.every((byte) => byte === 0));
  assert.is(mine.toString(), 'a slip', 'the writer keeps its own');
});

outboxes.run();
