/** A PSAM for Social Security Cards against strict transcripts, and OpenSSL as its arithmetic. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { sscSchema } from '../../../config/ssc.ts';
import * as factors from '../../../controller/card/ssc/factors.ts';
import {
  type AuthRequest,
  type SscCrypto,
  withFallback,
} from '../../../controller/sam/ssc-keys.ts';
import { createSscPsam } from '../../../controller/sam/ssc-psam.ts';
import { failed, ok, type Reply, type SamSlot } from '../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../kit/apdu-script.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const psam = feature('ssc psam');

const REQUEST: AuthRequest = {
  algorithm: 'sm4',
  key: 'rk_ssse',
  cardId: bytes('330200D15600000599000001FFFFFFFF'),
  historical: bytes('0081544C968660330299000001'),
  factors: {
    card: factors.cardFactor(bytes('0081544C968660330299000001')),
    city: factors.cityFactor('330212', ['33']),
    province: factors.provinceFactor('330212'),
  },
  processFactor: bytes('98B4D293D091C331'),
  raw: bytes('E603E2CAADAF02B6'),
};
const CARD = '8660330299000001';
const CITY = '3333303230307378';
const PROVINCE = '3333303030307368';
const FACTOR = '98B4D293D091C331';
const RAW = 'E603E2CAADAF02B6';
const ZEROS = '0000000000000000';

const SELECT = ['=> 00A40400 06 D15600000590', '<= 9000'];
const DELIVER = `=> BFDE 67 0A 28 ${CARD} ${CITY} ${PROVINCE} ${FACTOR} ${ZEROS}`;
const CIPHER = `=> 80FA0000 10 ${RAW} ${ZEROS} 10`;
/** Halves whose XOR is easy to see. */
const BLOCK = '<= 0102030405060708 1010101010101010 9000';
const FOLDED = '1112131415161718';

function samOf(
  lines: readonly string[],
  settings: object = {},
  reset: () => Reply<Buffer> = () => ok(bytes('3B00')),
) {
  const script = createApduScript(lines);
  let resets = 0;
  const slot: SamSlot = {
    name: 'scripted slot',
    async reset() {
      resets += 1;
      return reset();
    },
    transceive: script.transceive,
    async close() {},
  };
  const { psam: config } = sscSchema.parse({ psam: settings });
  return { sam: createSscPsam(slot, config), end: script.ensureEmpty, resets: () => resets };
}

function told(reply: Reply<Buffer>): string {
  return reply.ok ? upper(reply.value) : `${reply.fault.code} ${reply.fault.effect}`;
}

psam.test(
  'GIVEN a ministry PSAM THEN card, city, province, factor; halves over each other',
  async () => {
    const { sam, end, resets } = samOf([
      ...SELECT,
      DELIVER,
      '<= 9000',
      CIPHER,
      BLOCK,
      DELIVER,
      '<= 9000',
      CIPHER,
      BLOCK,
    ]);
    assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
    assert.is(told(await sam.authenticate(REQUEST)), FOLDED, 'once started it stays so');
    assert.is(resets(), 1);
    end();
  },
);

psam.test('GIVEN key IRK THEN id 08; a T=0 PSAM answers by 61xx', async () => {
  const deliver = DELIVER.replace('67 0A', '67 08');
  const { sam, end } = samOf([
    ...['=> 00A40400 06 D15600000590', '<= 6103', '=> 00C0000003', '<= 6F0100 9000'],
    ...[deliver, '<= 9000', CIPHER, '<= 6110', '=> 00C0000010', BLOCK],
  ]);
  assert.is(told(await sam.authenticate({ ...REQUEST, key: 'irk' })), FOLDED);
  end();
});

const VARIANTS: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'a provincial PSAM: two levels',
    { levels: 2 },
    [`=> BFDE 47 0A 20 ${CARD} ${CITY} ${FACTOR} ${ZEROS}`, '<= 9000'],
  ],
  [
    'a city PSAM: one level',
    { levels: 1 },
    [`=> BFDE 27 0A 18 ${CARD} ${FACTOR} ${ZEROS}`, '<= 9000'],
  ],
  ['instruction 80DE', { deliver_ins: '80DE' }, [DELIVER.replace('BFDE', '80DE'), '<= 9000']],
  ['instruction 801A', { deliver_ins: '801A' }, [DELIVER.replace('BFDE', '801A'), '<= 9000']],
  [
    'a process factor of 8 bytes',
    { process_factor_len: 8 },
    [`=> BFDE 67 0A 20 ${CARD} ${CITY} ${PROVINCE} ${FACTOR}`, '<= 9000'],
  ],
  [
    'an environment to begin with',
    { init_environment: true },
    ['=> BFEC0000 01 33', '<= 9000', DELIVER, '<= 9000'],
  ],
];

for (const [title, settings, lines] of VARIANTS) {
  psam.test(`GIVEN ${title} THEN its own bytes`, async () => {
    const { sam, end } = samOf([...SELECT, ...lines, CIPHER, BLOCK], settings);
    assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
    end();
  });
}

psam.test('GIVEN 6700 THEN the other length once, and that one first from then on', async () => {
  const short = `=> BFDE 67 0A 20 ${CARD} ${CITY} ${PROVINCE} ${FACTOR}`;
  const { sam, end } = samOf([
    ...[...SELECT, DELIVER, '<= 6700', short, '<= 9000', CIPHER, BLOCK],
    ...[short, '<= 9000', CIPHER, BLOCK],
  ]);
  assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
  assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
  end();
});

psam.test('GIVEN 6700 to both lengths THEN refused', async () => {
  const short = `=> BFDE 67 0A 20 ${CARD} ${CITY} ${PROVINCE} ${FACTOR}`;
  const { sam, end } = samOf([...SELECT, DELIVER, '<= 6700', short, '<= 6700']);
  assert.is(told(await sam.authenticate(REQUEST)), 'sam-refused none');
  end();
});

psam.test('GIVEN a PSAM that lost its power since THEN it is begun anew, once', async () => {
  const { sam, end, resets } = samOf([
    ...[...SELECT, DELIVER, '<= 9000', CIPHER, BLOCK],
    ...[DELIVER, '<= 6D00', ...SELECT, DELIVER, '<= 9000', CIPHER, BLOCK],
    ...[DELIVER, '<= 6985', ...SELECT, DELIVER, '<= 6985'],
  ]);
  assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
  assert.is(told(await sam.authenticate(REQUEST)), FOLDED);
  assert.is(told(await sam.authenticate(REQUEST)), 'sam-refused none');
  assert.is(resets(), 3);
  end();
});

for (const sw of ['6982', '6A80', '6A88', '9403', '6F00']) {
  psam.test(`GIVEN the key is refused with ${sw} THEN refused, and asked once`, async () => {
    const { sam, end } = samOf([...SELECT, DELIVER, `<= ${sw}`]);
    assert.is(told(await sam.authenticate(REQUEST)), 'sam-refused none');
    end();
  });
}

psam.test(
  'GIVEN a SAM that is gone THEN a fault of no effect: the card was not asked',
  async () => {
    const gone = samOf([], {}, () => failed('sam-absent', 'none', 'empty'));
    assert.is(told(await gone.sam.authenticate(REQUEST)), 'sam-absent none');
    const mute = samOf([...SELECT, DELIVER, '<= ! card-mute unknown']);
    assert.is(told(await mute.sam.authenticate(REQUEST)), 'sam-mute none');
  },
);

psam.test('GIVEN a DES card THEN blocks of 8 bytes, as they are', async () => {
  const { sam, end } = samOf([
    ...SELECT,
    ...[`=> BFDE 67 0A 20 ${CARD} ${CITY} ${PROVINCE} ${FACTOR}`, '<= 9000'],
    ...[`=> 80FA0000 08 ${RAW} 08`, '<= 0102030405060708 9000'],
  ]);
  assert.is(told(await sam.authenticate({ ...REQUEST, algorithm: 'des' })), '0102030405060708');
  end();
});

psam.test('GIVEN a PSAM that cannot THEN the HSM is asked, and only then', async () => {
  const asked: string[] = [];
  const of = (name: string, answer: Reply<Buffer>): SscCrypto => ({
    name,
    async authenticate() {
      asked.push(name);
      return answer;
    },
    probe: async () => ok(name),
    async close() {},
  });
  const good = ok(bytes(FOLDED));
  for (const bad of [failed('sam-absent', 'none', ''), failed('sam-refused', 'none', '')]) {
    const both = withFallback(of('psam', bad), of('hsm', good));
    assert.is(told(await both.authenticate(REQUEST)), FOLDED);
  }
  assert.is(
    told(await withFallback(of('psam', good), of('hsm', good)).authenticate(REQUEST)),
    FOLDED,
  );
  assert.equal(asked, ['psam', 'hsm', 'psam', 'hsm', 'psam']);
});

/** Another program: two levels of keys under SM4, a session key, a block folded. */
psam.testWith(
  PROGRAMS.openssl,
  'GIVEN a PSAM that enciphers as OpenSSL does THEN its 8 bytes',
  async () => {
    const sm4 = (key: string, block: string) => {
      const run = spawnSync('openssl', ['enc', '-sm4-ecb', '-nopad', '-K', key], {
        input: bytes(block),
      });
      assert.is(run.status, 0, String(run.stderr));
      return upper(run.stdout);
    };
    const not = (hex: string) => upper(Buffer.from(bytes(hex).map((byte) => byte ^ 0xff)));
    const master = '0123456789ABCDEFFEDCBA9876543210';
    assert.is(sm4(master, master), '681EDF34D206965E86B3E94F536E4246', 'GB/T 32907');
    const card = [PROVINCE, CITY, CARD].reduce(
      (key, factor) => sm4(key, factor + not(factor)),
      master,
    );
    const block = sm4(sm4(card, FACTOR + ZEROS), RAW + ZEROS);
    const { sam, end } = samOf([...SELECT, DELIVER, '<= 9000', CIPHER, `<= ${block} 9000`]);
    const [left, right] = [BigInt(`0x${block.slice(0, 16)}`), BigInt(`0x${block.slice(16)}`)];
    const folded = (left ^ right).toString(16).toUpperCase().padStart(16, '0');
    assert.is(told(await sam.authenticate(REQUEST)), folded);
    end();
  },
);

psam.test(
  'GIVEN a PSAM that hangs WHEN it is asked again and again THEN eight requests wait, no more',
  async () => {
    let answer = (_: Reply<Buffer>) => {};
    let resets = 0;
    const slot: SamSlot = {
      name: 'scripted slot',
      reset() {
        resets += 1;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      transceive: async () => failed('sam-mute', 'none', 'not reached'),
      async close() {},
    };
    const sam = createSscPsam(slot, sscSchema.parse({}).psam);
    const asked = Array.from({ length: 8 }, () => sam.authenticate(REQUEST));
    assert.is(told(await sam.authenticate(REQUEST)), 'link-busy none');
    for (let nth = 1; nth <= 8; nth += 1) {
      while (resets < nth) await Promise.resolve();
      answer(failed('sam-absent', 'none', 'no card'));
    }
    for (const reply of asked) assert.is(told(await reply), 'sam-absent none');
    assert.is(resets, 8);
  },
);

psam.run();
