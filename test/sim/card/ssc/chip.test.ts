/** Several applications and two faces on one chip: who answers, what a tear leaves, T=0. */

import * as assert from 'uvu/assert';
import { feature } from '../../../kit/feature.ts';
import { bytes, ENTRY, PROFILE, SELECT_PURSE, upper } from '../hand.ts';
import { runSteps, STEPS, tapOf } from '../tap.ts';
import { ask, cardOf, faceOf, grant, SELECT_EF05, SELECT_SSSE, transcript } from './hand.ts';

const chip = feature('sim card ssc chip');

const BANK = { account: '6299999999999999', expires: '3312', label: 'PBOC DEBIT' };
const SELECT_BANK = '00A4040008A00000033301010100';
const SELECT_PPSE = '00A404000E325041592E5359532E444446303100';
const SELECT_PSE = '00A404000E315041592E5359532E444446303100';
/** TTQ, then amounts, country, TVR, currency, date, type, random: a published question. */
const PDOL_TAIL = '000000000001000000000000 0156 0000000000 0156 170601 00 2B29EBE4';
const FAST_OPTIONS = `80A8000023 8321 36800000 ${PDOL_TAIL}`;
const CONTACT_OPTIONS = `80A8000023 8321 00000000 ${PDOL_TAIL}`;

function combined() {
  const card = cardOf({}, { purse: PROFILE, bank: BANK });
  return { card, face: faceOf(card) };
}

/** The whole card where the tests of the purse expect a purse. */
function asPurse({ card, face }: ReturnType<typeof combined>) {
  if (!card.purse) throw new Error('a card without purse');
  const { exchange, powerDown } = face;
  return { ...card.purse, exchange, powerDown };
}

chip.test('PPSE lists purse and bank, PSE has them as records, the SSC is in neither', () => {
  const { face } = combined();
  transcript(face, [
    `${SELECT_PPSE} < 6F49 840E325041592E5359532E4444463031 A537 BF0C34
      6117 4F08A000000632010105 50084D4F545F545F4550 870101
      6119 4F08A000000333010101 500A50424F43204445424954 870101 9000`.replaceAll('\n', ''),
    '00B2010C00 < 6A82',
    `${SELECT_PSE} < 6F15 840E315041592E5359532E4444463031 A503880101 9000`,
    '00B2010C00 < 7019 6117 4F08A000000632010105 *9000',
    '00B2020C00 < 701B 6119 4F08A000000333010101 *9000',
    '00B2030C00 < 6A83',
    '0084000008 < 6D00',
  ]);
});

chip.test('each application answers its own commands, and only while selected', () => {
  const { face } = combined();
  transcript(face, [
    '805C030204 < 6D00',
    `${SELECT_PURSE} < 6F31 *9000`,
    '805C030204 < 00001388 9000',
    '0020000003123456 < 6D00',
    '00A4040008A000000333010109 < 6A82',
    '805C030204 < 00001388 9000',
    `${SELECT_BANK} < 6F3E 8408A000000333010101 *9000`,
    '805C030204 < 6D00',
    `${SELECT_SSSE} < 6F1C *9000`,
    `${SELECT_EF05} < 9000`,
    '00A40000023F00 < 9000',
    `${SELECT_EF05} < 6A82`,
  ]);
});

chip.test('a refused SELECT leaves what was selected before', () => {
  const blocked = { ...PROFILE, blocked: 'permanent' } as const;
  const face = faceOf(cardOf({}, { purse: blocked, bank: BANK }));
  transcript(face, [
    `${SELECT_SSSE} < *9000`,
    '0020000003123456 < 9000',
    `${SELECT_PURSE} < 6A81`,
    '00A4000002DF01 < *9000',
    '00B2012C00 < 2002 *9000',
  ]);
});

chip.test('leaving an application ends what it had begun: a purchase, a PIN, a proof', async () => {
  const both = combined();
  const tap = tapOf(asPurse(both));
  await runSteps(tap, '80DC');
  ask(both.face, SELECT_SSSE);
  ask(both.face, SELECT_PURSE);
  assert.is(ask(both.face, `80DC00F030${ENTRY}`), '6901');
  ask(both.face, SELECT_SSSE);
  assert.is(grant(both.face), '9000');
  ask(both.face, SELECT_PURSE);
  ask(both.face, SELECT_SSSE);
  ask(both.face, '00A4020002EF06');
  assert.is(ask(both.face, '00B2080014'), '6982');
});

for (const [index, { name }] of STEPS.entries()) {
  for (const moment of ['before', 'after'] as const) {
    chip.test(
      `GIVEN a purse on an SSC, power lost ${moment} ${name} THEN all or nothing`,
      async () => {
        const both = combined();
        const tap = tapOf(asPurse(both));
        for (const step of STEPS.slice(0, moment === 'after' ? index + 1 : index)) {
          await step.run(tap);
        }
        both.face.powerDown();
        const debited = tap.debited.length === 20;
        assert.is(both.card.purse?.balance_fen, debited ? 4_800 : 5_000);
        ask(both.face, SELECT_PURSE);
        assert.is(ask(both.face, '805C030204'), debited ? '000012C09000' : '000013889000');
        assert.is(ask(both.face, '805A000902000108').slice(-4), debited ? '9000' : '9406');
      },
    );
  }
}

chip.test(
  'what a card knows after a debit, a wrong PIN and a GPO, its copy knows too',
  async () => {
    const original = combined();
    await runSteps(tapOf(asPurse(original)), '8054');
    transcript(original.face, [
      `${SELECT_SSSE} < *9000`,
      '0020000003000000 < 63C2',
      `${SELECT_BANK} < *9000`,
      `${FAST_OPTIONS} < 774F *9000`,
    ]);
    const copy = combined();
    copy.card.restore(JSON.parse(JSON.stringify(original.card.snapshot())));
    assert.equal(copy.card.snapshot(), original.card.snapshot());
    transcript(copy.face, [
      `${SELECT_PURSE} < *9000`,
      '805C030204 < 000012C0 9000',
      `${SELECT_SSSE} < *9000`,
      '0020000000 < 63C2',
      `${SELECT_BANK} < *9000`,
      '80CA9F3600 < 9F36020002 9000',
    ]);
  },
);

chip.test('the bank: fast options give all at once, as a published trace has it', () => {
  const { face } = combined();
  ask(face, SELECT_BANK);
  const answer = ask(face, FAST_OPTIONS);
  // 774F 82 9F36 57 9F10 9F26 5F34 9F6C 9F5D; counter, dates and cryptogram are the card's own.
  const shape = new RegExp(
    '^774F82027C009F36020002571162[9]{14}D3312201[0-9]{10}9F101307010103A00000010A01' +
      '[0-9A-F]{18}9F2608[0-9A-F]{16}5F3401009F6C0200009F5D06[0-9A-F]{12}9000$',
  );
  assert.match(answer, shape);
  assert.is(answer.length, (79 + 2 + 2) * 2, 'as long as the published answer');
  assert.is(ask(face, '00B2010C00'), '6985', 'nothing more to read');
});

chip.test('the bank: contact options give AIP and AFL, then records with the account', () => {
  const { face } = combined();
  transcript(face, [
    `${SELECT_BANK} < 6F *9000`,
    '00B2010C00 < 6985',
    '80A80000028300 < 6700',
    `80A8000023 8421 00000000 ${PDOL_TAIL} < 6A80`,
    `80A8010023 8321 00000000 ${PDOL_TAIL} < 6A86`,
    `${CONTACT_OPTIONS} < 800A 7C00 08010100 10010100 9000`,
    '00B2010C00 < 7017 57116299999999999999D3312201 *9000',
    '00B2011400 < 701B 5A086299999999999999 5F2403331228 5F2503200101 5F28020156 9000',
    '00B2021400 < 6A83',
    '00B2011C00 < 6A82',
    '80CA9F1700 < 9F170103 9000',
    '80CA9F7900 < 9F7906000000000000 9000',
    '80CA9F0000 < 6A88',
    '80AE400000 < 6D00',
    'B0CA9F3600 < 6E00',
  ]);
});

const T0: readonly (readonly [title: string, lines: readonly string[]])[] = [
  [
    'data of a command without Le come by 61xx',
    [`${SELECT_SSSE} < 611E`, '00C000001E < 6F1C84 *9000', '00C000001E < 6D00'],
  ],
  [
    'GET RESPONSE with another length is told the right one',
    [`${SELECT_SSSE} < 611E`, '00C0000010 < 6C1E', '00C000001E < 6F1C84 *9000'],
  ],
  [
    'a wrong Le answers 6Cxx, and only the right one gets the record',
    [`${SELECT_SSSE} < 611E`, `${SELECT_EF05} < 9000`, '00B20500FF < 6C06'].concat([
      '00B2050006 < 050420230601 9000',
      '00B2050004 < 6C06',
      '00B2050006 < 050420230601 9000',
    ]),
  ],
  [
    'what was asked with a wrong Le is not done twice',
    [`${SELECT_SSSE} < 611E`, `${SELECT_EF05} < 9000`, '00B2050006 < 0504 *9000'].concat([
      '00B2000200 < 6C06',
      '00B2000206 < 060420330601 9000',
      '00B2000200 < 6C0B',
      '00B200020B < 0709 *9000',
    ]),
  ],
  ['a status without data is no matter of T=0', ['0020000003000000 < 63C2', '00DA000000 < 6D00']],
];

for (const [title, lines] of T0) {
  chip.test(`T=0: ${title}`, () => {
    const { contact } = cardOf();
    if (!contact) throw new Error('a card without contacts');
    transcript(contact, lines);
  });
}

chip.test('both faces show the same historical bytes and reach the same memory', () => {
  const { card, face } = combined();
  const history = '00815457318660330299000042';
  assert.is(upper(card.contact?.atr ?? bytes('')), `3B6D0000${history}`);
  assert.is(upper(face.ats), `127880A002${history}`);
  assert.is(face.sak & 0x20, 0x20);
  if (!card.contact) throw new Error('a card without contacts');
  ask(face, SELECT_SSSE);
  ask(face, '0020000003000000');
  face.powerDown();
  ask(card.contact, SELECT_SSSE);
  assert.is(ask(card.contact, '0020000000'), '63C2');
});

chip.run();
