import * as assert from 'uvu/assert';
import { createMemoryLinkPair, type MemoryLink } from '../../../firmware-bridge/link/memory.ts';
import { feature } from '../../kit/feature.ts';

const pair = feature('memory link');

function heard(link: MemoryLink): string[] {
  const log: string[] = [];
  link.listen({
    data: (bytes) => log.push(bytes.toString()),
    lost: (fault) => log.push(fault.code),
  });
  return log;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

pair.test('GIVEN a listener WHEN the other end writes THEN it hears later, in order', async () => {
  const { near, far } = createMemoryLinkPair('line');
  const log = heard(far);
  for (const text of ['a', 'b', 'c']) assert.ok(near.write(Buffer.from(text)).ok);
  assert.equal(log, []);
  await settled();
  assert.equal(log, ['a', 'b', 'c']);
});

pair.test('GIVEN bytes before the listener WHEN it comes THEN it hears them', async () => {
  const { near, far } = createMemoryLinkPair('line');
  near.write(Buffer.from('a'));
  near.write(Buffer.from('b'));
  await settled();
  assert.equal(heard(far), ['a', 'b']);
});

pair.test('GIVEN nobody listens WHEN 64 KiB wait THEN more is refused and counted', () => {
  const { near } = createMemoryLinkPair('line');
  assert.ok(near.write(Buffer.alloc(64 * 1024)).ok);
  const reply = near.write(Buffer.alloc(1));
  assert.is(reply.ok ? '' : `${reply.fault.code} ${reply.fault.effect}`, 'link-busy none');
  assert.is(near.counters().writes_refused, 1);
});

for (const side of ['near', 'far'] as const) {
  pair.test(`WHEN the ${side} end is unplugged THEN both ends lose the link once`, async () => {
    const link = createMemoryLinkPair('line');
    const logs = [heard(link.near), heard(link.far)];
    link.near.write(Buffer.from('under way'));
    link[side].unplug();
    link[side].unplug();
    await settled();
    assert.equal(logs, [['link-lost'], ['link-lost']]);
    const reply = link.near.write(Buffer.from('x'));
    assert.is(reply.ok ? '' : `${reply.fault.code} ${reply.fault.effect}`, 'link-lost none');
    assert.not((await link.far.setBaud(9600)).ok);
  });
}

pair.test('GIVEN a closed end WHEN the other writes or unplugs THEN it hears nothing', async () => {
  const { near, far } = createMemoryLinkPair('line');
  const log = heard(near);
  far.write(Buffer.from('late'));
  await near.close();
  await near.close();
  assert.ok(far.write(Buffer.from('x')).ok);
  far.unplug();
  await settled();
  assert.equal(log, []);
});

pair.run();
