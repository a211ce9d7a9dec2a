import { request } from 'node:http';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { parseCommand } from '../../controller/kiosk/screen/command.ts';
import { startScreen } from '../../controller/kiosk/screen/server.ts';
import type { KioskCommand } from '../../controller/kiosk/view.ts';
import type { WebServer } from '../../controller/web/server.ts';
import { feature } from '../kit/feature.ts';
import { realClock, until } from '../page/fake-world.ts';
import { createFakeDesk, type FakeDesk, screens, viewOf } from './fake-desk.ts';

const screen = feature('kiosk screen server');
const PAGE = new Map([['/', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }]]);

async function withScreen(
  body: (server: WebServer, desk: FakeDesk) => Promise<void>,
): Promise<void> {
  const desk = createFakeDesk();
  const server = await startScreen({
    ...{ desk, assets: PAGE, host: '127.0.0.1', port: 0, clock: realClock },
  });
  try {
    await body(server, desk);
  } finally {
    await server.close();
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly policy: string;
  readonly body: Buffer;
}

function ask(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (chunk: Buffer) => parts.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: String(response.headers['content-type']),
          policy: String(response.headers['content-security-policy']),
          body: Buffer.concat(parts),
        }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

screen.test(
  'GIVEN a kiosk WHEN its page is asked for THEN pictures may come with a view, no frame shows it',
  () =>
    withScreen(async ({ url }) => {
      const { status, policy } = await ask(url);
      assert.is(status, 200);
      assert.match(policy, /img-src 'self' data:/);
      assert.match(policy, /media-src 'self'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.not.match(policy, /unsafe/);
    }),
);

screen.test('GIVEN prompts WHEN their speech is asked for THEN a WAV comes, or 404', () =>
  withScreen(async ({ url }) => {
    const spoken = await ask(`${url}speech/zh-CN.welcome`);
    assert.is(spoken.type, 'audio/wav');
    assert.is(spoken.body.toString('latin1', 0, 4), 'RIFF');
    assert.is((await ask(`${url}speech/nothing`)).status, 404);
    assert.is((await ask(`${url}state.json`)).status, 404);
  }),
);

screen.test(
  'GIVEN an open page WHEN views change THEN it hears each; commands reach the desk',
  () =>
    withScreen(async ({ url, counters }, desk) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}live`);
      const inbox: { seq?: number; screen?: { kind: string }; error?: string }[] = [];
      socket.on('message', (data) => inbox.push(JSON.parse(data.toString())));
      await until(() => inbox.length === 1);
      assert.is(inbox[0]?.screen?.kind, 'welcome');
      desk.show(viewOf('pin', 'en'));
      await until(() => inbox.length === 2);
      assert.is(inbox[1]?.screen?.kind, 'pin');
      socket.send('{"type":"key","key":"7"}');
      await until(() => desk.commands.length === 1);
      assert.equal(desk.commands, [{ type: 'key', key: '7' }]);
      socket.send('{"type":"key","key":"123456"}');
      await until(() => inbox.length === 3);
      assert.not.match(inbox[2]?.error ?? '', /123456/);
      assert.is(counters().refused, 1);
      const second = new WebSocket(`${url.replace('http', 'ws')}live`);
      await new Promise((resolve) => second.once('error', resolve));
      socket.terminate();
    }),
);

const GOOD: readonly KioskCommand[] = [
  { type: 'language', locale: 'zh-CN' },
  { type: 'elder', on: true },
  { type: 'contrast', high: false },
  { type: 'sound', on: false },
  { type: 'guide', id: 'get' },
  { type: 'service', service: 'balance' },
  { type: 'reveal', on: true },
  { type: 'print', what: 'receipt', full: false },
  { type: 'pay', item: 'registration' },
  { type: 'key', key: 'enter' },
  { type: 'confirm' },
  { type: 'back' },
  { type: 'finish' },
  { type: 'stay' },
  { type: 'staff' },
];

for (const command of GOOD) {
  screen.test(`GIVEN ${JSON.stringify(command)} WHEN parsed THEN it is taken as it is`, () => {
    assert.equal(parseCommand(JSON.stringify(command)), { ok: true, command });
  });
}

const BAD: readonly [text: string, says: RegExp][] = [
  ['', /one object/],
  ['null', /one object/],
  ['[]', /one object/],
  ['{"type":"open"}', /"type" is one of/],
  ['{"type":"__proto__"}', /"type" is one of/],
  ['{"type":"toString"}', /"type" is one of/],
  ['{"type":"elder"}', /wants "on"/],
  ['{"type":"elder","on":"yes"}', /"on" of "elder"/],
  ['{"type":"pay","item":"../x"}', /"item" of "pay"/],
  ['{"type":"key","key":7}', /"key" of "key"/],
  ['{"type":"finish","now":true}', /has no field/],
];

for (const [text, says] of BAD) {
  screen.test(`GIVEN ${text || 'nothing'} WHEN parsed THEN the answer says what is wrong`, () => {
    const parsed = parseCommand(text);
    assert.match(parsed.ok ? '' : parsed.error, says);
  });
}

screen.test('GIVEN any text or JSON WHEN parsed THEN nothing throws and only commands pass', () => {
  const any = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({
        type: fc.constantFrom(...GOOD.map(({ type }) => type), '__proto__', 'constructor'),
        on: fc.option(fc.oneof(fc.boolean(), fc.anything()), { nil: undefined }),
        key: fc.option(fc.oneof(fc.constantFrom('1', 'enter'), fc.string()), { nil: undefined }),
        item: fc.option(fc.string(), { nil: undefined }),
      })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(any, (text) => {
      const parsed = parseCommand(text);
      if (parsed.ok) assert.equal(parsed.command, JSON.parse(text));
      else assert.match(parsed.error, /^command refused: ./);
    }),
  );
});

screen.test('GIVEN the scripted views THEN both languages have every screen', () => {
  assert.equal(Object.keys(screens('en')), Object.keys(screens('zh-CN')));
});

screen.run();
