/** The PIN: how many tries are left is known before one is made, and the last one needs consent. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { verify } from '../../../controller/card/ssc/pin.ts';
import {
  pinTriesLeft,
  readInsurance,
  verifyPin,
} from '../../../controller/kiosk/reading/insurance.ts';
import { type Card, failed } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { paperCard, readingDeps, type Sheet } from './paper-card.ts';
import { fci, SELECT_SSSE } from './sheets.ts';

const pin = feature('pin');
const QUERY = '0020000000';
const TRY = '0020000003123456';
const DEPS = readingDeps();

interface Rule {
  readonly query: string;
  readonly answer?: string;
  readonly agreed?: boolean;
  readonly digits?: string;
  readonly verdict: object;
  /** Was the PIN sent? */
  readonly tried: boolean;
}

const RULES: readonly Rule[] = [
  { query: '63C3', answer: '9000', verdict: { kind: 'right' }, tried: true },
  { query: '63C3', answer: '63C2', verdict: { kind: 'wrong', left: 2 }, tried: true },
  { query: '63C2', answer: '63C1', verdict: { kind: 'wrong', left: 1 }, tried: true },
  { query: '63C1', verdict: { kind: 'last-try' }, tried: false },
  { query: '63C1', agreed: true, answer: '9000', verdict: { kind: 'right' }, tried: true },
  { query: '63C1', agreed: true, answer: '63C0', verdict: { kind: 'locked' }, tried: true },
  { query: '63C1', agreed: true, answer: '6983', verdict: { kind: 'locked' }, tried: true },
  { query: '63C0', agreed: true, verdict: { kind: 'locked' }, tried: false },
  { query: '6983', agreed: true, verdict: { kind: 'locked' }, tried: false },
  { query: '9000', verdict: { kind: 'unset' }, tried: false },
  ...['6700', '6A86', '6982', '6984', '6D00', '6F00'].map((query) => ({
    query,
    agreed: true,
    verdict: { kind: 'untold' },
    tried: false,
  })),
  { query: '63C3', answer: '6984', verdict: { kind: 'untold' }, tried: true },
  { query: '63C3', digits: '123', verdict: { kind: 'malformed' }, tried: false },
  { query: '63C3', digits: '12a456', verdict: { kind: 'malformed' }, tried: false },
  { query: '63C3', digits: '1'.repeat(17), verdict: { kind: 'malformed' }, tried: false },
];

for (const { query, answer = '9000', agreed = false, digits = '123456', verdict, tried } of RULES) {
  const title = `${query} ${agreed ? 'agreed ' : ''}${digits} → ${answer}`;
  pin.test(`${title}: ${JSON.stringify(verdict)}, ${tried ? 'tried' : 'no try'}`, async () => {
    const card = paperCard({ [SELECT_SSSE]: fci(3), [QUERY]: query, [TRY]: answer });
    const told = await verifyPin(card, { pin: Buffer.from(digits), lastTryAgreed: agreed }, DEPS);
    assert.equal(told, { ok: true, value: verdict });
    const tries = card.sent.filter((sent) => sent.startsWith('0020') && sent !== QUERY);
    assert.is(tries.length, tried ? 1 : 0);
  });
}

pin.test('an odd number of digits is filled with F', async () => {
  const card = paperCard({ [SELECT_SSSE]: fci(3), [QUERY]: '63C3', '00200000031234 5F': '9000' });
  const told = await verifyPin(card, { pin: Buffer.from('12345'), lastTryAgreed: false }, DEPS);
  assert.equal(told, { ok: true, value: { kind: 'right' } });
});

pin.test('GIVEN any answer or none WHEN a PIN was sent THEN the command is wiped', async () => {
  for (const answer of ['9000', '63C2', '6984', undefined]) {
    const commands: Buffer[] = [];
    const paper = paperCard({ [SELECT_SSSE]: fci(3), [QUERY]: '63C3', [TRY]: answer ?? '9000' });
    const card: Card = {
      ...paper,
      transceive(command, timeout_ms) {
        commands.push(command);
        const lost = answer === undefined && commands.length === 3;
        return lost
          ? Promise.resolve(failed('card-gone', 'unknown', 'drawn'))
          : paper.transceive(command, timeout_ms);
      },
    };
    await verifyPin(card, { pin: Buffer.from('123456'), lastTryAgreed: false }, DEPS);
    assert.is(commands.length, 3);
    assert.not.ok(
      commands[0]?.every((byte) => byte === 0),
      'others are left alone',
    );
    assert.ok(commands[2]?.every((byte) => byte === 0));
  }
});

pin.test('GIVEN any digits WHEN packed THEN BCD as the standard has it', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 16 });
  fc.assert(
    fc.property(digits, (all) => {
      const text = all.join('');
      const filled = text.length % 2 === 0 ? text : `${text}F`;
      assert.is(verify(Buffer.from(text)).data.toString('hex').toUpperCase(), filled);
    }),
  );
});

pin.test('asking how many tries are left costs none', async () => {
  const card = paperCard({ [SELECT_SSSE]: fci(3), [QUERY]: '63C3' });
  assert.equal(await pinTriesLeft(card, DEPS), { ok: true, value: { kind: 'left', left: 3 } });
  assert.equal(card.sent, [SELECT_SSSE, QUERY]);
});

for (const sw of ['6A81', '6A82', '6985', '6283', '9303']) {
  pin.test(`GIVEN SELECT SSSE is answered ${sw} THEN no other application sees a PIN`, async () => {
    const sheet = { [SELECT_SSSE]: sw, [QUERY]: '63C3', [TRY]: '63C2' };
    const card = paperCard(sheet);
    const untold = { ok: true, value: { kind: 'untold' } };
    assert.equal(await pinTriesLeft(card, DEPS), untold);
    const entry = { pin: Buffer.from('123456'), lastTryAgreed: true };
    assert.equal(await verifyPin(card, entry, DEPS), untold);
    assert.equal(card.sent, [SELECT_SSSE, SELECT_SSSE]);
  });
}

pin.test(
  'GIVEN a card that is drawn while its PIN is checked THEN a fault of unknown effect',
  async () => {
    const sheet = { [SELECT_SSSE]: fci(3), [QUERY]: '63C3', [TRY]: '9000' };
    for (const at of [1, 2, 3]) {
      const card = paperCard(sheet, { drawn: { at } });
      const told = await verifyPin(
        card,
        { pin: Buffer.from('123456'), lastTryAgreed: false },
        DEPS,
      );
      if (told.ok) throw new Error('a verdict without a card');
      assert.is(told.fault.code, 'card-gone');
      assert.is(told.fault.effect, 'unknown');
      assert.not.ok(told.fault.detail.includes('123456'));
    }
  },
);

const INSURANCE: Sheet = {
  '00A4000002DF01': '9000',
  '00A4020002EF05': '9000',
  '00B2210052': `2150 D5C5C8FD ${'00'.repeat(76)} 9000`,
  '00B20E0005': ['0E03 330203 9000'],
  '00A4000002DF04': '6A82',
  '00A4010002DF04': '6A82',
  '00A4040006D15600000503': '9000',
  '00B2840005': '8403 330204 9000',
  '00B2810 00A': `8108 3135 000000000000 9000`,
  '00B2800006': '8004 20150101 9000',
  '00B28B001F': `8B1D ${'FF'.repeat(29)} 9000`,
};

pin.test(
  'GIVEN the right PIN THEN a handful of rows; what is not written is left out',
  async () => {
    const told = await readInsurance(paperCard(INSURANCE), DEPS);
    if (!told.ok) throw new Error(told.fault.detail);
    assert.equal(told.value, [
      { code: 'household-address', value: '张三' },
      { code: 'household-region', value: '宁波市海曙区 330203' },
      { code: 'insured-region', value: '宁波市江东区（原） 330204' },
      { code: 'insurance-kinds', value: '15' },
      { code: 'account-opened', value: '2015-01-01' },
    ]);
  },
);

pin.test('GIVEN a card that hides all of it THEN no rows, and no error', async () => {
  assert.equal(await readInsurance(paperCard({}), DEPS), { ok: true, value: [] });
});

pin.run();
