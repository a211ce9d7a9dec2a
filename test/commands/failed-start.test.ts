/** A program that cannot start says why, and ends: nothing that it opened may keep it alive. */

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { createShell } from '../../controller/cli/shell.ts';
import type { Io } from '../../controller/commands/io.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { feature } from '../kit/feature.ts';
import { bundle, type Ended, killAll, quickSim, SIM, scratch, start } from './programs.ts';

const starts = feature('a start that fails');

const NOTHING: Io = {
  out() {},
  err() {},
  write: async () => {},
  env: {},
  disk: systemDisk,
  clock: systemClock,
};

/** A program that hangs is killed, and has then no exit code. */
const PATIENCE_MS = 10_000;

async function ends(program: readonly string[], args: readonly string[]): Promise<Ended> {
  const running = start(program, args);
  const timer = setTimeout(() => running.kill('SIGKILL'), PATIENCE_MS);
  const ended = await running.ended;
  clearTimeout(timer);
  return ended;
}

function kioskFile(more: string, data = 'data'): string {
  const file = `${scratch()}/kiosk.yaml`;
  writeFileSync(file, `extends: shipped:kiosks/ningbo.yaml\ndata_dir: ${data}\n${more}`);
  return file;
}

function laneFile(more = ''): string {
  const file = `${scratch()}/lane.yaml`;
  writeFileSync(file, `extends: shipped:lanes/flat.yaml\n${more}`);
  return file;
}

/** A port that another program has. */
async function busyPort(): Promise<{ readonly port: number; readonly free: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, free: () => server.close() };
}

const withAuthority = (file: string) =>
  kioskFile(`screen: { port: 0 }\nssc: { keys: hsm, hsm: { ca_file: ${file} } }\n`);

starts.test(
  'GIVEN an HSM whose certificate file is not there THEN every command names the key and ends',
  async () => {
    const file = withAuthority('/nope.pem');
    const says = /ssc\.hsm\.ca_file: ENOENT: .*'\/nope\.pem'; put the certificate/;
    const kiosk = await ends(bundle(), ['kiosk', '--config', file]);
    assert.is(kiosk.code, 2);
    assert.match(kiosk.err, says);
    const read = await ends(bundle(), ['card', 'read', '--config', file]);
    assert.is(read.code, 2);
    assert.match(read.err, says);
    const check = await ends(bundle(), ['config', 'check', file]);
    assert.is(check.code, 1);
    assert.match(check.err, says);
  },
  60_000,
);

starts.test(
  'GIVEN a certificate file that holds no certificate THEN the kiosk does not start',
  async () => {
    const noise = `${scratch()}/ca.pem`;
    writeFileSync(noise, 'no certificate\n');
    const { code, err } = await ends(bundle(), ['kiosk', '--config', withAuthority(noise)]);
    assert.is(code, 2);
    assert.match(err, /ssc\.hsm\.ca_file: \S+ca\.pem holds no certificate in PEM/);
  },
  30_000,
);

starts.test(
  'GIVEN a port that another program has THEN whoever wants it says so and ends',
  async () => {
    const { port, free } = await busyPort();
    try {
      const wanted = ['--port', String(port)];
      const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
        [bundle(), ['kiosk', '--config', kioskFile(`screen: { port: ${port} }\n`)]],
        [SIM, ['kiosk', ...wanted, '--data', scratch(), '--no-timing']],
        [SIM, [...wanted, '--data', scratch(), '--no-timing']],
        [quickSim(), ['hsm', ...wanted]],
      ];
      for (const [program, args] of cases) {
        const { code, err } = await ends(program, args);
        assert.is(code, 2, args.join(' '));
        assert.match(
          err,
          new RegExp(`port ${port} on 127.0.0.1: is in use by another program`),
          err,
        );
      }
    } finally {
      free();
    }
  },
  90_000,
);

starts.test(
  'GIVEN a lane with simulated devices THEN what cannot be simulated is said before it opens',
  async () => {
    const lane = ['lane', '--config', laneFile()];
    const nobody = ['--simulate', 'reader,sam', '--card', 'nobody'];
    const [card, far] = [
      await ends(quickSim(), [...lane, ...nobody]),
      await ends(quickSim(), [...lane, '--simulate', 'far_reader,sam']),
    ];
    assert.equal([card.code, far.code], [2, 2]);
    assert.match(card.err, /no card nobody; there are adult,/);
    assert.match(far.err, /lane\.yaml has no far_reader to simulate/);
  },
  60_000,
);

starts.test(
  'GIVEN a data directory that cannot be made THEN lane and kiosk say so and end',
  async () => {
    const where = `${scratch()}/data`;
    mkdirSync(`${where}/ledger`, { recursive: true });
    writeFileSync(`${where}/lists`, 'a file where a directory belongs');
    const [kiosk, lane] = [kioskFile('', where), laneFile(`data_dir: ${where}\n`)];
    for (const args of [
      ['kiosk', '--config', kiosk],
      ['gate', '--config', lane],
    ]) {
      const { code, err } = await ends(bundle(), args);
      assert.is(code, 2, `${args[0]}: ${err}`);
    }
  },
  60_000,
);

starts.test(
  'GIVEN the file of a kiosk for a lane, or the other way round THEN one line says which',
  async () => {
    const [kiosk, lane] = [kioskFile(''), laneFile()];
    const asLane = await ends(bundle(), ['gate', '--config', kiosk]);
    assert.equal([asLane.code, asLane.out], [2, '']);
    assert.is(
      asLane.err,
      `${kiosk}: this is the file of a kiosk: tapway kiosk --config ${kiosk}\n`,
    );
    const asKiosk = await ends(bundle(), ['kiosk', '--config', lane]);
    assert.equal([asKiosk.code, asKiosk.out], [2, '']);
    assert.is(asKiosk.err, `${lane}: this is the file of a lane: tapway gate --config ${lane}\n`);
  },
  30_000,
);

starts.test(
  'GIVEN an error that nobody expected THEN it is told and the process ended',
  async () => {
    const happened: string[] = [];
    const { end } = createShell(
      { ...NOTHING, err: (line) => void happened.push(line) },
      (code) => void happened.push(`exit ${code}`),
    );
    await end(Promise.reject(new Error('a door was left open')));
    assert.equal(happened, ['a door was left open', 'exit 2']);
  },
);

starts.after(killAll);
starts.run();
