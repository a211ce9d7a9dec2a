import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Clock } from '../../../firmware-bridge/ports.ts';
import { keysAsJson, SIM_ISSUER, SIM_KEYS } from '../../../sim/keys.ts';
import { createVirtualPsam, type PsamOptions } from '../../../sim/sam/psam.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { AT, bytes, OPENSSL, openssl, SERIAL, sm4BlockMac, TERMINAL, upper } from '../card/hand.ts';

const psamFeature = feature('sim psam');
const FACTORS = `${SERIAL.slice(4)} ${SIM_ISSUER}`;
const INIT = `8070000024 0A1B2C3D 0007 000000C8 09 ${AT} 01 04 ${FACTORS} 08`;
const SELECT = '00A4000002801100';

/** A clock that jumps to the next timer, and the time it stands at. */
function jumpingClock(): Clock & { at_ms: number } {
  const clock = {
    at_ms: 0,
    now_ms: () => clock.at_ms,
    wall_ms: () => clock.at_ms,
    setTimeout(callback: () => void, delay_ms: number) {
      queueMicrotask(() => {
        clock.at_ms += delay_ms;
        callback();
      });
      return 0;
    },
    clearTimeout() {},
  };
  return clock;
}

function samOf(options: PsamOptions = {}) {
  const clock = jumpingClock();
  const psam = createVirtualPsam(clock, { timed: false, ...options });
  const send = async (command: string, timeout_ms = 1_000) => {
    const reply = await psam.transceive(bytes(command), timeout_ms);
    return reply.ok ? upper(reply.value) : reply.fault.code;
  };
  return { psam, clock, send };
}

psamFeature.test('GIVEN the master file THEN serial, terminal; then the application', async () => {
  const { psam, send } = samOf();
  const atr = await psam.reset();
  assert.ok(atr.ok && atr.value.readUInt8(0) === 0x3b);
  assert.is(await send('00B095000E'), `${SIM_KEYS.psam_serial}050100009000`);
  assert.is(await send('00B0960006'), `${TERMINAL}9000`);
  assert.is(await send('00B0970019'), '6A82', 'EF17 is in the application');
  for (const way of [SELECT, '00A4000002100100', '00A4040010A0000006324D4F542E435053414D303100']) {
    assert.match(await send(way), /^6F.*9000$/);
    const ef17 = `41${SIM_ISSUER}${SIM_ISSUER}2020010120991231`;
    assert.is(await send('00B0970019'), `${ef17}9000`);
    assert.is(await send('00B095000E'), '6A82');
    assert.match(await send('00A40000023F00'), /9000$/);
    assert.is(await send('00B0960007'), '6C06');
  }
  assert.is(await send('00A4000002DF01'), '6A82');
  assert.match(await send('0084000008'), /^[0-9A-F]{16}9000$/);
});

psamFeature.testWith(
  PROGRAMS.openssl,
  'GIVEN 8070 for both algorithms THEN MAC1 is what OpenSSL makes of the exported keys',
  async () => {
    for (const algorithm of ['sm4', '3des'] as const) {
      const { send } = samOf();
      await send(SELECT);
      const id = algorithm === 'sm4' ? '04' : '00';
      const told = await send(INIT.replace(' 01 04 ', ` 01 ${id} `));
      const master = keysAsJson().keys.find(
        (key) => key.usage === 'purchase' && key.algorithm === algorithm,
      );
      const by = OPENSSL[algorithm];
      const issuerKey = by.diversify(master?.key ?? '', SIM_ISSUER);
      const session = by.session(by.diversify(issuerKey, SERIAL.slice(4)), '0A1B2C3D00070001');
      assert.is(told, `00000001${by.mac(session, `000000C809${TERMINAL}${AT}`)}9000`);
      assert.is(await send(`8072000004${by.mac(session, '000000C8')}`), '9000');
      assert.is(await send(`8072000004${by.mac(session, '000000C8')}`), '6985', 'used up');
    }
  },
);

psamFeature.test('GIVEN 8070 THEN termSeq advances, survives reset and snapshot', async () => {
  const { psam, send } = samOf();
  await send(SELECT);
  assert.match(await send(INIT), /^00000001/);
  await psam.reset();
  await send(SELECT);
  assert.match(await send(INIT), /^00000002/);
  const { psam: heir, send: sendHeir } = samOf();
  heir.restore(JSON.parse(JSON.stringify(psam.snapshot())));
  await sendHeir(SELECT);
  assert.match(await sendHeir(INIT), /^00000003/);
  assert.is(heir.termSeq, 3);
});

/** What ends the session between 8070 and 8072. */
const ENDERS: readonly [command: string, why: string][] = [
  [INIT, 'a new 8070'],
  [INIT.replace(' 01 04 ', ' 01 7F '), 'even a refused one'],
  [SELECT, 'a SELECT'],
];

for (const [command, why] of ENDERS) {
  psamFeature.test(`GIVEN a session WHEN ${why} THEN its MAC2 is not accepted`, async () => {
    const { psam, send } = samOf();
    await send(SELECT);
    await send(INIT);
    await send(command);
    const told = await send('807200000400000000');
    assert.is(told, command === INIT ? '9302' : '6985');
    await psam.reset();
    assert.is(await send('807200000400000000'), '6985', 'reset ends it as well');
  });
}

psamFeature.test('GIVEN bad input THEN the exact status words', async () => {
  const { send } = samOf();
  assert.is(await send(INIT), '6985', 'no application selected');
  await send(SELECT);
  assert.is(await send('807200000400000000'), '6985', 'no session');
  assert.is(await send(INIT.replace(' 01 04 ', ' 02 04 ')), '9403', 'key version');
  assert.is(await send(INIT.replace(' 01 04 ', ' 01 01 ')), '9403', 'algorithm');
  assert.is(await send(`807000001C${INIT.replaceAll(' ', '').slice(10, 66)}08`), '6700');
  assert.is(await send('80700100'), '6A86');
  assert.is(await send('80FA050010'.padEnd(42, '0')), '6985', 'no 801A before');
  assert.is(await send(`801A450910${FACTORS}`), '6A88', 'key version');
  assert.is(await send(`801A250110${FACTORS}`), '6A88', 'one level only');
  assert.is(await send('80E00000'), '6D00');
  assert.is(await send('90700000'), '6E00');
  assert.is(await send('8070'), '6700');
});

psamFeature.test('GIVEN one or three levels THEN Lc 1C or 2C', async () => {
  for (const [levels, lc] of [
    [1, '1C'],
    [3, '2C'],
  ] as const) {
    const { send } = samOf({ levels });
    await send(SELECT);
    const factors = '4399900000000042'.repeat(levels);
    const init = `80700000${lc} 0A1B2C3D 0007 000000C8 09 ${AT} 01 04 ${factors} 08`;
    assert.match(await send(init), /^00000001.{8}9000$/);
    assert.is(await send(INIT), '6700');
  }
});

psamFeature.test('GIVEN wrong MAC2 THEN 9302, or 63Cx down to a locked SAM', async () => {
  const free = samOf();
  await free.send(SELECT);
  for (let n = 0; n < 5; n += 1) {
    await free.send(INIT);
    assert.is(await free.send('807200000400000000'), '9302');
  }
  const strict = samOf({ mac2Limit: 2 });
  await strict.send(SELECT);
  await strict.send(INIT);
  assert.is(await strict.send('807200000400000000'), '63C1');
  await strict.send(INIT);
  assert.is(await strict.send('807200000400000000'), '63C0');
  await strict.psam.reset();
  await strict.send(SELECT);
  assert.is(await strict.send(INIT), '6983', 'a reset does not unlock it');
});

psamFeature.testWith(PROGRAMS.openssl, 'GIVEN 801A and 80FA THEN the MAC of 841E', async () => {
  const { send } = samOf();
  await send(SELECT);
  assert.is(await send(`801A450110${FACTORS}`), '9000');
  const data = `${'0A1B2C3D'.padEnd(16, '0')} 841E000004 800000`;
  const lockKey = keysAsJson().keys.find(({ usage }) => usage === 'lock')?.key ?? '';
  assert.is(await send(`80FA050010${data}04`), `${sm4BlockMac(lockKey, '0A1B2C3D')}9000`);
  assert.is(await send(`80FA050010${data}04`), '6985', 'the working key is used up');
  await send(`801A450110${FACTORS}`);
  const block = '00112233445566778899AABBCCDDEEFF';
  const { diversify } = OPENSSL.sm4;
  const key = diversify(diversify(lockKey, SIM_ISSUER), SERIAL.slice(4));
  assert.is(await send(`80FA000010${block}10`), `${openssl('sm4-ecb', key, block)}9000`);
});

psamFeature.test('GIVEN T=0 manners THEN 61xx, GET RESPONSE in parts, 6Cxx', async () => {
  const { send } = samOf({ getResponse: true });
  const fci = await send(SELECT);
  assert.match(fci, /^61..$/);
  assert.is(await send(INIT), '6108');
  assert.is(await send('00C0000009'), '6C08');
  assert.is(await send('00C0000004'), '000000016104');
  assert.match(await send('00C0000004'), /^.{8}9000$/);
  assert.is(await send('00C0000004'), '6D00', 'nothing is left');
  assert.is(await send('8072000004FFFFFFFF'), '9302', 'GET RESPONSE kept the session');
  assert.match(await send('0084000004'), /^.{8}9000$/, 'case 2 answers at once');
});

psamFeature.test(
  'GIVEN time THEN each command takes its own, and a short patience fails',
  async () => {
    const { clock, send } = samOf({ timed: true });
    await send(SELECT);
    const start_ms = clock.at_ms;
    await send(INIT);
    assert.is(clock.at_ms - start_ms, 121);
    await send('807200000400000000');
    assert.is(clock.at_ms - start_ms, 121 + 72);
    assert.is(await send(INIT, 100), 'sam-mute');
    assert.is(clock.at_ms - start_ms, 121 + 72 + 100);
  },
);

psamFeature.test('GIVEN faults THEN mute, absent, wrong MAC1, and busy', async () => {
  const { psam, clock, send } = samOf();
  await send(SELECT);
  const right = await send(INIT);
  psam.setFault('mute');
  assert.is(await send(INIT, 300), 'sam-mute');
  assert.is(clock.at_ms, 300);
  assert.is(psam.termSeq, 1);
  psam.setFault('absent');
  const gone = await psam.reset();
  assert.is(!gone.ok && gone.fault.code, 'sam-absent');
  assert.is(!gone.ok && gone.fault.effect, 'none');
  assert.is(await send(INIT), 'sam-absent');
  psam.setFault('wrongMac1');
  psam.restore({ ...psam.snapshot(), termSeq: 0 });
  await send(SELECT);
  const wrong = await send(INIT);
  assert.is(wrong.slice(0, 8), right.slice(0, 8));
  assert.is.not(wrong.slice(8, 16), right.slice(8, 16));
  psam.setFault('none');
  const timed = samOf({ timed: true });
  const [first, second] = await Promise.all([timed.send(SELECT), timed.send(SELECT)]);
  assert.match(first, /9000$/);
  assert.is(second, 'link-busy');
});

psamFeature.test('GIVEN any bytes THEN a status word and no exception', async () => {
  const heads = [
    '80700000',
    '80720000',
    '801A4501',
    '80FA0500',
    '80FA0000',
    '00A40000',
    '00B09500',
  ];
  const command = fc.oneof(
    fc.constantFrom(SELECT, INIT, `801A450110${FACTORS}`).map(bytes),
    fc.uint8Array({ maxLength: 270 }).map((raw) => Buffer.from(raw)),
    fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 60 })).map(([head, rest]) => {
      return Buffer.concat([bytes(head), Buffer.from([rest.length]), rest]);
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 10 }),
      fc.boolean(),
      async (all, getResponse) => {
        const { psam } = samOf({ getResponse, mac2Limit: 3 });
        for (const apdu of all) {
          const reply = await psam.transceive(apdu, 1_000);
          assert.ok(reply.ok && reply.value.length >= 2);
        }
      },
    ),
    { numRuns: 300 },
  );
});

psamFeature.run();
