import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { ok, type Reply } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { createLinkScript } from '../../kit/link-script.ts';
import {
  answer,
  bench,
  CONFIG,
  CONFIGURE,
  started,
  verdict,
  WAKE,
  withCard,
} from './reader-bench.ts';

const mending = feature('PN532 reader, its rungs');

mending.test('GIVEN a field to reset THEN off and on, and the card of before is gone', async () => {
  const field = [...answer('320100', '33'), ...answer('320101', '33')];
  const { card, reader, clock, verify } = await withCard(...field);
  const reply = reader.mending?.rfReset();
  assert.ok(reply);
  assert.is(verdict(await clock.until(reply)), 'ok');
  assert.is(verdict(await card.transceive(Buffer.from('8054', 'hex'), 500)), 'card-gone none');
  verify();
});

mending.test(
  'GIVEN a field to reset under a card THEN nobody knows whether it still lies there',
  async () => {
    const field = [...answer('320100', '33'), ...answer('320101', '33')];
    const { card, reader, clock, verify } = await withCard(...field);
    const reply = reader.mending?.rfReset();
    assert.ok(reply);
    await clock.until(reply);
    // Told as gone, it would be taken for a new card, and pay again.
    assert.is(verdict(await card.present()), 'card-gone none');
    verify();
  },
);

mending.test('GIVEN a lost link THEN a chip reset opens none; reopening does', async () => {
  const scripts = [
    [...WAKE, ...CONFIGURE],
    [...WAKE, ...CONFIGURE],
  ];
  const { reader, clock, far, verify } = bench({ scripts });
  await clock.until(reader.start());
  far.unplug();
  await clock.advance(1);
  const { chipReset, reopen } = reader.mending ?? {};
  assert.ok(chipReset && reopen);
  assert.is(verdict(await chipReset()), 'link-lost none');
  assert.is(verdict(await clock.until(reopen())), 'ok');
  verify();
});

mending.test('GIVEN a chip on an open line THEN a chip reset brings it up anew there', async () => {
  const [speed = '', ...rest] = CONFIGURE;
  const again = ['> ack', ...WAKE, speed, ...rest];
  const { reader, clock, verify } = await started(...again);
  const reply = reader.mending?.chipReset();
  assert.ok(reply);
  assert.is(verdict(await clock.until(reply)), 'ok');
  verify();
});

mending.test(
  'GIVEN a line that hangs while it opens THEN reopened, the late one closed',
  async () => {
    const clock = createFakeClock();
    const pairs = [createMemoryLinkPair('hangs'), createMemoryLinkPair('opens')];
    const [late, good] = pairs;
    assert.ok(late && good);
    const { verify } = createLinkScript(
      good.far,
      ...[...WAKE, ...CONFIGURE],
      ...['> ack', ...WAKE, ...CONFIGURE],
    );
    let open = () => {};
    let closed = 0;
    const waiting = new Promise<Reply<typeof late.near>>((resolve) => {
      const close = async () => {
        closed += 1;
      };
      open = () => resolve(ok({ ...late.near, close }));
    });
    let opened = 0;
    const openLink = () => {
      opened += 1;
      return opened === 1 ? waiting : Promise.resolve(ok(good.near));
    };
    const reader = createPn532Reader({ openLink, clock, config: CONFIG });
    const first = reader.start();
    const again = reader.mending?.reopen();
    assert.ok(again);
    assert.is(verdict(await clock.until(again)), 'ok');
    open();
    assert.is((await first).ok, false);
    assert.is(closed, 1);
    assert.is((await clock.until(reader.recover())).ok, true, 'the good one still serves');
    verify();
  },
);

mending.run();
