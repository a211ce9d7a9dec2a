/** The simulator's programs for Social Security Cards, as somebody at a shell meets them. */

import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import * as assert from 'uvu/assert';
import { feature, PROGRAMS } from '../kit/feature.ts';
import { killAll, quickSim, type Running, run, scratch, start } from './programs.ts';

const programs = feature('commands for social security cards');
programs.after(killAll);
const START_MS = 30_000;

interface Exported {
  readonly social_security: {
    readonly keys: readonly Readonly<Record<string, string>>[];
    readonly example: Readonly<Record<'sm4' | '3des', Readonly<Record<string, string>>>>;
  };
}

async function exported(): Promise<Exported['social_security']> {
  const { code, out } = await run(quickSim(), ['keys']);
  assert.is(code, 0);
  return (JSON.parse(out) as Exported).social_security;
}

/** The request whose answer is the worked example of the exported keys. */
async function worked() {
  const { keys, example } = await exported();
  const { key, factors, process_factor, raw, authentication_data } = example.sm4;
  const address = keys.find(({ name }) => name === key)?.hsm_address;
  const cardFirst = [...(factors ?? [])].reverse().join('');
  return {
    request: `SM4|${address}|${cardFirst}|${process_factor}|${raw}\n`,
    answer: `${authentication_data}|${raw}\n`,
  };
}

async function portOf(hsm: Running): Promise<number> {
  const said = await hsm.until(/HSM 127\.0\.0\.1:(\d+)\n/);
  return Number(/:(\d+)/.exec(said)?.[1]);
}

function asked(socket: ReturnType<typeof connect>, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.endsWith('\n')) return;
      socket.destroy();
      resolve(text);
    });
    socket.write(request);
  });
}

programs.test(
  'GIVEN the exported keys THEN the HSM answers their worked example, and ends on SIGTERM',
  async () => {
    const { request, answer } = await worked();
    const hsm = start(quickSim(), ['hsm']);
    const port = await portOf(hsm);
    assert.is(await asked(connect(port, '127.0.0.1'), request), answer);
    hsm.kill('SIGTERM');
    assert.is((await hsm.ended).code, 0);
  },
  START_MS,
);

programs.testWith(
  PROGRAMS.openssl,
  'GIVEN a certificate of openssl THEN the HSM speaks TLS, and survives who does not',
  async () => {
    const { request, answer } = await worked();
    const home = scratch();
    const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')];
    const made = 'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=hsm.test'.split(' ');
    const openssl = spawnSync('openssl', [...made, '-keyout', key, '-out', cert]);
    assert.is(openssl.status, 0);
    const hsm = start(quickSim(), ['hsm', '--cert', cert, '--key', key]);
    const port = await portOf(hsm);
    const plain = connect(port, '127.0.0.1');
    plain.on('error', () => {});
    const closed = new Promise((resolve) => plain.once('close', resolve));
    plain.write(request);
    await closed;
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    assert.is(await asked(socket, request), answer);
    hsm.kill('SIGTERM');
    assert.is((await hsm.ended).code, 0);
  },
  START_MS,
);

programs.test(
  'GIVEN a refusing HSM THEN every request is declined',
  async () => {
    const { request } = await worked();
    const hsm = start(quickSim(), ['hsm', '--fault', 'refusing']);
    const port = await portOf(hsm);
    assert.is(await asked(connect(port, '127.0.0.1'), request), '!04 not for this terminal\n');
    hsm.kill('SIGTERM');
    await hsm.ended;
  },
  START_MS,
);

programs.test(
  'GIVEN a card for a slot THEN its answer to reset is told by face',
  async () => {
    const history = '00815457318660330299000001';
    const answers: Readonly<Record<string, string>> = {
      contact: `ATR 3B6D0000${history}`,
      contactless: `ATR 3B8D8001${history}`,
    };
    for (const [face, expected] of Object.entries(answers)) {
      const card = start(quickSim(), [
        'card',
        '--vpcd',
        '1',
        '--person',
        'adult-3',
        '--face',
        face,
      ]);
      await card.until(new RegExp(expected));
      card.kill('SIGTERM');
      assert.is((await card.ended).code, 0);
    }
  },
  START_MS,
);

programs.run();
