/** A real lane as an installer sets it up: a reader on a pty, sealed keys, a configuration file. */

import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature, PROGRAMS } from '../kit/feature.ts';
import { outsideTac, type Row } from './outside-tac.ts';
import {
  bundle,
  killAll,
  quickSim,
  type Running,
  run,
  SOURCE,
  scratch,
  start,
} from './programs.ts';

const lane = feature('real lane');

const PASSPHRASE = { TAPWAY_SAM_PASSPHRASE: 'only for this test' };
const GRANTED = /"message":"pass"/;

const published = run(quickSim(), ['keys']).then(({ out }) => out);

interface Site {
  readonly directory: string;
  readonly config: string;
  readonly reader: string;
  readonly keys: string;
}

async function site(extra = ''): Promise<Site> {
  const directory = scratch();
  const config = `${directory}/lane.yaml`;
  const reader = `${directory}/reader`;
  writeFileSync(
    config,
    `extends: shipped:sites/ningbo.yaml
fare: shipped:fares/ningbo-flat.yaml
lane: { id: T01, kind: flat, place: '00010001', passback_minutes: 0 }
reader: { path: ${reader}, ack_timeout_ms: 400, card_timeout_ms: 2000 }
sam:
  kind: software
${extra}`,
  );
  const keys = await published;
  const out = `${directory}/sam.keys`;
  const sealed = await run(bundle(), ['sam', 'seal', '--out', out], {
    env: PASSPHRASE,
    input: keys,
  });
  assert.equal([sealed.code, sealed.err], [0, '']);
  return { directory, config, reader, keys };
}

async function readerAt({ reader }: Site): Promise<Running> {
  const running = start(quickSim(), ['reader', '--pty', '--every', '1', '--link', reader]);
  await running.until(/\/reader\n/);
  return running;
}

/** From another directory, so that nothing is found by accident of where it was started. */
function gate({ config }: Site, program: readonly string[] = bundle()): Running {
  return start(program, ['gate', '--config', config], { env: PASSPHRASE, cwd: scratch() });
}

async function endedWell(running: Running): Promise<void> {
  running.kill('SIGTERM');
  const { code, err } = await running.ended;
  assert.is(code, 0, err);
  assert.match(err, /"msg":"stopped"\}\n$/);
}

async function rowsOf({ directory }: Site): Promise<Row[]> {
  const { out } = await run(bundle(), ['ledger', 'export', `${directory}/data`]);
  return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
}

for (const [name, program] of [
  ['source', () => SOURCE],
  ['bundle', bundle],
] as const)
  lane.testWith(
    PROGRAMS.openssl,
    `GIVEN the ${name} and a card on the reader WHEN it taps THEN it pays, and OpenSSL agrees`,
    async () => {
      const here = await site();
      const reader = await readerAt(here);
      const running = gate(here, program());
      await running.until(GRANTED);
      const meanwhile = await rowsOf(here);
      assert.ok(meanwhile.length > 0, 'nothing to export while the lane runs');
      await endedWell(running);
      await endedQuietly(reader);
      const verified = await run(bundle(), ['ledger', 'verify', `${here.directory}/data`]);
      assert.is(verified.code, 0, verified.out);
      const [row] = await rowsOf(here);
      assert.equal([row?.status, row?.amount_fen], ['done', 200]);
      if (row) assert.is(outsideTac(here.keys)(row), row.tac);
    },
    30_000,
  );

lane.test(
  'GIVEN a lane killed after a tap WHEN it starts again THEN it goes on, termSeq above the last',
  async () => {
    const here = await site();
    const reader = await readerAt(here);
    const killed = gate(here);
    await killed.until(GRANTED);
    killed.kill('SIGKILL');
    await killed.ended;
    const again = gate(here);
    await again.until(/"mode":"(inService|degraded)"/);
    await again.until(/"tap":1,/);
    await endedWell(again);
    await endedQuietly(reader);
    const sequence = (await rowsOf(here)).map(({ term_seq }) => Number(`0x${term_seq}`));
    const [first = 0, second = Number.POSITIVE_INFINITY] = sequence;
    assert.ok(second > first, `termSeq ${second} after ${first}`);
    assert.is((await run(bundle(), ['ledger', 'verify', `${here.directory}/data`])).code, 0);
  },
  30_000,
);

lane.test(
  'GIVEN a running lane WHEN a second opens the same data THEN it is refused in plain words',
  async () => {
    const here = await site();
    const running = gate(here);
    await running.until(/"msg":"lane mode"/);
    const { code, err } = await gate(here).ended;
    assert.is(code, 2);
    assert.match(
      err,
      new RegExp(`does not start: process ${running.pid} has this ledger open.*/data`),
    );
    assert.not.match(err, /replace it/);
    await endedWell(running);
  },
  20_000,
);

lane.test(
  'GIVEN the reader is unplugged WHEN another comes in its place THEN the lane is back by itself',
  async () => {
    const here = await site();
    const reader = await readerAt(here);
    const running = gate(here);
    await running.until(GRANTED);
    await endedQuietly(reader);
    await running.until(/"mode":"outOfService"/);
    const lost = running.said().err.length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const lines = running.said().err.slice(lost).split('\n').length - 1;
    assert.ok(lines <= 3, running.said().err.slice(lost));
    const other = await readerAt(here);
    await running.until(/"msg":"back in service"/, lost);
    await running.until(/"tap":\d+,"message"/, lost);
    await endedWell(running);
    await endedQuietly(other);
  },
  30_000,
);

lane.test(
  'GIVEN a mute reader WHEN the lane is stopped at once THEN it ends with 0',
  async () => {
    const here = await site();
    const mute = start(['-e', MUTE_READER], [here.reader]);
    await mute.until(/ready/);
    const running = gate(here);
    await running.until(/"msg":"lane starts"/);
    await endedWell(running);
    assert.not.match((await running.ended).err, /stopped actor|Error/);
    await endedQuietly(mute);
  },
  20_000,
);

/** A pty on which nobody ever answers. */
const MUTE_READER = `
  import('tsx/esm/api').then(async (tsx) => {
    tsx.register();
    const { createPty } = await import('${new URL('../../sim/pty.ts', import.meta.url)}');
    const pty = createPty({ link: process.argv[1] });
    pty.onData(() => {});
    process.on('SIGTERM', () => pty.close());
    process.stdout.write('ready');
  });`;

const CONFESSION = '  software_in_production: I accept that the purchase keys lie on this disk\n';

lane.test(
  'GIVEN production on a software SAM THEN only the confession starts it',
  async () => {
    const silent = await site('production: true\n');
    const refused = await gate(silent).ended;
    assert.is(refused.code, 2);
    assert.match(refused.err, /lane\.yaml:6:9: sam\.kind: .*software_in_production: I accept that/);
    const running = gate(await site(`${CONFESSION}production: true\n`));
    await running.until(/"msg":"lane mode"/);
    assert.match(running.said().err, /purchase keys of this production lane lie on its disk/);
    await endedWell(running);
  },
  20_000,
);

const REFUSED: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  ['no passphrase', { TAPWAY_SAM_PASSPHRASE: '' }, /set TAPWAY_SAM_PASSPHRASE to the passphrase/],
  ['a wrong one', { TAPWAY_SAM_PASSPHRASE: 'not the right one' }, /sam\.keys: wrong passphrase/],
  ['no key file', { TAPWAY__SAM__KEY_FILE: 'none' }, /ENOENT.*none.*tapway sam seal --in/],
];

lane.test(
  'GIVEN no usable SAM THEN the lane does not start and says what to do',
  async () => {
    const { config } = await site();
    for (const [what, env, expected] of REFUSED) {
      const options = { env: { ...PASSPHRASE, ...env } };
      const { code, err } = await run(bundle(), ['gate', '--config', config], options);
      assert.is(code, 2, what);
      assert.match(err, expected);
      assert.not.match(err, /wrong one|only for this test/);
    }
  },
  20_000,
);

lane.test(
  'GIVEN keys sealed before WHEN sealed again THEN the old file stays',
  async () => {
    const { directory, keys } = await site();
    const before = readFileSync(`${directory}/sam.keys`, 'utf8');
    const args = ['sam', 'seal', '--out', `${directory}/sam.keys`];
    const { code, err } = await run(bundle(), args, { env: PASSPHRASE, input: keys });
    assert.is(code, 2);
    assert.match(err, /EEXIST|exists/);
    assert.is(readFileSync(`${directory}/sam.keys`, 'utf8'), before);
  },
  20_000,
);

lane.after(killAll);
lane.run();

async function endedQuietly(running: Running): Promise<void> {
  running.kill('SIGTERM');
  const { code, err } = await running.ended;
  assert.equal([code, err], [0, '']);
}
