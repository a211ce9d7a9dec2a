/** A peer that answers lines, over real sockets: in order, late, lost, mute, by TLS. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createLinePeer, type LinePeerOptions } from '../../../firmware-bridge/hsm/line-peer.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';

const peers = feature('line peer');
const servers: Server[] = [];
const sockets = new Set<Socket>();
const directory = mkdtempSync(join(tmpdir(), 'tapway-hsm-'));

peers.after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

type Behaviour = (line: string, socket: Socket, count: number) => void;

function serve(behaviour: Behaviour) {
  let count = 0;
  return (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString();
      for (;;) {
        const at = text.indexOf('\n');
        if (at < 0) break;
        const line = text.slice(0, at);
        text = text.slice(at + 1);
        count += 1;
        behaviour(line, socket, count);
      }
    });
  };
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function peerOf(behaviour: Behaviour, differs: Partial<LinePeerOptions> = {}) {
  const port = await listen(createServer(serve(behaviour)));
  const options = { address: '127.0.0.1', port, tls: null, clock: systemClock, timeout_ms: 2_000 };
  return createLinePeer({ ...options, ...differs });
}

const echo: Behaviour = (line, socket) => socket.write(`re ${line}\r\n`);
const told = (reply: Reply<string>) => (reply.ok ? reply.value : reply.fault.code);

peers.test(
  'GIVEN many questions at once THEN each gets its own answer, on one connection',
  async () => {
    const peer = await peerOf(echo);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((line) => peer.ask(line)));
    assert.equal(answers.map(told), ['re a', 're b', 're c', 're d']);
    assert.is(peer.counters().connections, 1);
    await peer.close();
    assert.is(told(await peer.ask('e')), 'hsm-lost');
  },
);

peers.test('GIVEN more questions than may wait THEN the rest is refused and counted', async () => {
  const peer = await peerOf(echo);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => peer.ask(String(at))));
  assert.is(answers.filter((answer) => told(answer) === 'link-busy').length, 4);
  assert.is(peer.counters().dropped, 4);
  await peer.close();
});

peers.test(
  'GIVEN an answer that comes too late THEN it never meets the next question',
  async () => {
    const peer = await peerOf(
      (line, socket) => {
        if (line !== 'slow') echo(line, socket, 0);
        else systemClock.setTimeout(() => socket.write('late\n'), 200);
      },
      { timeout_ms: 100 },
    );
    assert.is(told(await peer.ask('slow')), 'hsm-lost');
    assert.is(told(await peer.ask('quick')), 're quick');
    assert.is(peer.counters().connections, 2);
    await peer.close();
  },
);

peers.test(
  'GIVEN a kept connection that falls silent THEN the question is not asked again',
  async () => {
    const heard: string[] = [];
    const peer = await peerOf(
      (line, socket) => {
        heard.push(line);
        if (line !== 'mute') echo(line, socket, 0);
      },
      { timeout_ms: 100 },
    );
    assert.is(told(await peer.ask('a')), 're a');
    assert.is(told(await peer.ask('mute')), 'hsm-lost');
    assert.is(told(await peer.ask('b')), 're b');
    assert.equal(heard, ['a', 'mute', 'b']);
    await peer.close();
  },
);

peers.test('GIVEN a connection that died while idle THEN a new one, unseen', async () => {
  const peer = await peerOf((line, socket) => {
    socket.end(`re ${line}\n`);
  });
  assert.is(told(await peer.ask('a')), 're a');
  assert.is(told(await peer.ask('b')), 're b');
  assert.is(peer.counters().connections, 2);
  await peer.close();
});

peers.test('GIVEN one that hangs up at every question THEN lost, after one more try', async () => {
  const peer = await peerOf((_, socket) => {
    socket.destroy();
  });
  assert.is(told(await peer.ask('a')), 'hsm-lost');
  assert.is(told(await peer.ask('b')), 'hsm-lost');
  await peer.close();
});

peers.test(
  'GIVEN two lines for one, or one without end THEN the connection is given up',
  async () => {
    const two = await peerOf((line, socket) => {
      socket.write(`re ${line}\nmore\n`);
    });
    assert.is(told(await two.ask('a')), 're a');
    assert.is(told(await two.ask('b')), 're b');
    assert.is(two.counters().connections, 2);
    await two.close();
    const endless = await peerOf((_, socket) => {
      socket.write('x'.repeat(10_000));
    });
    assert.is(told(await endless.ask('a')), 'hsm-lost');
    await endless.close();
  },
);

peers.test('GIVEN nobody there THEN lost; a probe says so too', async () => {
  const port = await listen(createServer());
  await new Promise((resolve) => servers.at(-1)?.close(resolve));
  const options = { address: '127.0.0.1', port, tls: null, clock: systemClock, timeout_ms: 500 };
  const peer = createLinePeer(options);
  assert.is(told(await peer.ask('a')), 'hsm-lost');
  assert.is(told(await peer.probe()), 'hsm-lost');
  await peer.close();
});

peers.test('a request of two lines is a programming error', async () => {
  const peer = await peerOf(echo);
  assert.throws(() => peer.ask('a\nb'), /one line/);
  await peer.close();
});

peers.testWith(PROGRAMS.openssl, 'GIVEN TLS THEN only a certificate that is trusted', async () => {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=hsm.test'],
      ...['-addext', 'subjectAltName=DNS:hsm.test'],
    ],
    { stdio: 'ignore' },
  );
  const ca = readFileSync(cert, 'utf8');
  const port = await listen(createTlsServer({ key: readFileSync(key), cert: ca }, serve(echo)));
  const of = (tls: LinePeerOptions['tls']) =>
    createLinePeer({ address: '127.0.0.1', port, tls, clock: systemClock, timeout_ms: 5_000 });
  const trusted = of({ ca, serverName: 'hsm.test' });
  assert.is(told(await trusted.ask('a')), 're a');
  for (const tls of [{ ca, serverName: 'other.test' }, { serverName: 'hsm.test' }]) {
    const peer = of(tls);
    assert.is(told(await peer.ask('a')), 'hsm-lost');
    await peer.close();
  }
  await trusted.close();
});

peers.test('GIVEN a question under way on a kept line WHEN closed THEN no new line', async () => {
  let heard = () => {};
  const second = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const peer = await peerOf((line, socket, count) => {
    if (count === 1) socket.write(`re ${line}\n`);
    else heard();
  });
  assert.is(told(await peer.ask('a')), 're a');
  const asked = peer.ask('b');
  await second;
  await peer.close();
  assert.is(told(await asked), 'hsm-lost');
  assert.is(peer.counters().connections, 1);
});

peers.run();
