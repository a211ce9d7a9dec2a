/** The kiosk's tray: what each card is for, and that nobody on it exists. */

import * as assert from 'uvu/assert';
import { createPeople, listedPeople, type Person, personOnTray } from '../../../sim/card/people.ts';
import { sscFactors } from '../../../sim/card/ssc/keys.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from './hand.ts';
import { ask, opinion, SELECT_EF05, SELECT_EF06, SELECT_SSSE } from './ssc/hand.ts';

const tray = feature('sim card people');

const TODAY = '20260701';
/** The openssl program runs for every card. */
const SLOW_MS = 60_000;
const people = () => createPeople(TODAY);

function person(id: string): Person {
  return personOnTray(id, Date.UTC(2026, 6, 1));
}

/** The face that gives answers whole, if there is one; under T=0 a length of 00 is corrected. */
function read({ contact, contactless }: Person, command: string): string {
  const face = contactless ?? contact;
  if (!face) throw new Error('no face');
  const first = ask(face, command);
  if (first.startsWith('61')) return ask(face, `00C00000${first.slice(2)}`);
  if (!first.startsWith('6C')) return first;
  return ask(face, command.slice(0, 8) + first.slice(2));
}

/** Opens EF06 as an HSM would let a kiosk do it; the keys are those exported. */
function openHolder(one: Person): string {
  const id = read(one, '00B2012C12').slice(4, 36);
  const home = `008154573186603302${id.slice(16, 24)}`;
  const history = bytes(id.startsWith('3302') ? home : '00815457318660519999000099');
  const factors = sscFactors(id.slice(0, 6), history).map(upper);
  const random = read(one, '0084000008').slice(0, 16);
  const raw = '0011223344556677';
  return read(one, `0082000A10${opinion('sm4', 'RKSSSE', factors).data(random, raw)}${raw}`);
}

tray.test('ids are unique; every entry has both languages and at least a face', () => {
  const all = people();
  assert.is(new Set(all.map(({ id }) => id)).size, all.length);
  for (const { id, name, note, contact, contactless } of all) {
    for (const locale of ['zh-CN', 'en']) {
      assert.ok(name[locale], `${id}: name in ${locale}`);
      assert.ok(note[locale], `${id}: note in ${locale}`);
    }
    assert.ok(contact ?? contactless, id);
  }
});

tray.test('every issue of the kiosk has its card: kinds and validities are all there', () => {
  const told = new Set(people().map(({ expected }) => `${expected.kind} ${expected.validity}`));
  for (const validity of ['valid', 'expired', 'superseded', 'locked', 'lost'])
    assert.ok(told.has(`ssc ${validity}`), validity);
  for (const kind of ['medical-pooling', 'bank', 'transit', 'unknown', 'silent'])
    assert.ok(told.has(`${kind} undefined`), kind);
});

tray.test(
  'GIVEN each card with a holder expected THEN exactly that name is on it',
  () => {
    const decoder = new TextDecoder('gb18030');
    for (const one of people()) {
      const { holder } = one.expected;
      if (holder === undefined) continue;
      read(one, SELECT_SSSE);
      if (!/9000$/.test(read(one, '00B2083014'))) assert.is(openHolder(one), '9000', one.id);
      read(one, SELECT_EF06);
      const first = read(one, '00B2090020').slice(4, -4);
      const more = read(one, '00B24E0016');
      const name = first + (more.length > 4 ? more.slice(4, -4) : '');
      const plain = decoder.decode(bytes(name.replace(/(FF|00|20)+$/, ''))).replace(/[\0 ]+$/, '');
      assert.is(plain, holder, one.id);
    }
  },
  SLOW_MS,
);

tray.test(
  'nobody on the tray exists: numbers of region 000000, cards ZNB, accounts of nines',
  () => {
    for (const one of people()) {
      if (one.expected.kind !== 'ssc' || one.expected.validity === 'locked') continue;
      read(one, SELECT_SSSE);
      read(one, SELECT_EF05);
      const number = Buffer.from(read(one, '00B207000B').slice(4, -4), 'hex').toString();
      assert.match(number, /^ZNB\d{5}/, one.id);
      if (one.expected.holder === undefined) continue;
      if (!/9000$/.test(read(one, '00B2083014'))) openHolder(one);
      read(one, SELECT_EF06);
      const citizen = Buffer.from(read(one, '00B2080014').slice(4, -4), 'hex').toString();
      assert.match(citizen, /^000000/, one.id);
      assert.match(one.expected.holder, /测试|样本/, one.id);
    }
  },
);

tray.test(
  'the faces are those of the generation, and silence is silence',
  () => {
    assert.is(person('fine-2').contactless, null);
    assert.ok(person('adult-3').contact && person('adult-3').contactless);
    assert.is(person('upside-down').contact?.atr.length, 0);
    assert.is(person('mute').contact?.exchange(bytes(SELECT_SSSE)).answer.length, 0);
  },
  SLOW_MS,
);

tray.test('GIVEN an adult card THEN its purse has ten trips and the money to show', () => {
  const one = person('adult-3');
  assert.match(read(one, '00A4040008A000000632010105'), /9000$/);
  assert.is(read(one, '805C030204'), '0000109A9000');
  for (let number = 1; number <= 10; number += 1) {
    assert.match(read(one, `00B2${number.toString(16).padStart(2, '0')}C417`), /9000$/);
    assert.match(read(one, `00B2${number.toString(16).padStart(2, '0')}F430`), /^06.*9000$/);
  }
  assert.is(read(one, '00B20BC417'), '6A83');
});

tray.test('the list names the lost card, and the old one of a holder with a newer one', () => {
  const listed = listedPeople();
  assert.equal(
    listed.map(({ id, reason }) => `${id} ${reason}`),
    ['lost-3 lost', 'superseded-2 superseded'],
  );
  for (const { id, cardId, purse } of listed) {
    const one = person(id);
    assert.equal(one.card?.cardId, cardId);
    assert.is(one.card?.purse?.serial ?? null, purse ? upper(purse) : null);
  }
});

tray.test('an unknown id is refused with those there are', () => {
  assert.throws(() => personOnTray('nobody', 0), /no person nobody; there are adult-3, /);
});

tray.run();
