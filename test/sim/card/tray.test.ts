import * as assert from 'uvu/assert';
import { createTray, listedCards } from '../../../sim/card/tray.ts';
import { feature } from '../../kit/feature.ts';
import { AT, SELECT_PURSE, send, TERMINAL } from './hand.ts';

const tray = feature('sim card: tray');
const entries = createTray('20240229');
const entry = (id: string) => {
  const found = entries.find((one) => one.id === id);
  if (!found) throw new Error(`no ${id} on the tray`);
  return found;
};
const ef15 = (id: string) => {
  const { purse } = entry(id);
  if (!purse) throw new Error(`${id} has no purse`);
  send(purse, SELECT_PURSE);
  return send(purse, '00B0950000');
};

tray.test('GIVEN the tray THEN every id, serial and uid is there once', () => {
  const ids = entries.map(({ id }) => id).join(' ');
  assert.is(
    ids,
    'adult elderly disabled student low-balance expired blacklisted superseded generation-2 ' +
      'foreign-city local-only-foreign tdes torn two bank mifare forged',
  );
  const targets = entries.flatMap((one) => one.targets);
  assert.is(new Set(targets.map(({ uid }) => uid.toString('hex'))).size, targets.length);
  for (const { name, note } of entries) {
    assert.equal(Object.keys(name), ['zh-CN', 'en']);
    assert.equal(Object.keys(note), ['zh-CN', 'en']);
  }
});

tray.test('GIVEN its cards THEN each is what its name says', () => {
  assert.is(ef15('elderly').slice(56, 58), '01');
  assert.is(ef15('disabled').slice(56, 58), '11');
  assert.is(ef15('student').slice(56, 58), '02');
  assert.is(ef15('expired').slice(48, 56), '20231231');
  assert.is(ef15('adult').slice(48, 56), '20311231');
  assert.is(entry('low-balance').purse?.balance_fen, 50);
  assert.is(entry('tdes').purse?.algorithm, '3des');
  assert.equal(entry('generation-2').targets, []);
  assert.is(entry('two').targets.length, 2);
  assert.is(entry('two').purse, null);
  assert.is(entry('torn').gesture, 'tear');
  assert.is(entry('mifare').targets[0]?.sak, 0x08);
});

tray.test('GIVEN the listed cards THEN they are cards of the tray', () => {
  const listed = listedCards().map(({ card, reason }) => `${card.toString('hex')} ${reason}`);
  assert.equal(listed, [
    `${entry('blacklisted').purse?.serial} lost`,
    `${entry('superseded').purse?.serial} superseded`,
  ]);
});

tray.test('GIVEN the bank card THEN a UnionPay directory and no purse', () => {
  const [bank] = entry('bank').targets;
  assert.ok(bank);
  assert.match(
    send(bank, '00A404000E325041592E5359532E444446303100'),
    /4F08A000000333010101.*9000/,
  );
  assert.match(send(bank, '00A4040008A00000033301010100'), /9000$/);
  assert.is(send(bank, SELECT_PURSE), '6A82');
  assert.is(send(bank, '80A8000002830000'), '6D00');
});

tray.test('GIVEN the forged purse THEN it takes any MAC1 and never becomes poorer', () => {
  const forged = entry('forged').purse;
  assert.ok(forged);
  send(forged, SELECT_PURSE);
  for (let n = 0; n < 3; n += 1) {
    assert.match(send(forged, `805003020B 41 000000C8 ${TERMINAL} 0F`), /^00001388.*9000$/);
    const debited = send(forged, `805401000F 00000001 ${AT} 00000000 08`);
    assert.is(debited, '11223344556677889000');
    assert.is(send(forged, '805A000902000108'), '55667788112233449000');
  }
  assert.is(forged.balance_fen, 5_000);
});

tray.run();
