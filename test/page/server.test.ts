import { request } from 'node:http';
import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { type Panel, startPanel } from '../../sim/panel/server.ts';
import type { PanelState } from '../../sim/panel/state.ts';
import { feature } from '../kit/feature.ts';
import { busyState, createFakeWorld, type FakeWorld, realClock, until } from './fake-world.ts';

const server = feature('panel server');

async function withPanel(body: (panel: Panel, world: FakeWorld) => Promise<void>): Promise<void> {
  const world = createFakeWorld(busyState());
  const panel = await start(world, 0);
  try {
    await body(panel, world);
  } finally {
    await panel.close();
  }
}

function start(world: FakeWorld, port: number): Promise<Panel> {
  return startPanel({ world, host: '127.0.0.1', port, clock: realClock });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function ask(url: string, options: { method?: string; host?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { Host: options.host };
    const asked = request(url, { method: options.method ?? 'GET', headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Reads messages one after another, however early they come. */
async function visit(panel: Panel) {
  const socket = new WebSocket(`${panel.url.replace('http', 'ws')}live`);
  const inbox: unknown[] = [];
  socket.on('message', (data) => inbox.push(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    async next(): Promise<unknown> {
      await until(() => inbox.length > 0);
      return inbox.shift();
    },
  };
}

server.test('GIVEN a panel WHEN its files are asked for THEN all come, locked down', () =>
  withPanel(async (panel, world) => {
    for (const path of ['', 'app.js', 'style.css', 'icon.svg', 'charts.json', 'state.json']) {
      const { status, headers, body } = await ask(panel.url + path);
      assert.is(status, 200, path);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.not.match(String(headers['content-security-policy']), /unsafe/);
      assert.is(headers['x-content-type-options'], 'nosniff');
      assert.ok(body.length > 100, path);
    }
    assert.equal(JSON.parse((await ask(`${panel.url}state.json`)).body), world.state());
    assert.not.match(
      (await ask(panel.url)).body,
      /<script(?! type="module" src="\/)|style=|https?:/,
    );
  }),
);

const REFUSED: readonly [what: string, path: string, how: object, status: number][] = [
  ['a foreign name (DNS rebinding)', '', { host: 'evil.example:8080' }, 403],
  ['a name that only begins well', '', { host: 'localhost.evil.example' }, 403],
  ['the state under a foreign name', 'state.json', { host: 'evil.example' }, 403],
  ['an unknown path', 'server.ts', {}, 404],
  ['a path out of the house', '../../package.json', {}, 404],
  ['a POST', '', { method: 'POST' }, 405],
];

for (const [what, path, how, status] of REFUSED) {
  server.test(`GIVEN ${what} WHEN asked for THEN the answer is ${status}`, () =>
    withPanel(async (panel) => {
      assert.is((await ask(panel.url + path, how)).status, status);
      assert.is(panel.counters().refused, 1);
    }),
  );
}

server.test('GIVEN loopback names WHEN asked under them THEN the page comes', () =>
  withPanel(async (panel) => {
    for (const host of ['localhost', 'LOCALHOST:9000', '127.0.0.1:1', '[::1]:80']) {
      assert.is((await ask(panel.url, { host })).status, 200, host);
    }
  }),
);

const STRANGERS: readonly [what: string, path: string, headers: Record<string, string>][] = [
  ['from another site', 'live', { Origin: 'http://evil.example' }],
  ['from another port of this machine', 'live', { Origin: 'http://127.0.0.1:1' }],
  ['under a foreign name', 'live', { Host: 'evil.example', Origin: 'http://evil.example' }],
  ['at another path', 'other', {}],
];

for (const [what, path, headers] of STRANGERS) {
  server.test(`GIVEN a WebSocket ${what} WHEN it connects THEN it is turned away`, () =>
    withPanel(async (panel) => {
      const socket = new WebSocket(panel.url.replace('http', 'ws') + path, { headers });
      const result = await new Promise<string>((resolve) => {
        socket.once('open', () => resolve('it was let in'));
        socket.once('error', (error) => resolve(error.message));
      });
      assert.match(result, /40[34]/);
      assert.is(panel.counters().pages, 0);
    }),
  );
}

server.test('GIVEN a visitor WHEN the lane changes THEN the new state arrives', () =>
  withPanel(async (panel, world) => {
    const { next } = await visit(panel);
    assert.equal(await next(), world.state());
    world.show({ takings_fen: 4_321 });
    assert.is(((await next()) as PanelState).takings_fen, 4_321);
  }),
);

server.test(
  'GIVEN bad input WHEN it comes THEN each gets an error and the next command works',
  () =>
    withPanel(async (panel, world) => {
      const { socket, next } = await visit(panel);
      await next();
      const bad = ['', '{', '"x"', '{"type":"tap","card":"nobody"}', Buffer.from([0xff, 0xfe])];
      for (const text of bad) {
        socket.send(text);
        const { error } = (await next()) as { error?: string };
        assert.match(error ?? '', /^command refused: ./);
      }
      assert.is(panel.counters().refused, bad.length);
      assert.equal(world.commands, []);
      socket.send('{"type":"tap","card":"adult"}');
      await until(() => world.commands.length === 1);
      assert.equal(world.commands, [{ type: 'tap', card: 'adult' }]);
    }),
);

server.test('GIVEN a huge message WHEN it comes THEN that page is closed, the server lives', () =>
  withPanel(async (panel, world) => {
    const { socket } = await visit(panel);
    socket.send('x'.repeat(100_000));
    let code = 0;
    socket.once('close', (given) => {
      code = given;
    });
    await until(() => code !== 0);
    assert.is(code, 1009);
    const again = await visit(panel);
    await again.next();
    again.socket.send('{"type":"fire","on":true}');
    await until(() => world.commands.length === 1);
    assert.equal(world.commands, [{ type: 'fire', on: true }]);
  }),
);

server.test('GIVEN a port in use WHEN a second panel wants it THEN the error says what to do', () =>
  withPanel(async (panel) => {
    const world = createFakeWorld();
    const port = Number(new URL(panel.url).port);
    const error = await start(world, port).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.match(error?.message ?? '', new RegExp(`port ${port} .*in use.*choose another`));
    assert.is(world.listeners(), 0);
  }),
);

server.test(
  'GIVEN open pages and idle connections WHEN closed THEN all end, also twice',
  async () => {
    const world = createFakeWorld();
    const panel = await start(world, 0);
    const pages = await Promise.all([visit(panel), visit(panel)]);
    const idle = connect(Number(new URL(panel.url).port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.on('error', () => {});
    let ended = 0;
    for (const each of [...pages.map(({ socket }) => socket), idle]) {
      each.once('close', () => {
        ended += 1;
      });
    }
    await panel.close();
    await until(() => ended === 3);
    await panel.close();
    assert.is(world.listeners(), 0);
  },
);

server.run();
