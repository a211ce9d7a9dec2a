/** `tapway-sim` with its page, as somebody meets it who just typed it. */

import { createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { killAll, run, SIM, scratch, start } from './programs.ts';

const page = feature('simulated lane with a page');

page.test(
  'GIVEN the page THEN its state is there, and SIGINT ends it with 0',
  async () => {
    const data = scratch();
    const lane = start(SIM, ['--port', '0', '--data', data]);
    const url = await lane.until(/http:\/\/127\.0\.0\.1:\d+\//);
    const answer = await fetch(`${url}state.json`);
    assert.is(answer.status, 200);
    const state = (await answer.json()) as { lane: { id: string }; tray: { id: string }[] };
    assert.is(state.lane.id, 'F01');
    assert.ok(state.tray.some(({ id }) => id === 'adult'));

    const second = await run(SIM, ['--port', '0', '--data', data]);
    assert.equal([second.code, second.out], [2, '']);
    const locked = `does not start: process ${lane.pid} has this ledger open; stop it first`;
    assert.match(second.err, locked);

    lane.kill('SIGINT');
    assert.is((await lane.ended).code, 0);
  },
  20_000,
);

page.test(
  'GIVEN a port in use THEN exit 2, and it names another way',
  async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => holder.once('listening', resolve));
      const address = holder.address();
      const port = typeof address === 'object' ? String(address?.port) : '';
      const { code, out, err } = await run(SIM, ['--port', port, '--data', scratch()]);
      assert.equal([code, out], [2, '']);
      assert.match(err, `port ${port} on 127.0.0.1: is in use by another program; choose another`);
    } finally {
      holder.close();
    }
  },
  20_000,
);

page.after(killAll);
page.run();
