/** Whole exchanges that other people published, against the virtual card and PSAM. */

import * as assert from 'uvu/assert';
import { personalise } from '../../../sim/card/personalise.ts';
import { purseOf } from '../../../sim/card/purse.ts';
import { SIM_KEYS } from '../../../sim/keys.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, cardOf, NO_TIME, PROFILE, SELECT_PURSE, send, upper } from './hand.ts';

const published = feature('sim card: published exchanges');

published.test('GIVEN the keys of KAT-A WHEN its purchase is replayed THEN its very bytes', () => {
  const profile = { ...PROFILE, algorithm: '3des', balance_fen: 0x2000 } as const;
  const keyed = {
    ...personalise(profile, SIM_KEYS),
    keyVersion: 0,
    keyIndex: 0,
    purchaseKey: bytes('00112233445566778899AABBCCDDEEFF'),
    tacKey: bytes('8888888888888888'),
  };
  const card = purseOf(keyed, () => bytes('584633C9'));
  send(card, SELECT_PURSE);
  const told = send(card, '805001020B 00 00000001 001122334455 0F');
  assert.is(told, '000020000000000000' + '0000' + '584633C9' + '9000');
  const debited = send(card, '805401000F 00000000 20161216134600 D45737C5 08');
  assert.is(debited, '8AF270DC66B54A6B9000');
  assert.is(card.balance_fen, 0x1fff);
  assert.is(send(card, '805A000602 0001 08'), '66B54A6B8AF270DC9000');
});

published.test('GIVEN trace F of a real bus WHEN replayed THEN every length fits', async () => {
  const card = cardOf({ algorithm: '3des', balance_fen: 0x471c, fci9f0c: true });
  const psam = createVirtualPsam(NO_TIME, { timed: false });
  const fci = send(card, SELECT_PURSE);
  assert.match(fci, /^6F318408A000000632010105A5259F0801029F0C1E[0-9A-F]{60}9000$/);
  const told = send(card, '805003020B 01 00000001 413101210198 0F');
  assert.match(told, /^0000471C00000000000100[0-9A-F]{8}9000$/);

  await psam.transceive(bytes('00A4000002801100'), 1_000);
  const init =
    '8070000024 62020EC1 0059 00000001 09 20190108151751 0100 4990600000000016 02313750FFFFFFFF08';
  const authorised = await psam.transceive(bytes(init), 1_000);
  assert.is(authorised.ok && authorised.value.length, 10);
  assert.is(send(card, `80DC00F030 06${'00'.repeat(47)}`), '9000');
  const foreignMac1 = send(card, '805401000F 000001E7 20190108151751 B915CAE7 08');
  assert.is(foreignMac1, '9302', 'made with keys that this card does not have');
  const foreignMac2 = await psam.transceive(bytes('8072000004 046BF062'), 1_000);
  assert.is(foreignMac2.ok && upper(foreignMac2.value), '9302');
});

published.run();
