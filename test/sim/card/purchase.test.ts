import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { AT, cardOf, ENTRY, SELECT_PURSE, send, TERMINAL } from './hand.ts';
import { runSteps, tapOf } from './tap.ts';

const purchase = feature('sim card: purchase');
const INIT = `805003020B 41 000000C8 ${TERMINAL} 0F`;

purchase.test(
  'GIVEN a full tap THEN money, counter, trip, log and proof moved as one',
  async () => {
    const card = cardOf();
    const tap = tapOf(card);
    assert.match(await runSteps(tap, '8054'), /^[0-9A-F]{16}9000$/);
    assert.is(card.balance_fen, 4_800);
    assert.is(card.counter, 1);
    assert.is(card.lastTrip.toString('hex').toUpperCase(), ENTRY);
    assert.is(send(card, '805C030204'), '000012C09000');
    assert.is(send(card, '00B201F400'), `${ENTRY}9000`);
    assert.is(send(card, '00B201C417'), `0001000000000000C809${TERMINAL}${AT}9000`);
    assert.is(send(card, '00B202C417'), '6A83');
    const [tac, mac2] = [tap.debited.slice(0, 8), tap.debited.slice(8, 16)];
    assert.is(await tap.sam(`8072000004${mac2}`), '9000');
    assert.is(send(card, '805A000902000108'), `${mac2}${tac}9000`, 'the reverse order of 8054');
  },
);

purchase.test(
  'GIVEN 805A THEN it proves the latest debit under its own type and no other',
  async () => {
    const card = cardOf();
    const ask = (type: string, counter: string) => send(card, `805A00${type}02${counter}08`);
    send(card, SELECT_PURSE);
    assert.is(ask('09', '0000'), '9406', 'nothing debited yet');
    assert.is(ask('09', '0001'), '9406');
    await runSteps(tapOf(card), '8054');
    assert.match(ask('09', '0001'), /9000$/);
    assert.is(ask('06', '0001'), '9406');
    assert.is(ask('09', '0000'), '9406');
    assert.is(ask('09', '0002'), '9406');
    send(card, INIT);
    assert.match(ask('09', '0001'), /9000$/, 'a fresh 8050 forgets nothing');
    card.powerDown();
    await runSteps(tapOf(card), '8054');
    assert.is(ask('09', '0001'), '9406', 'a later debit took its place');
    assert.match(ask('09', '0002'), /9000$/);
  },
);

purchase.test('GIVEN a wrong MAC1 THEN 9302, nothing moved, and the purchase is over', async () => {
  const card = cardOf();
  const before = card.snapshot();
  await runSteps(tapOf(card), '80DC');
  assert.is(send(card, `805401000F 00000001 ${AT} 00000000 08`), '9302');
  assert.is(send(card, `805401000F 00000001 ${AT} 00000000 08`), '6901');
  assert.equal({ ...card.snapshot(), draws: 0 }, before);
});

purchase.test('GIVEN a MAC1 WHEN replayed after its debit THEN it debits nothing', async () => {
  const card = cardOf();
  const tap = tapOf(card);
  await runSteps(tap, '8054');
  send(card, INIT);
  assert.is(send(card, `805401000F ${tap.termSeq} ${AT} ${tap.mac1} 08`), '9302');
  assert.is(card.balance_fen, 4_800);
});

purchase.test('GIVEN eleven taps THEN the cyclic files keep the newest ten', async () => {
  const card = cardOf();
  for (let n = 0; n < 11; n += 1) await runSteps(tapOf(card), '8054');
  assert.is(card.balance_fen, 5_000 - 11 * 200);
  assert.match(send(card, '00B201C417'), /^000B/);
  assert.match(send(card, '00B20AC417'), /^0002/);
  assert.is(send(card, '00B20BC417'), '6A83');
  assert.is(send(card, '00B20BF400'), '6A83');
});

/** Commands on a freshly selected ordinary SM4 card, and the status word of each. */
const WORDS: readonly [command: string, sw: string, why: string][] = [
  [`805003020B 01 000000C8 ${TERMINAL} 0F`, '9403', 'an SM4 card knows key index 41 only'],
  [`805003020B 41 00001389 ${TERMINAL} 0F`, '9401', 'one fen more than it has'],
  [`805003020B 41 FFFFFFFF ${TERMINAL} 0F`, '9401', 'amounts are unsigned'],
  [`805003020A 41 000000C8 ${TERMINAL.slice(2)} 0F`, '6700', 'Lc is not 0B'],
  [`805002020B 41 000000C8 ${TERMINAL} 0F`, '6A86', '02 is no purchase'],
  [`805003010B 41 000000C8 ${TERMINAL} 0F`, '6A86', '01 is the other purse'],
  [`80DC00F030 ${ENTRY}`, '6901', 'no 8050 before'],
  [`805401000F 00000001 ${AT} 00000000 08`, '6901', 'no 8050 before'],
  ['805C040204', '6A86', 'four balances only'],
  ['805C030104', '6A86', 'no such purse'],
  ['805C030205', '6700', 'a balance has 4 bytes'],
  ['80CA000009', '6D00', 'no safe authentication code on this card'],
  ['0084000005', '6700', 'challenges have 4, 8 or 16 bytes'],
  ['841E00000400000000', '6984', 'no challenge before'],
  ['90B0950000', '6E00', 'unknown class'],
  ['00B0950020', '6C1E', 'more than EF15 has'],
  ['00B0951F00', '6B00', 'beyond the end of EF15'],
  ['00B0940000', '6A82', 'no such file'],
  ['00B09E0030', '6981', 'the trip records are records'],
  ['00B0820004', '6982', 'the balance is read by 805C'],
  ['00B0000000', '6986', 'no current file'],
  ['00B201F430', '9000', 'trip record with its exact length'],
  ['00B200F030', '9000', 'trip record by its first byte'],
  ['00B203F000', '6A83', 'no record that begins with 03'],
  ['00B201F42F', '6C30', 'a trip record has 48 bytes'],
  ['00B201AC00', '6981', 'EF15 is transparent'],
  ['00B201CC00', '6A82', 'no such file'],
  ['00A4040008A00000033301010100', '6A82', 'no bank application'],
  ['00A4000002DF0100', '6A82', 'no such file'],
  ['00A40200020015', '6A86', 'SELECT under the current file'],
  ['00A4000002001E', '9000', 'a file of the purse by its id'],
  ['00A40000023F00', '9000', 'the master file'],
];

for (const [command, sw, why] of WORDS) {
  purchase.test(`GIVEN ${command.slice(0, 12)}… THEN ${sw}: ${why}`, () => {
    const card = cardOf();
    send(card, SELECT_PURSE);
    assert.is(send(card, command).slice(-4), sw);
    assert.is(card.balance_fen, 5_000);
  });
}

purchase.test('GIVEN no selected purse THEN its commands answer 6985', () => {
  const card = cardOf();
  for (const command of [INIT, '805C030204', `80DC00F030${ENTRY}`, '805A000902000108']) {
    assert.is(send(card, command), '6985');
  }
});

purchase.test('GIVEN 80DC THEN only a trip record of 48 bytes within a compound purchase', () => {
  const card = cardOf();
  send(card, SELECT_PURSE);
  send(card, INIT);
  assert.is(send(card, `80DC00F02F${ENTRY.slice(2)}`), '6700');
  assert.is(send(card, `80DC01F030${ENTRY}`), '6A86');
  assert.is(send(card, `80DC00D030${ENTRY}`), '6A82');
  assert.is(send(card, `80DC00F030${ENTRY}`), '9000');
  send(card, INIT.replace('805003', '805001'));
  assert.is(send(card, `80DC00F030${ENTRY}`), '6901', 'a simple purchase writes no trip');
});

purchase.test('GIVEN a worn-out counter THEN 9402', () => {
  const card = cardOf();
  card.restore({ ...card.snapshot(), counter: 0xffff });
  send(card, SELECT_PURSE);
  assert.is(send(card, INIT), '9402');
});

purchase.test('GIVEN the 3DES card THEN index 01 only, algorithm byte 00', () => {
  const card = cardOf({ algorithm: '3des' });
  send(card, SELECT_PURSE);
  assert.is(send(card, INIT), '9403');
  assert.match(send(card, INIT.replace(' 41 ', ' 01 ')), /^0000138800000000000100.{8}9000$/);
});

purchase.run();
