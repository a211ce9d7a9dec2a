/** The HSM in the network: lines checked by OpenSSL, refusals, faults, any bytes on the port. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { answerLine } from '../../../sim/hsm/requests.ts';
import { createVirtualHsm, type VirtualHsm } from '../../../sim/hsm/server.ts';
import { feature } from '../../kit/feature.ts';
import { FACTORS, opinion } from '../card/ssc/hand.ts';

const hsm = feature('sim hsm');

const [L1 = '', L2 = '', L3 = ''] = FACTORS;
const RANDOM = '98B4D293D091C331';
const RAW = 'E603E2CAADAF02B6';
const REQUEST = `SM4|004C|${L3}${L2}${L1}|${RANDOM}|${RAW}`;
const RIGHT = `${opinion('sm4', 'RKSSSE', FACTORS).data(RANDOM, RAW)}|${RAW}`;

const KEYS = [
  ['SM4', '004C', 'sm4', 'RKSSSE'],
  ['SM4', '0170', 'sm4', 'IRK'],
  ['SM4', '004F', 'sm4', 'RKDF'],
  ['DES', '004C', '3des', 'RKSSSE'],
  ['3DES', '0170', '3des', 'IRK'],
] as const;

for (const [algorithm, address, ours, name] of KEYS) {
  hsm.test(`${algorithm} with key ${address} is ${name}, as OpenSSL computes it`, () => {
    const expected = opinion(ours, name, FACTORS).data(RANDOM, RAW);
    const line = `${algorithm}|${address}|${L3}${L2}${L1}|${RANDOM}|${RAW}`;
    assert.is(answerLine(line), `${expected}|${RAW}`);
    assert.is(answerLine(`${line}\r`), `${expected}|${RAW}`);
  });
}

hsm.test('a process factor filled with zeros to 16 bytes is the same', () => {
  assert.is(answerLine(REQUEST.replace(RANDOM, RANDOM + '0'.repeat(16))), RIGHT);
});

const REFUSED: readonly (readonly [line: string, expected: RegExp])[] = [
  ['', /^!01 5 fields/],
  [`${REQUEST}|`, /^!01 5 fields/],
  [REQUEST.replace('SM4', 'SSF33'), /^!02 the algorithm/],
  [REQUEST.replace('004C', '004D'), /^!03 no key/],
  [REQUEST.replace(L1, ''), /^!01 factors are 24 bytes/],
  [REQUEST.toLowerCase().replace('sm4', 'SM4').replace('004c', '004C'), /^!01 /],
  [REQUEST.replace(RANDOM, '98'), /^!01 the process factor/],
  [REQUEST.replace(RAW, `${RAW}00`), /^!01 raw is 8 bytes/],
];

for (const [line, expected] of REFUSED) {
  hsm.test(`refused: "${line}"`, () => assert.match(answerLine(line), expected));
}

hsm.test('any line gets one line, and a refusal never repeats what was sent', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('SM4', '004C', L1 + L2 + L3, RANDOM, RAW));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
      const told = answerLine(parts.join('|'));
      assert.match(told, /^([0-9A-F]{16}\|[0-9A-F]{16}|!0[1-4] [ -~]+)$/);
    }),
  );
});

interface Line {
  readonly socket: Socket;
  /** Whatever came until now. */
  text(): string;
  until(pattern: RegExp): Promise<string>;
}

interface Room {
  readonly server: VirtualHsm;
  open(): Promise<Line>;
}

async function withHsm(body: (room: Room) => Promise<void>) {
  const server = createVirtualHsm({ clock: systemClock, slow_ms: 50 });
  const port = await server.listen(0);
  const sockets: Socket[] = [];
  const open = async (): Promise<Line> => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    await once(socket, 'connect');
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) await once(socket, 'data');
      return text;
    };
    return { socket, text: () => text, until };
  };
  try {
    await body({ server, open });
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.close();
  }
}

hsm.test('requests in pieces and several at once are answered in turn', () =>
  withHsm(async ({ open }) => {
    const line = await open();
    line.socket.write(REQUEST.slice(0, 20));
    line.socket.write(`${REQUEST.slice(20)}\nnonsense\n${REQUEST}\n`);
    const text = await line.until(/\n.*\n.*\n/);
    assert.match(text, `${RIGHT}\n!01 `);
    assert.ok(text.endsWith(`\n${RIGHT}\n`));
  }),
);

hsm.test('a line without end is refused and the connection closed', () =>
  withHsm(async ({ open }) => {
    const line = await open();
    line.socket.write('A'.repeat(2_000));
    await once(line.socket, 'close');
    assert.is(line.text(), '!01 the line has no end\n');
  }),
);

hsm.test('faults: slow, refusing, wrong answer', () =>
  withHsm(async ({ open, server }) => {
    const line = await open();
    server.setFault('slow');
    line.socket.write(`${REQUEST}\n`);
    assert.is(await line.until(/\n/), `${RIGHT}\n`);
    server.setFault('refusing');
    line.socket.write(`${REQUEST}\n`);
    assert.match(await line.until(/!.*\n/), '!04 not for this terminal\n');
    server.setFault('wrongAnswer');
    line.socket.write(`${REQUEST}\n`);
    const wrong = (await line.until(/terminal\n.+\n/)).split('\n')[2] ?? '';
    assert.match(wrong, /^[0-9A-F]{16}\|[0-9A-F]{16}$/);
    assert.is.not(wrong, RIGHT);
  }),
);

hsm.test('faults: mute says nothing while others are served; cut breaks within the answer', () =>
  withHsm(async ({ open, server }) => {
    const first = await open();
    server.setFault('mute');
    first.socket.write(`${REQUEST}\n`);
    while (server.requests === 0) await new Promise((turn) => setImmediate(turn));
    server.setFault('none');
    const second = await open();
    second.socket.write(`${REQUEST}\n`);
    await second.until(/\n/);
    assert.is(first.text(), '');
    server.setFault('cut');
    second.socket.write(`${REQUEST}\n`);
    await once(second.socket, 'close');
    assert.is(second.text(), `${RIGHT}\n${RIGHT.slice(0, 5)}`);
  }),
);

hsm.run();
