import * as assert from 'uvu/assert';
import { keysAsJson, SIM_ISSUER } from '../../../sim/keys.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { cardOf, SELECT_PURSE, SERIAL, send, sm4BlockMac, TERMINAL } from './hand.ts';

const files = feature('sim card: files and locking');
const EF15 = `${SIM_ISSUER}0201${SERIAL}20230101203312310000`;
const INIT = `805003020B 41 000000C8 ${TERMINAL} 0F`;

files.test('GIVEN SELECT of the purse THEN the FCI carries EF15, or not', () => {
  const aid = 'A000000632010105';
  assert.is(send(cardOf(), SELECT_PURSE), `6F318408${aid}A5259F0801029F0C1E${EF15}9000`);
  const bare = cardOf({ fci9f0c: false });
  assert.is(send(bare, SELECT_PURSE), `6F108408${aid}A5049F0801029000`);
  assert.is(send(bare, '00B0950000'), `${EF15}9000`);
  assert.is(send(bare, '00B095001E'), `${EF15}9000`);
  assert.is(send(bare, '00B0950C08'), `${SERIAL.slice(4)}9000`);
});

files.test('GIVEN EF17 THEN country, province, city, interoperability and kind', () => {
  const read = (interoperable: boolean) => {
    const card = cardOf({ interoperable, cardKind: '03' });
    send(card, SELECT_PURSE);
    return send(card, '00B097003C');
  };
  assert.is(read(true), `0000015633003320000103${'00'.repeat(49)}9000`);
  assert.is(read(false), `0000015633003320000003${'00'.repeat(49)}9000`);
});

files.test('GIVEN the directories THEN both name the purse', () => {
  const card = cardOf();
  const entry = '6117 4F08A000000632010105 50084D4F545F545F4550 870101'.replaceAll(' ', '');
  const ppse = send(card, '00A404000E325041592E5359532E444446303100');
  assert.is(ppse, `6F2E840E325041592E5359532E4444463031A51CBF0C19${entry}9000`);
  const pse = send(card, '00A404000E315041592E5359532E444446303100');
  assert.is(pse, '6F15840E315041592E5359532E4444463031A5038801019000');
  assert.is(send(card, '00B2010C00'), `7019${entry}9000`);
});

files.test('GIVEN a file selected by id THEN READ BINARY takes an offset into it', () => {
  const card = cardOf();
  send(card, SELECT_PURSE);
  assert.is(send(card, '00A40000020015'), '9000');
  assert.is(send(card, '00B000000A'), `${EF15.slice(0, 20)}9000`);
  card.powerDown();
  assert.is(send(card, '00A40000020015'), '6A82', 'power-up is at the master file');
});

files.testWith(
  PROGRAMS.openssl,
  'GIVEN a challenge and the lock key WHEN 841E THEN the purse is blocked for good',
  () => {
    const lockKey = keysAsJson().keys.find(({ usage }) => usage === 'lock')?.key ?? '';
    for (const [p2, sw] of [
      ['00', '6283'],
      ['01', '6A81'],
    ]) {
      const card = cardOf();
      send(card, SELECT_PURSE);
      const challenge = send(card, '0084000004').slice(0, 8);
      assert.is(send(card, `841E00${p2}04${sm4BlockMac(lockKey, challenge, p2)}`), '9000');
      card.powerDown();
      assert.is(send(card, SELECT_PURSE).slice(-4), sw);
      assert.is(send(card, INIT), sw === '6283' ? '6283' : '6985');
      assert.is(card.balance_fen, 5_000);
    }
  },
);

files.testWith(PROGRAMS.openssl, 'GIVEN a stale challenge or a wrong MAC THEN no block', () => {
  const lockKey = keysAsJson().keys.find(({ usage }) => usage === 'lock')?.key ?? '';
  const card = cardOf();
  send(card, SELECT_PURSE);
  const challenge = send(card, '0084000004').slice(0, 8);
  send(card, '805C030204');
  assert.is(send(card, `841E000004${sm4BlockMac(lockKey, challenge)}`), '6984');
  send(card, '0084000004');
  assert.is(send(card, '841E00000400000000'), '6988');
  assert.is(card.blocked, 'no');
});

files.test('GIVEN a card issued as blocked THEN SELECT says so and reading still works', () => {
  const card = cardOf({ blocked: 'temporary' });
  assert.match(send(card, SELECT_PURSE), /^6F31.*6283$/);
  assert.is(send(card, '00B0950000'), `${EF15}9000`);
  assert.is(send(card, INIT), '6283');
  assert.is(send(cardOf({ blocked: 'permanent' }), SELECT_PURSE), '6A81');
});

files.test('GIVEN a profile with a wrong field THEN the error names it', () => {
  assert.throws(() => cardOf({ serial: '0310' }), /serial must be 20 hex digits/);
  assert.throws(() => cardOf({ trip: '03' }), /trip is not 48 bytes/);
});

files.run();
