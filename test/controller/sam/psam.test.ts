/** The PSAM client against strict transcripts: every byte that it may send, and nothing else. */

import * as assert from 'uvu/assert';
import { createPsam } from '../../../controller/sam/psam.ts';
import type { PurchaseInput } from '../../../controller/sam/sam.ts';
import { failed, ok, type Reply, type SamSlot } from '../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../kit/apdu-script.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const psam = feature('psam client');
const OPTIONS = {
  timeout_ms: 500,
  application: bytes('8011'),
  lockKeyUsage: 0x45,
  lockKeyVersion: 0x01,
};

/** The published bus trace. */
const PURCHASE: PurchaseInput = {
  random: bytes('62020EC1'),
  counter: 0x59,
  amount_fen: 1,
  txnType: 0x09,
  at: bytes('20190108151751'),
  keyVersion: 0x01,
  algorithm: 0x00,
  cardFactor: bytes('4990600000000016'),
  issuerFactor: bytes('02313750FFFFFFFF'),
};
const INIT =
  '=> 8070 0000 24 62020EC1 0059 00000001 09 20190108151751 01 00 ' +
  '4990600000000016 02313750FFFFFFFF 08';
const CREDIT = '=> 8072 0000 04 046BF062';
const MAC2 = bytes('046BF062');

const MF = ['=> 00A40000 02 3F00 00', '<= 6F00 9000'];
const EF15 = ['=> 00B095000E', '<= 41310100000000000198 05 01 0000 9000'];
const EF16 = ['=> 00B0960006', '<= 413101210198 9000'];
const APPLICATION = ['=> 00A40000 02 8011 00', '<= 6F00 9000'];
/** As one real PSAM had it, 25 bytes. */
const EF17 = ['=> 00B0970019', '<= 01 0000000000000001 0000000000000001 20111222 20161220 9000'];
const START = [...MF, ...EF15, ...EF16, ...APPLICATION, ...EF17];

function samOf(lines: readonly string[], reset: Reply<Buffer> = ok(bytes('3B00'))) {
  const script = createApduScript(lines);
  let closed = 0;
  const slot: SamSlot = {
    name: 'scripted slot',
    reset: async () => reset,
    transceive: script.transceive,
    async close() {
      closed += 1;
    },
  };
  return { sam: createPsam(slot, OPTIONS), end: script.ensureEmpty, closed: () => closed };
}

/** A value, or "code effect". */
function told(reply: Reply<unknown>): unknown {
  return reply.ok ? reply.value : `${reply.fault.code} ${reply.fault.effect}`;
}

psam.test('GIVEN a PSAM WHEN started THEN terminal id, serial and key index', async () => {
  const { sam, end, closed } = samOf(START);
  assert.throws(() => sam.identity, /before it was started/);
  const identity = {
    serial: bytes('41310100000000000198'),
    terminal: bytes('413101210198'),
    keyIndex: 0x01,
  };
  assert.equal(told(await sam.start()), identity);
  assert.equal(sam.identity, identity);
  end();
  await sam.close();
  assert.is(closed(), 1);
});

psam.test('GIVEN a bare T=0 PSAM THEN 61xx and 6Cxx on the way change nothing', async () => {
  const { sam, end } = samOf([
    ...['=> 00A40000 02 3F00 00', '<= 6102', '=> 00C0000002', '<= 6F00 9000'],
    ...EF15,
    ...EF16,
    ...['=> 00A40000 02 8011 00', '<= 6102', '=> 00C0000002', '<= 6F00 9000'],
    ...['=> 00B0970019', '<= 6C01', '=> 00B0970001', '<= 41 9000'],
    ...[INIT, '<= 6108', '=> 00C0000008', '<= 000001E7 B915CAE7 9000'],
  ]);
  assert.ok((await sam.start()).ok);
  assert.is(sam.identity.keyIndex, 0x41);
  assert.ok((await sam.initPurchase(PURCHASE)).ok);
  end();
});

psam.test('GIVEN the bus trace THEN 8070 and 8072 go out byte by byte', async () => {
  const { sam, end } = samOf([INIT, '<= 000001E7 B915CAE7 9000', CREDIT, '<= 9000']);
  const authorisation = { termSeq: bytes('000001E7'), mac1: bytes('B915CAE7') };
  assert.equal(told(await sam.initPurchase(PURCHASE)), authorisation);
  assert.is(told(await sam.creditPurchase(MAC2)), 'verified');
  end();
});

const VERDICTS: readonly (readonly [string, string])[] = [
  ['9000', 'verified'],
  ['9302', 'wrong'],
  ['63C2', 'wrong'],
  ['63C0', 'wrong'],
  ['6901', 'no-session'],
  ['6985', 'no-session'],
  ['6983', 'sam-distrusted none'],
  ['6300', 'sam-refused none'],
  ['6700', 'sam-refused none'],
  ['9303', 'sam-refused none'],
  ['6F00', 'sam-refused none'],
];

for (const [answer, verdict] of VERDICTS) {
  psam.test(`GIVEN 8072 is answered ${answer} THEN ${verdict}`, async () => {
    const { sam, end } = samOf([CREDIT, `<= ${answer}`]);
    assert.is(told(await sam.creditPurchase(MAC2)), verdict);
    end();
  });
}

const REFUSALS: readonly (readonly [string, string])[] = [
  ['9403', 'sam-refused none'],
  ['6A88', 'sam-refused none'],
  ['6A80', 'sam-refused none'],
  ['6700', 'sam-refused none'],
  ['6983', 'sam-distrusted none'],
  ['9000', 'sam-refused none'],
  ['000001E7 B915CA 9000', 'sam-refused none'],
  ['000001E7 B915CAE7 00 9000', 'sam-refused none'],
  ['', 'sam-mute none'],
  ['90', 'sam-mute none'],
];

for (const [answer, fault] of REFUSALS) {
  psam.test(`GIVEN 8070 is answered "${answer}" THEN ${fault}`, async () => {
    const { sam, end } = samOf([INIT, `<= ${answer}`]);
    assert.is(told(await sam.initPurchase(PURCHASE)), fault);
    end();
  });
}

psam.test('GIVEN a PSAM that lost its application THEN it is selected again, once', async () => {
  for (const lost of ['6901', '6985', '6986', '6D00', '6E00']) {
    const again = [INIT, `<= ${lost}`, ...APPLICATION, INIT];
    const healed = samOf([...again, '<= 000001E8 01020304 9000']);
    assert.equal(told(await healed.sam.initPurchase(PURCHASE)), {
      termSeq: bytes('000001E8'),
      mac1: bytes('01020304'),
    });
    healed.end();

    const stubborn = samOf([...again, `<= ${lost}`]);
    assert.is(told(await stubborn.sam.initPurchase(PURCHASE)), 'sam-refused none');
    stubborn.end();
    const gone = samOf([INIT, `<= ${lost}`, '=> 00A40000 02 8011 00', '<= 6A82']);
    assert.is(told(await gone.sam.initPurchase(PURCHASE)), 'sam-refused none');
    gone.end();
  }
});

psam.test('whatever the slot says, a fault is the SAM’s and has effect none', async () => {
  for (const [slot, sam_] of [
    ['sam-mute unknown', 'sam-mute none'],
    ['sam-absent none', 'sam-absent none'],
    ['card-gone unknown', 'sam-mute none'],
    ['link-lost unknown', 'sam-mute none'],
    ['link-busy none', 'sam-mute none'],
  ] as const) {
    const init = samOf([INIT, `<= ! ${slot}`]);
    assert.is(told(await init.sam.initPurchase(PURCHASE)), sam_);
    const fetching = samOf([INIT, '<= 6108', '=> 00C0000008', `<= ! ${slot}`]);
    assert.is(told(await fetching.sam.initPurchase(PURCHASE)), sam_);
    const credit = samOf([CREDIT, `<= ! ${slot}`]);
    assert.is(told(await credit.sam.creditPurchase(MAC2)), sam_);
    for (const { end } of [init, fetching, credit]) end();
  }
});

psam.test(
  'GIVEN the slot fails at reset THEN that is a SAM fault, and nothing is sent',
  async () => {
    for (const [reset, fault] of [
      [failed('sam-absent', 'none', 'empty'), 'sam-absent none'],
      [failed('link-lost', 'unknown', 'unplugged'), 'sam-mute none'],
    ] as const) {
      const { sam } = samOf([], reset);
      assert.is(told(await sam.start()), fault);
      assert.throws(() => sam.identity, /before it was started/);
    }
  },
);

psam.test('GIVEN a step of the start fails THEN no later one is sent', async () => {
  for (let failing = 0; failing < START.length; failing += 2) {
    const before = START.slice(0, failing);
    const command = START[failing] ?? '';
    for (const [answer, fault] of [
      ['<= 6A82', 'sam-refused none'],
      ['<= 6F00', 'sam-refused none'],
      ['<= ! sam-mute unknown', 'sam-mute none'],
    ] as const) {
      const { sam, end } = samOf([...before, command, answer]);
      assert.is(told(await sam.start()), fault, command);
      end();
    }
  }
});

psam.test(
  'GIVEN damaged identity files THEN refused, with the lengths they should have',
  async () => {
    const damaged = [
      [...MF, '=> 00B095000E', '<= 413101000000000001 9000', ...EF16, ...APPLICATION, ...EF17],
      [...MF, ...EF15, '=> 00B0960006', '<= 4131012101 9000', ...APPLICATION, ...EF17],
      [...MF, ...EF15, '=> 00B0960006', '<= 41310121019800 9000', ...APPLICATION, ...EF17],
      [...MF, ...EF15, ...EF16, ...APPLICATION, '=> 00B0970019', '<= 9000'],
    ];
    for (const lines of damaged) {
      const { sam, end } = samOf(lines);
      const reply = await sam.start();
      assert.is(told(reply), 'sam-refused none');
      assert.match(reply.ok ? '' : reply.fault.detail, /EF15, EF16, EF17 are shorter than 10, 6/);
      end();
    }
  },
);

psam.test('GIVEN a restart that fails THEN the identity of before stays', async () => {
  const { sam, end } = samOf([...START, ...MF, '=> 00B095000E', '<= 6A82']);
  assert.ok((await sam.start()).ok);
  assert.is(told(await sam.start()), 'sam-refused none');
  assert.is(upper(sam.identity.terminal), '413101210198');
  end();
});

const LOCK = '=> 801A 45 01 10 4990600000000016 02313750FFFFFFFF';
const SIGN = '=> 80FA 05 00 10 0A1B2C3D00000000 841E000004800000 04';

const BLOCKS: readonly { title: string; lines: readonly string[]; result: unknown }[] = [
  {
    title: 'the lock key',
    lines: [LOCK, '<= 9000', SIGN, '<= 01020304 9000'],
    result: bytes('01020304'),
  },
  {
    title: 'a MAC of 8 bytes by 6Cxx',
    lines: [LOCK, '<= 9000', SIGN, '<= 6C08', `${SIGN.slice(0, -2)}08`, '<= 0102030405060708 9000'],
    result: bytes('01020304'),
  },
  { title: 'no such key', lines: [LOCK, '<= 6A88'], result: null },
  { title: 'no 801A at all', lines: [LOCK, '<= 6D00'], result: null },
  { title: 'a mute SAM', lines: [LOCK, '<= ! sam-mute unknown'], result: 'sam-mute none' },
  {
    title: 'a refused MAC',
    lines: [LOCK, '<= 9000', SIGN, '<= 6985'],
    result: 'sam-refused none',
  },
  {
    title: 'a MAC of 3 bytes',
    lines: [LOCK, '<= 9000', SIGN, '<= 010203 9000'],
    result: 'sam-refused none',
  },
];

for (const { title, lines, result } of BLOCKS) {
  psam.test(`GIVEN ${title} WHEN a block is to be signed THEN the right end`, async () => {
    const { sam, end } = samOf(lines);
    const { cardFactor, issuerFactor } = PURCHASE;
    const reply = await sam.blockMac(bytes('0A1B2C3D'), cardFactor, issuerFactor);
    assert.equal(told(reply), result);
    end();
  });
}

psam.test(
  'GIVEN a question under way WHEN a tap comes THEN it waits, nothing is sent',
  async () => {
    const script = createApduScript([...START, INIT, '<= 000001E7 A1B2C3D4 9000']);
    let answer = (_: Reply<string>) => {};
    const sam = createPsam(
      {
        name: 'scripted slot',
        reset: async () => ok(bytes('3B00')),
        transceive: script.transceive,
        probe: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
        close: async () => {},
      },
      OPTIONS,
    );
    await sam.start();
    const asked = sam.probe?.();
    let over = false;
    const purchase = sam.initPurchase(PURCHASE).finally(() => {
      over = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(over, false);
    answer(failed('card-gone', 'none', 'drawn'));
    assert.ok(asked);
    assert.is(told(await asked), 'sam-mute none');
    assert.is((await purchase).ok, true);
    script.ensureEmpty();
  },
);

psam.test('GIVEN a start that is begun anew THEN the first sends nothing more', async () => {
  const script = createApduScript(START);
  let power = (_: Reply<Buffer>) => {};
  let resets = 0;
  const first = new Promise<Reply<Buffer>>((resolve) => {
    power = resolve;
  });
  const slot: SamSlot = {
    name: 'scripted slot',
    reset: () => {
      resets += 1;
      return resets === 1 ? first : Promise.resolve(ok(bytes('3B00')));
    },
    transceive: script.transceive,
    close: async () => {},
  };
  const sam = createPsam(slot, OPTIONS);
  const late = sam.start();
  assert.is((await sam.start()).ok, true);
  power(ok(bytes('3B00')));
  assert.is(told(await late), 'sam-mute none');
  script.ensureEmpty();
});

psam.run();
