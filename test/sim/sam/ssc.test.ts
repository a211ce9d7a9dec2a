/** The social security application of the PSAM: session keys for one card, checked by OpenSSL. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createVirtualPsam, type PsamOptions } from '../../../sim/sam/psam.ts';
import { SSC_SAM, type SscSamSettings } from '../../../sim/sam/ssc.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, NO_TIME, upper } from '../card/hand.ts';
import {
  ask,
  cardOf,
  FACTORS,
  faceOf,
  opinion,
  SELECT_EF06,
  SELECT_SSSE,
} from '../card/ssc/hand.ts';

const sam = feature('sim psam social security');

const SELECT = '00A4040006 D15600000590';
const [L1 = '', L2 = '', L3 = ''] = FACTORS;
const RANDOM = '98B4D293D091C331';
const RAW = 'E603E2CAADAF02B6';
const ZEROS = '00'.repeat(8);

function psamOf(ssc: Partial<SscSamSettings> = {}, options: PsamOptions = {}) {
  const psam = createVirtualPsam(NO_TIME, {
    timed: false,
    ssc: { ...SSC_SAM, ...ssc },
    ...options,
  });
  const send = async (command: string) => {
    const reply = await psam.transceive(bytes(command), 1_000);
    return reply.ok ? upper(reply.value) : reply.fault.code;
  };
  return { psam, send };
}

/** `command < answer`, blanks free. */
async function exchanges(lines: readonly string[], ...of: Parameters<typeof psamOf>) {
  const { send } = psamOf(...of);
  for (const line of lines) {
    const [command = '', expected = ''] = line.split('<').map((part) => part.replaceAll(' ', ''));
    assert.is(await send(command), expected, line);
  }
}

/** DELIVERY SESSION KEY of RKSSSE for three levels. */
const DELIVER = `BFDE670A28 ${L3} ${L2} ${L1} ${RANDOM} ${ZEROS}`;
const CIPHER = `80FA000010 ${RAW} ${ZEROS}`;

function folded(block: string): string {
  const sum = BigInt(`0x${block.slice(0, 16)}`) ^ BigInt(`0x${block.slice(16, 32)}`);
  return sum.toString(16).toUpperCase().padStart(16, '0');
}

sam.test(
  'GIVEN RKSSSE delivered for a card THEN the folded block is what OpenSSL computes',
  async () => {
    const { send } = psamOf();
    assert.match(await send(SELECT), /^6F0D8406D15600000590.*9000$/);
    assert.is(await send('BFEC000001 33'), '9000');
    assert.is(await send(DELIVER), '9000');
    const expected = opinion('sm4', 'RKSSSE', FACTORS).data(RANDOM, RAW);
    assert.is(folded(await send(CIPHER)), expected);
  },
);

sam.test('under T=0 the block comes by 6110 and GET RESPONSE', () =>
  exchanges(
    [
      `${SELECT} < 610F`,
      `00C000000F < 6F0D 8406D15600000590 A503880101 9000`,
      `${DELIVER} < 9000`,
      `${CIPHER} < 6110`,
      '00C0000011 < 6C10',
    ],
    {},
    { getResponse: true },
  ),
);

sam.test('GIVEN card and PSAM THEN the holder file opens, and IRK proves the card', async () => {
  const { send } = psamOf();
  const face = faceOf(cardOf());
  await send(SELECT);
  ask(face, SELECT_SSSE);
  await send(`BFDE670828 ${L3} ${L2} ${L1} ${RANDOM} ${ZEROS}`);
  assert.is(ask(face, `0088000010${RANDOM}${RAW}`), `${folded(await send(CIPHER))}9000`);
  const random = ask(face, '0084000008').slice(0, 16);
  await send(`BFDE670A28 ${L3} ${L2} ${L1} ${random} ${ZEROS}`);
  assert.is(ask(face, `0082000A10${folded(await send(CIPHER))}${RAW}`), '9000');
  ask(face, SELECT_EF06);
  assert.match(ask(face, '00B2080014'), /^0812.*9000$/);
});

sam.test('a province or city PSAM wants fewer factors and gives the same', async () => {
  const expected = opinion('sm4', 'RKSSSE', FACTORS).data(RANDOM, RAW);
  const province = psamOf({ levels: 2 });
  await province.send(SELECT);
  assert.is(await province.send(`BFDE470A20 ${L3} ${L2} ${RANDOM} ${ZEROS}`), '9000');
  assert.is(folded(await province.send(CIPHER)), expected);
  const city = psamOf({ levels: 1 });
  await city.send(SELECT);
  assert.is(await city.send(`BFDE270A18 ${L3} ${RANDOM} ${ZEROS}`), '9000');
  assert.is(folded(await city.send(CIPHER)), expected);
});

sam.test('a 3DES PSAM serves older cards: 8 bytes all along', async () => {
  const { send } = psamOf({ algorithm: '3des', processFactorLength: 8 });
  const face = faceOf(cardOf({ generation: 2 }));
  await send(SELECT);
  ask(face, SELECT_SSSE);
  const random = ask(face, '0084000008').slice(0, 16);
  assert.is(await send(`BFDE670A20 ${L3} ${L2} ${L1} ${random}`), '9000');
  const data = (await send(`80FA000008 ${RAW}`)).slice(0, 16);
  assert.is(ask(face, `0082000A10${data}${RAW}`), '9000');
});

sam.test('files: 15 bytes of identity, the terminal number, by SELECT or short id', () =>
  exchanges([
    `${SELECT} < 6F0D 8406D15600000590 A503880101 9000`,
    '00B0000006 < 6986',
    '00A40000020015 < 9000',
    '00B000000F < 01 33209900000000000001 05 01 0000 9000',
    '00A40200020016 < 9000',
    '00B0000006 < 332099000001 9000',
    '00B0950000 < 01 33209900000000000001 05 01 0000 9000',
    '00B0970000 < 6A82',
  ]),
);

const VARIANTS = [
  ['BFDE', 0xbfde],
  ['80DE', 0x80de],
  ['801A', 0x801a],
] as const;

for (const [name, deliver] of VARIANTS) {
  sam.test(`DELIVERY SESSION KEY as ${name}; the other spellings are unknown`, async () => {
    const { send } = psamOf({ deliver });
    await send(SELECT);
    for (const [other] of VARIANTS) {
      const answer = await send(DELIVER.replace('BFDE', other));
      if (other === name) assert.is(answer, '9000');
      else assert.match(answer, /^(6D00|6E00|6985)$/, other);
    }
  });
}

const REFUSED: readonly (readonly [title: string, command: string, sw: string])[] = [
  ['wrong number of levels', `BFDE470A28 ${L3} ${L2} ${L1} ${RANDOM} ${ZEROS}`, '6A80'],
  ['process factor of 8 bytes', `BFDE670A20 ${L3} ${L2} ${L1} ${RANDOM}`, '6700'],
  ['no such key', `BFDE677F28 ${L3} ${L2} ${L1} ${RANDOM} ${ZEROS}`, '6A88'],
  ['a key for encryption is not one for purchases', DELIVER.replace('DE67', 'DE62'), '6A88'],
  ['STK is for MAC, not for encryption', DELIVER.replace('670A', '6709'), '6A88'],
  ['CIPHER DATA before a key', CIPHER, '6985'],
  ['an environment of two bytes', 'BFEC0000023302', '6700'],
  ['an unknown class', 'B0CA000000', '6E00'],
];

for (const [title, command, sw] of REFUSED) {
  sam.test(`refused: ${title} answers ${sw}`, async () => {
    const { send } = psamOf();
    await send(SELECT);
    assert.is(await send(command), sw);
  });
}

sam.test('a refused delivery takes the key before it away; so do SELECT and reset', async () => {
  const { psam, send } = psamOf();
  const deliver = async () => {
    await send(SELECT);
    assert.is(await send(DELIVER), '9000');
  };
  await deliver();
  await send(`BFDE677F28 ${L3} ${L2} ${L1} ${RANDOM} ${ZEROS}`);
  assert.is(await send(CIPHER), '6985');
  await deliver();
  await send(SELECT);
  assert.is(await send(CIPHER), '6985');
  await deliver();
  await psam.reset();
  assert.is(await send(CIPHER), '6985');
});

sam.test('without its authorisation card it refuses with 6982', () =>
  exchanges([`${SELECT} < 6F0D 8406D15600000590 A503880101 9000`, `${DELIVER} < 6982`], {
    authorised: false,
  }),
);

sam.test('wrongCipher gives another block, so a card would count a failure', async () => {
  const { psam, send } = psamOf();
  await send(SELECT);
  await send(DELIVER);
  const honest = await send(CIPHER);
  psam.setFault('wrongCipher');
  assert.is.not(await send(CIPHER), honest);
});

sam.test(
  'the purchase application is still there, and a PSAM without the other refuses',
  async () => {
    const { send } = psamOf();
    await send(SELECT);
    assert.match(await send('00A40000028011'), /^6F.*9000$/);
    assert.match(await send('00B0970019'), /9000$/);
    assert.is(await send(DELIVER), '6E00', 'a purchase application delivers no keys');
    const plain = createVirtualPsam(NO_TIME, { timed: false });
    const reply = await plain.transceive(bytes(SELECT), 1_000);
    assert.is(reply.ok && upper(reply.value), '6A82');
  },
);

sam.test('whatever comes, in whatever order: a status word, and never a key', async () => {
  const known = [SELECT, DELIVER, CIPHER, 'BFEC00000133', '00A40000020015', '00B000000F'].map(
    bytes,
  );
  const near = fc
    .tuple(
      fc.constantFrom(0x00, 0x80, 0xbf),
      fc.constantFrom(0xa4, 0xb0, 0xde, 0x1a, 0xfa, 0xec),
      fc.uint8Array({ minLength: 2, maxLength: 2 }),
      fc.uint8Array({ maxLength: 48 }),
    )
    .map(([cla, ins, p, data]) =>
      Buffer.from([cla, ins, ...p, ...(data.length > 0 ? [data.length, ...data] : [])]),
    );
  const noise = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data));
  const commands = fc.array(fc.oneof(fc.constantFrom(...known), near, noise), { maxLength: 20 });
  const { cardKey } = opinion('sm4', 'RKSSSE', FACTORS);
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const { psam } = psamOf();
      for (const command of list) {
        const reply = await psam.transceive(command, 1_000);
        if (!reply.ok) throw new Error(reply.fault.code);
        assert.match(upper(reply.value.subarray(-2)), /^(9000|6[0-9A-F]{3})$/);
        assert.not.ok(upper(reply.value).includes(cardKey));
      }
    }),
    { numRuns: 200 },
  );
});

sam.run();
