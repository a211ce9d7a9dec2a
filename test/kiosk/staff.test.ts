import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { hashCode, isCode } from '../../controller/kiosk/service-code.ts';
import { failed } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';
import { until } from '../page/fake-world.ts';
import { type KioskBench, started } from './kiosk-bench.ts';

const staff = feature('staff at the kiosk');
const CODE = '24681357';
const code = await hashCode(Buffer.from(CODE));

async function opened(): Promise<KioskBench> {
  return started({ settings: (config) => ({ ...config, maintenance: { code } }) });
}

/** scrypt works in a thread of its own, which the fake clock does not hold. */
async function typed(bench: KioskBench, digits: string): Promise<void> {
  await bench.type(digits);
  await until(() => {
    const { screen } = bench.view;
    return screen.kind !== 'service-code' || (screen.wrong && screen.typed === 0);
  });
}

staff.test('GIVEN the code WHEN typed THEN every device is shown, and one leads back', async () => {
  const bench = await opened();
  bench.printer = failed('printer-lost', 'none', 'scripted');
  await bench.moment(4_000);
  await bench.do({ type: 'staff' });
  assert.equal(bench.screen('service-code'), { kind: 'service-code', typed: 0, wrong: false });
  await typed(bench, CODE);
  const { devices } = bench.screen('maintenance');
  assert.equal(
    devices.map(({ kind, state }) => `${kind} ${state}`),
    [
      'contact-reader ready',
      'contactless-reader ready',
      'printer lost',
      'sam ready',
      'books ready',
      'voice absent',
    ],
  );
  assert.match(devices[2]?.detail ?? '', /E700 printer-lost/);
  await bench.do({ type: 'finish' });
  assert.is(bench.view.screen.kind, 'welcome');
  await bench.stop();
});

staff.test('GIVEN wrong codes WHEN five were typed THEN the right one waits a minute', async () => {
  const bench = await opened();
  await bench.do({ type: 'staff' });
  for (let nth = 1; nth <= 5; nth += 1) {
    await bench.do({ type: 'back' }, { type: 'staff' });
    await typed(bench, '000000');
    assert.is(bench.screen('service-code').wrong, true);
  }
  await bench.do({ type: 'back' }, { type: 'staff' });
  await typed(bench, CODE);
  assert.is(bench.screen('service-code').wrong, true);
  await bench.do({ type: 'back' });
  await bench.moment(61_000);
  await bench.do({ type: 'staff' });
  await typed(bench, CODE);
  assert.is(bench.view.screen.kind, 'maintenance');
  await bench.moment(610_000);
  assert.is(bench.view.screen.kind, 'welcome');
  await bench.stop();
});

staff.test('GIVEN a kiosk without a code WHEN any is typed THEN it stays shut', async () => {
  const bench = await started();
  await bench.do({ type: 'staff' });
  await typed(bench, CODE);
  assert.is(bench.screen('service-code').wrong, true);
  await bench.moment(31_000);
  assert.is(bench.view.screen.kind, 'welcome');
  await bench.stop();
});

staff.test('GIVEN a person with a card THEN nobody gets at the service page', async () => {
  const bench = await opened();
  await bench.insert();
  await bench.do({ type: 'staff' });
  assert.is(bench.view.screen.kind, 'card');
  await bench.stop();
});

staff.test('GIVEN a hash THEN it fits its code alone, and nonsense fits none', async () => {
  assert.is(await isCode(Buffer.from(CODE), code), true);
  assert.is(await isCode(Buffer.from('24681358'), code), false);
  for (const kept of ['', 'scrypt$14$$', 'scrypt$99$AAAA$AAAA', code.replace('$14$', '$30$')]) {
    assert.is(await isCode(Buffer.from(CODE), kept), false, kept);
  }
});

staff.test(
  'GIVEN `tapway kiosk code` WHEN a code is given THEN its hash comes, else why not',
  () => {
    const run = (input: string) =>
      spawnSync('node', ['--import', 'tsx', 'controller/cli.ts', 'kiosk', 'code'], {
        input,
        encoding: 'utf8',
      });
    const made = run('135790\n');
    assert.match(made.stdout, /^scrypt\$14\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+\n$/);
    const refused = run('12ab\n');
    assert.is(refused.status, 2);
    assert.match(refused.stderr, /6 to 16 digits/);
  },
);

staff.run();
