/** The lines that an HSM is asked, and what its answers may be. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { sscSchema } from '../../../config/ssc.ts';
import { createSscHsm } from '../../../controller/sam/ssc-hsm.ts';
import type { AuthRequest } from '../../../controller/sam/ssc-keys.ts';
import { failed, ok, type Reply } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const hsm = feature('ssc hsm');

const REQUEST: AuthRequest = {
  algorithm: 'sm4',
  key: 'rk_ssse',
  cardId: bytes('330200D15600000599000001FFFFFFFF'),
  historical: bytes('0081544C968660330299000001'),
  factors: {
    card: bytes('8660330299000001'),
    city: bytes('3333303230307378'),
    province: bytes('3333303030307368'),
  },
  processFactor: bytes('98B4D293D091C331'),
  raw: bytes('E603E2CAADAF02B6'),
};
const DATA = '774A08EDF447A1DE';
const RAW = 'E603E2CAADAF02B6';

function ask(answer: Reply<string>, settings: object = {}, request = REQUEST) {
  const asked: string[] = [];
  const peer = {
    name: 'paper',
    async ask(line: string) {
      asked.push(line);
      return answer;
    },
    probe: async () => ok('paper'),
    counters: () => ({}),
    async close() {},
  };
  const crypto = createSscHsm(peer, sscSchema.parse({ hsm: settings }).hsm);
  return { reply: crypto.authenticate(request), asked };
}

const told = (reply: Reply<Buffer>) => (reply.ok ? upper(reply.value) : reply.fault.code);

hsm.test('GIVEN a request THEN algorithm, key address, factors, process factor, raw', async () => {
  const { reply, asked } = ask(ok(`${DATA}|${RAW}`));
  assert.is(told(await reply), DATA);
  assert.equal(asked, [
    `SM4|004C|866033029900000133333032303073783333303030307368|98B4D293D091C331|${RAW}`,
  ]);
});

hsm.test('GIVEN another maker THEN his names, addresses and fields', async () => {
  const { asked, reply } = ask(
    ok(`${DATA}|${RAW}|`),
    {
      algorithm_names: { des: '01', ssf33: '02', sm4: '03' },
      key_addresses: { irk: '0171', rk_ssse: '004D' },
      request: ['region', 'historical_bytes', 'algorithm', 'card_id', 'process_factor', 'raw'],
    },
    { ...REQUEST, key: 'irk' },
  );
  assert.is(told(await reply), DATA);
  const card = '330200|0081544C968660330299000001|03|330200D15600000599000001FFFFFFFF';
  assert.equal(asked, [`${card}|98B4D293D091C331|${RAW}`]);
});

const ANSWERS: readonly (readonly [string, string])[] = [
  [`${DATA}|${RAW}`, DATA],
  [`${DATA.toLowerCase()}|${RAW.toLowerCase()}|`, DATA],
  [`${DATA}|0000000000000000`, 'hsm-refused'],
  ['!04 refused', 'hsm-refused'],
  ['', 'hsm-refused'],
  [DATA, 'hsm-refused'],
  [`${DATA}00|${RAW}`, 'hsm-refused'],
];

for (const [line, verdict] of ANSWERS) {
  hsm.test(`GIVEN the answer "${line}" THEN ${verdict}`, async () => {
    assert.is(told(await ask(ok(line)).reply), verdict);
  });
}

hsm.test('GIVEN a lost HSM THEN its fault', async () => {
  assert.is(told(await ask(failed('hsm-lost', 'none', 'gone')).reply), 'hsm-lost');
});

hsm.test('GIVEN an answer of any text THEN no throw, and nothing of it in the fault', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 9 }), async (line) => {
      const reply = await ask(ok(line)).reply;
      if (!reply.ok) assert.not.ok(reply.fault.detail.includes(line));
    }),
  );
});

hsm.run();
