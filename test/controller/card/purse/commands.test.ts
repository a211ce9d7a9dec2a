/** Every command of a tap as bytes: the published bus trace, and docs/protocol.md. */

import * as assert from 'uvu/assert';
import { type Command, encodeCommand } from '../../../../controller/card/apdu.ts';
import { blockApplication, getChallenge } from '../../../../controller/card/purse/block.ts';
import { debit, parseDebitProof } from '../../../../controller/card/purse/debit.ts';
import { getBalance, parseBalance } from '../../../../controller/card/purse/get-balance.ts';
import {
  initPurchase,
  parsePurchaseOffer,
} from '../../../../controller/card/purse/init-purchase.ts';
import { readManagementInfo } from '../../../../controller/card/purse/management-info.ts';
import { parseProof, prove } from '../../../../controller/card/purse/prove.ts';
import { readPublicInfo } from '../../../../controller/card/purse/public-info.ts';
import { selectByName } from '../../../../controller/card/purse/select.ts';
import { cacheTrip, readLatestTrip } from '../../../../controller/card/purse/trip-record.ts';
import * as sam from '../../../../controller/sam/commands.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, upper } from '../../../sim/card/hand.ts';

const commands = feature('purse commands');

/** The debit of the trace, from 8050 to 8072. */
const TERMINAL = bytes('413101210198');
const AT = bytes('20190108151751');
const RECORD = bytes(`06${'00'.repeat(47)}`);
const PURCHASE = {
  random: bytes('62020EC1'),
  counter: 0x59,
  amount_fen: 1,
  txnType: 0x09,
  at: AT,
  keyVersion: 0x01,
  algorithm: 0x00,
  cardFactor: bytes('4990600000000016'),
  issuerFactor: bytes('02313750FFFFFFFF'),
};

const BYTES: readonly (readonly [string, Command, string])[] = [
  ['SELECT', selectByName(bytes('A000000632010105')), '00A40400 08 A000000632010105 00'],
  ['READ EF15', readPublicInfo(), '00B095001E'],
  ['READ EF17', readManagementInfo(), '00B097003C'],
  ['READ EF1E record 1', readLatestTrip(), '00B201F400'],
  ['GET BALANCE', getBalance(), '805C030204'],
  ['8050', initPurchase(0x01, 1, TERMINAL), '8050 03 02 0B 01 00000001 413101210198 0F'],
  ['8050, SM4', initPurchase(0x41, 200, TERMINAL), '8050 03 02 0B 41 000000C8 413101210198 0F'],
  ['80DC', cacheTrip(RECORD), `80DC 00 F0 30 06 ${'00'.repeat(47)}`],
  [
    '8054',
    debit(bytes('000001E7'), AT, bytes('B915CAE7')),
    '8054 01 00 0F 000001E7 20190108151751 B915CAE7 08',
  ],
  ['805A', prove(0x09, 0x5a), '805A 00 09 02 005A 08'],
  ['GET CHALLENGE', getChallenge(), '0084000004'],
  ['841E', blockApplication(bytes('01020304')), '841E 00 00 04 01020304'],
  [
    '8070',
    sam.initSamForPurchase(PURCHASE),
    '8070 0000 24 62020EC1 0059 00000001 09 20190108151751 01 00 ' +
      '4990600000000016 02313750FFFFFFFF 08',
  ],
  ['8072', sam.creditSamForPurchase(bytes('046BF062')), '8072 0000 04 046BF062'],
  ['SAM SELECT MF', sam.selectMasterFile(), '00A40000 02 3F00 00'],
  ['SAM SELECT application', sam.selectFile(bytes('8011')), '00A40000 02 8011 00'],
  ['SAM EF15', sam.readSamInfo(), '00B095000E'],
  ['SAM EF16', sam.readTerminalId(), '00B0960006'],
  ['SAM EF17', sam.readApplicationInfo(), '00B0970019'],
  [
    '801A',
    sam.initForDescrypt(0x45, 0x01, Buffer.concat([PURCHASE.cardFactor, PURCHASE.issuerFactor])),
    '801A 45 01 10 4990600000000016 02313750FFFFFFFF',
  ],
  [
    '80FA',
    sam.descryptMac(bytes('0A1B2C3D00000000841E000004800000')),
    '80FA 05 00 10 0A1B2C3D00000000 841E000004800000 04',
  ],
];

for (const [name, command, text] of BYTES) {
  commands.test(`${name} is ${text.slice(0, 9)}…, byte by byte`, () => {
    assert.is(upper(encodeCommand(command)), upper(bytes(text)));
  });
}

commands.test('GIVEN the answers of the trace THEN offer, authorisation and proof', () => {
  assert.equal(parsePurchaseOffer(bytes('0000471C 0059 000000 01 00 62020EC1')), {
    balance_fen: 18_204,
    counter: 89,
    overdraftLimit_fen: 0,
    keyVersion: 1,
    algorithm: 0,
    random: PURCHASE.random,
  });
  assert.equal(sam.parseAuthorisation(bytes('000001E7 B915CAE7')), {
    termSeq: bytes('000001E7'),
    mac1: bytes('B915CAE7'),
  });
  assert.equal(parseDebitProof(bytes('4FE3D8DD 046BF062')), {
    tac: bytes('4FE3D8DD'),
    mac2: bytes('046BF062'),
  });
});

commands.test('GIVEN the published 8050 answer of the worked example THEN its offer', () => {
  const offer = parsePurchaseOffer(bytes('00002000 0000 000000 00 00 584633C9'));
  assert.is(offer?.balance_fen, 0x2000);
  assert.is(offer?.counter, 0);
  assert.is(upper(offer?.random ?? Buffer.alloc(0)), '584633C9');
});

commands.test('805A answers the MAC first: the reverse of 8054', () => {
  const proof = { tac: bytes('4FE3D8DD'), mac2: bytes('046BF062') };
  assert.equal(parseProof(bytes('046BF062 4FE3D8DD')), proof);
  assert.equal(parseDebitProof(bytes('4FE3D8DD 046BF062')), proof);
});

commands.test('GIVEN extreme values THEN they are read unsigned', () => {
  assert.is(parseBalance(bytes('FFFFFFFF')), 0xffffffff);
  const offer = parsePurchaseOffer(bytes('80000001 FFFF 800000 FF 04 00000000'));
  assert.is(offer?.balance_fen, 0x80000001);
  assert.is(offer?.counter, 0xffff);
  assert.is(offer?.overdraftLimit_fen, 0x800000);
  assert.is(offer?.keyVersion, 0xff);
});

commands.test('GIVEN numbers that fit no field THEN building throws', () => {
  assert.throws(() => initPurchase(1, -1, TERMINAL), /out of range/);
  assert.throws(() => initPurchase(1, 2 ** 32, TERMINAL), /out of range/);
  assert.throws(() => prove(0x09, 0x10000), /out of range/);
});

const PARSERS: readonly (readonly [string, number, (data: Buffer) => unknown])[] = [
  ['balance', 4, parseBalance],
  ['8050', 15, parsePurchaseOffer],
  ['8054', 8, parseDebitProof],
  ['805A', 8, parseProof],
  ['8070', 8, sam.parseAuthorisation],
];

for (const [name, right, parse] of PARSERS) {
  commands.test(`GIVEN the ${name} answer in any length but ${right} THEN null`, () => {
    for (let length = 0; length <= 40; length++) {
      const parsed = parse(Buffer.alloc(length));
      assert.is(parsed === null, length !== right, `${length} bytes`);
    }
  });
}

commands.run();
