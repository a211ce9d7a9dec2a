/** What systemd hears of a lane, at a real datagram socket with the real `systemd-notify`. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { createNotify, type Notify } from '../../../controller/ops/notify.ts';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { scratch } from '../../commands/programs.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const notify = feature('notify');
const systemd = { command: 'systemd-notify', install: 'apt-get install systemd' };
const managers = new Set<ChildProcess>();

interface Manager {
  readonly env: NodeJS.ProcessEnv;
  readonly heard: string[];
  until(pattern: RegExp): Promise<void>;
  stop(): void;
}

async function manager(mode: 'read' | 'hold', env: NodeJS.ProcessEnv = {}): Promise<Manager> {
  const path = `${scratch()}/notify`;
  const child = spawn('python3', ['test/controller/ops/notify-socket.py', path, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  managers.add(child);
  const heard: string[] = [];
  child.stdout?.on('data', (text: Buffer) => {
    heard.push(...text.toString().trim().split('\n'));
  });
  const until = async (pattern: RegExp) => {
    while (!heard.some((line) => pattern.test(line))) await sleep(systemClock, 5);
  };
  await until(/^listening$/);
  return {
    env: { NOTIFY_SOCKET: path, PATH: process.env.PATH, ...env },
    heard,
    until,
    stop: () => void child.kill(),
  };
}

interface Subject extends Notify {
  readonly errors: string[];
}

function tell(env: NodeJS.ProcessEnv, alive = () => true, clock = systemClock): Subject {
  const errors: string[] = [];
  const log = { error: (_: object, message: string) => void errors.push(message) };
  return Object.assign(createNotify({ env, clock, log, alive }), { errors });
}

/** Processes that this one has started to carry a message. */
function messengers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return new RegExp(`\\(systemd-notify\\) \\w ${process.pid} `).test(stat);
    } catch {
      return false;
    }
  });
}

notify.testWith(
  systemd,
  'GIVEN a lane WHEN it starts, changes mode and stops THEN systemd hears all of it in order',
  async () => {
    const { env, heard, until, stop } = await manager('read');
    const lane = tell(env);
    lane.status('starting');
    await until(/STATUS=starting/);
    lane.ready();
    lane.status('inService');
    await until(/STATUS=inService/);
    lane.status('inService');
    await lane.stopping();
    lane.status('too late');
    stop();
    const said = heard.filter((line) => line.includes('=') && line !== 'BARRIER=1');
    assert.is(said.join(';'), 'STATUS=starting;READY=1;STATUS=inService;STOPPING=1');
    assert.equal([lane.counters().failed, lane.errors, messengers()], [0, [], []]);
  },
);

notify.testWith(
  systemd,
  'GIVEN a watchdog WHEN the loop stands still THEN the signs of life end, and return with it',
  async () => {
    const watchdog = { WATCHDOG_USEC: '40000', WATCHDOG_PID: String(process.pid) };
    const { env, heard, until, stop } = await manager('read', watchdog);
    let alive = true;
    const lane = tell(env, () => alive);
    const signs = () => heard.filter((line) => line.includes('WATCHDOG=1')).length;
    lane.status('not yet ready');
    await until(/STATUS/);
    await sleep(systemClock, 100);
    assert.is(signs(), 0, 'none before the lane has started');
    lane.ready();
    await until(/WATCHDOG=1/);
    alive = false;
    while (lane.errors.length === 0) await sleep(systemClock, 5);
    // What was on its way may still arrive.
    lane.status('standing');
    await until(/standing/);
    const before = signs();
    await sleep(systemClock, 200);
    assert.equal([signs(), lane.errors.length], [before, 1]);
    alive = true;
    while (signs() === before) await sleep(systemClock, 5);
    await lane.stopping();
    const last = signs();
    await sleep(systemClock, 100);
    assert.is(signs(), last);
    stop();
  },
);

notify.testWith(
  systemd,
  'GIVEN a systemd that does not read WHEN the lane stops THEN no messenger is left',
  async () => {
    const { env, until, stop } = await manager('hold');
    const lane = tell(env);
    lane.ready();
    await until(/READY=1/);
    lane.status('one');
    lane.status('two');
    assert.is(messengers().length, 1);
    await lane.stopping();
    assert.equal([messengers(), lane.errors.length], [[], 1]);
    await until(/STATUS=two;.*STOPPING=1/);
    stop();
  },
);

notify.test('GIVEN no systemd-notify THEN it is said once, counted, and tried again', async () => {
  const lane = tell({ NOTIFY_SOCKET: '/nowhere', PATH: scratch() });
  lane.ready();
  while (lane.counters().failed < 1) await sleep(systemClock, 5);
  lane.status('inService');
  await lane.stopping();
  assert.is(lane.counters().sent, 0);
  assert.ok(lane.counters().failed >= 2);
  assert.is(lane.errors.length, 1);
  assert.match(lane.errors[0] ?? '', /systemd was not told: spawn systemd-notify ENOENT/);
});

/** The period is half of what systemd asks for; other processes' watchdogs are not ours. */
const WATCHDOGS: readonly [string, NodeJS.ProcessEnv, number][] = [
  ['no socket', { WATCHDOG_USEC: '20000000' }, 0],
  ['no watchdog', { NOTIFY_SOCKET: '/nowhere' }, 0],
  ['nonsense', { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: 'often' }, 0],
  ['another process', { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '9', WATCHDOG_PID: '1' }, 0],
  ['20 s', { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '20000000' }, 3],
];

for (const [name, env, beats] of WATCHDOGS)
  notify.test(`GIVEN ${name} THEN ${beats} signs of life in 29 s`, async () => {
    const clock = createFakeClock();
    let asked = 0;
    const alive = () => {
      asked += 1;
      return false;
    };
    const lane = tell({ ...env, PATH: scratch() }, alive, clock);
    lane.ready();
    await clock.advance(29_000);
    assert.is(asked, beats);
    await clock.until(lane.stopping());
    assert.is(clock.timers(), 0);
  });

notify.after(() => {
  for (const child of managers) child.kill('SIGKILL');
});
notify.run();
