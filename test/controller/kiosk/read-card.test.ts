/** Whole cards, every application at once; and what becomes of them when something is wrong. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import type { CardReport, Face } from '../../../controller/kiosk/report.ts';
import { FAULTS, type FaultCode } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { type PaperCard, paperCard, paperKeys, readingDeps, type Sheet } from './paper-card.ts';
import * as sheets from './sheets.ts';

const reading = feature('read a card');

const WHOLE: Sheet = { ...sheets.SSC_3, ...sheets.PURSE, ...sheets.BANK_CONTACT };
const ATR = sheets.ATR;

async function read(card: PaperCard, face: Face = 'contact', ssc: object = {}) {
  return readCard(card, face, readingDeps({ crypto: paperKeys(sheets.KEYS).crypto }, ssc));
}

async function report(sheet: Sheet, face: Face = 'contact', ssc: object = {}) {
  const told = await read(paperCard(sheet, { atr: ATR }), face, ssc);
  if (!told.ok) throw new Error(told.fault.detail);
  return told.value;
}

function personOf({ ssc }: CardReport) {
  return [ssc?.holder?.name, ssc?.holder?.citizenNumber, ssc?.holderState];
}

reading.test('GIVEN a card of generation 3 with purse and bank THEN all of it', async () => {
  const { ssc, purse, bank, kind, warnings } = await report(WHOLE);
  assert.is(kind, 'ssc');
  assert.equal(warnings, []);
  assert.is(ssc?.genuine, 'genuine');
  assert.is(ssc?.cardClass, 'elderly');
  assert.equal(ssc?.region, { code: '330200', name: '宁波市' });
  assert.equal(ssc?.validity, { state: 'valid', reason: 'generation-3' });
  assert.equal(ssc?.holder, {
    name: sheets.HOLDER_NAME,
    citizenNumber: sheets.CITIZEN,
    sex: 'male',
    ethnicGroup: { code: '01', name: '汉' },
    birthDate: '1990-01-01',
  });
  assert.is(ssc?.photo?.type, 'jpeg');
  assert.is(ssc?.photo?.bytes.length, 306);
  assert.equal(purse, {
    serial: '03104399900000000042',
    balance_fen: 1_234,
    startsOn: '2023-01-01',
    endsOn: '2033-12-31',
    records: [
      record('exit', 200, '2026-06-30 18:15:00'),
      record('entry', 0, '2026-06-30 17:40:00'),
      record('purchase', 100, null),
    ],
  });
  assert.equal(bank, {
    maskedAccount: '622202*********9999',
    bank: { 'zh-CN': '中国工商银行', en: 'Industrial and Commercial Bank of China' },
    label: 'PBOC DEBIT',
    expires: '2029-12',
  });
});

function record(kind: string, amount_fen: number, at: string | null) {
  return { kind, amount_fen, terminal: '332099000077', at };
}

reading.test('GIVEN no keys THEN a card of generation 3 tells all but its holder', async () => {
  const card = paperCard(WHOLE, { atr: ATR });
  const told = await readCard(card, 'contact', readingDeps());
  if (!told.ok) throw new Error(told.fault.detail);
  assert.equal(personOf(told.value), [undefined, undefined, 'locked']);
  assert.is(told.value.ssc?.genuine, 'unchecked');
  assert.is(told.value.ssc?.photo, null);
  assert.is(told.value.purse?.balance_fen, 1_234);
  assert.is(card.sent.filter((sent) => sent.startsWith('0082')).length, 0);
});

reading.test(
  'GIVEN a card whose proof is wrong THEN counterfeit, and no proof of ours',
  async () => {
    const sheet = {
      ...WHOLE,
      [`0088000010${sheets.FACTOR[0]}${sheets.RAW[0]}`]: '0000000000000000 9000',
    };
    const card = paperCard(sheet, { atr: ATR });
    const told = await read(card);
    if (!told.ok) throw new Error(told.fault.detail);
    assert.is(told.value.ssc?.genuine, 'counterfeit');
    assert.is(told.value.ssc?.holderState, 'locked');
    assert.is(card.sent.filter((sent) => sent.startsWith('0082')).length, 0);
  },
);

reading.test(
  'GIVEN 63C2 to our proof THEN refused, and never again at this presentation',
  async () => {
    const sheet = { ...WHOLE, [`0082000A10${sheets.OPENS}${sheets.RAW[1]}`]: '63C2' };
    const card = paperCard(sheet, { atr: ATR });
    for (const _ of [1, 2, 3]) {
      const told = await read(card);
      if (!told.ok) throw new Error(told.fault.detail);
      assert.ok(['refused', 'locked', 'read'].includes(told.value.ssc?.holderState ?? ''));
    }
    assert.is(card.sent.filter((sent) => sent.startsWith('0082')).length, 1);
  },
);

reading.test('GIVEN ef06_auth never THEN no proof is sent, whatever keys there are', async () => {
  const card = paperCard(WHOLE, { atr: ATR });
  await read(card, 'contact', { ef06_auth: 'never' });
  assert.is(card.sent.filter((sent) => sent.startsWith('0082')).length, 0);
});

reading.test('GIVEN a key version THEN it stands at the end of 0088 and 0082', async () => {
  const { FACTOR, RAW, PROOF, OPENS } = sheets;
  const told = await report(
    {
      ...WHOLE,
      [`0088000011${FACTOR[0]}${RAW[0]}01`]: `${PROOF} 9000`,
      [`0082000A11${OPENS}${RAW[1]}01`]: '9000',
    },
    'contact',
    { auth_key_version: '01' },
  );
  assert.is(told.ssc?.genuine, 'genuine');
  assert.is(told.ssc?.holderState, 'read');
});

reading.test(
  'GIVEN a card drawn at any command THEN its fault, and nothing half read',
  async () => {
    const whole = paperCard(WHOLE, { atr: ATR });
    assert.ok((await read(whole)).ok);
    const commands = whole.sent.length;
    assert.ok(commands > 40, `${commands} commands`);
    for (let at = 1; at <= commands; at++) {
      for (const fault of ['card-gone', 'card-mute', 'card-garbled', 'chip-mute'] as const) {
        const card = paperCard(WHOLE, { atr: ATR, drawn: { at, fault } });
        const told = await read(card);
        assert.not.ok(told.ok, `command ${at}`);
        if (!told.ok) assert.is(told.fault.code, fault);
        assert.is(card.sent.length, at, 'nothing is sent to a lost card');
      }
    }
  },
);

reading.test(
  'GIVEN any one answer is missing THEN a report, and the rest of it stands',
  async () => {
    const plain = await report(WHOLE);
    for (const missing of Object.keys(WHOLE)) {
      for (const sw of ['6A82', '6A83', '6985', '6F00', '6581']) {
        const told = await report({ ...WHOLE, [missing]: sw });
        if (missing !== sheets.SELECT_SSSE) assert.is(told.kind, 'ssc', missing);
        const purseAlone = Object.keys(sheets.PURSE).includes(missing);
        if (purseAlone) assert.equal(told.ssc, plain.ssc, missing);
        else assert.equal(told.purse, plain.purse, missing);
      }
    }
  },
);

reading.test(
  'GIVEN answers of any bytes THEN never a throw, and a fault that has a name',
  async () => {
    const commands = Object.keys(WHOLE);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...commands), fc.uint8Array({ maxLength: 64 })), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.boolean(),
        async (changes, status) => {
          const odd = changes.map(([command, bytes]) => {
            const hex = Buffer.from(bytes).toString('hex');
            return [command, status ? `${hex} 9000` : hex] as const;
          });
          const card = paperCard({ ...WHOLE, ...Object.fromEntries(odd) }, { atr: ATR });
          const told = await read(card);
          if (!told.ok) assert.ok((told.fault.code as FaultCode) in FAULTS);
        },
      ),
      { numRuns: 300 },
    );
  },
);

reading.test('GIVEN an answer to reset of any bytes THEN a report', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 36 }), async (atr) => {
      const card = paperCard(WHOLE, { atr: Buffer.from(atr).toString('hex') });
      const told = await read(card);
      assert.ok(told.ok);
    }),
    { numRuns: 200 },
  );
});

reading.test(
  'GIVEN a bank card THEN a bank card; a purse alone is transit; neither is unknown',
  async () => {
    assert.is((await report(sheets.BANK_CONTACT)).kind, 'bank');
    assert.is((await report(sheets.PURSE)).kind, 'transit');
    const nothing = await report({});
    assert.is(nothing.kind, 'unknown');
    assert.is(nothing.ssc, null);
  },
);

reading.test(
  'GIVEN no SSSE but a medical DF by contact THEN a pooling card, uncertain',
  async () => {
    const sheet = { '00A4040006D1560000050300': '9000' };
    const told = await report(sheet);
    assert.is(told.kind, 'medical-pooling');
    assert.is(told.uncertain, true);
    assert.is((await report(sheet, 'contactless')).kind, 'unknown');
    assert.is((await report(sheet, 'contact', { pooling_card: { select: [] } })).kind, 'unknown');
  },
);

for (const sw of ['6A81', '6985', '9303', '6283']) {
  reading.test(`GIVEN SELECT SSSE is answered ${sw} THEN a locked card`, async () => {
    const { kind, ssc } = await report({ [sheets.SELECT_SSSE]: sw });
    assert.is(kind, 'ssc');
    assert.equal(ssc?.validity, { state: 'locked', reason: 'card-locked' });
    assert.is(ssc?.holder, null);
  });
}

reading.test('GIVEN 6A81 to SSSE on a card that can do more THEN its ATR decides', async () => {
  const sheet = { ...sheets.BANK_CONTACT, [sheets.SELECT_SSSE]: '6A81' };
  const likeSsc = await report(sheet);
  assert.is(likeSsc.kind, 'ssc');
  assert.is(likeSsc.ssc?.validity.state, 'locked');
  const other = await read(paperCard(sheet, { atr: '3B6D0000 0031C071C66501B00103379000' }));
  if (!other.ok) throw new Error(other.fault.detail);
  assert.is(other.value.kind, 'bank');
  assert.is(other.value.ssc, null);
});

reading.test('GIVEN a card that wants P1 00 for its files THEN it gets it', async () => {
  const renamed = Object.entries(WHOLE).map(([command, answer]) => {
    return [command.replace(/^00A40200/, '00A40000'), answer] as const;
  });
  const refused = ['EF05', 'EF06', 'EF08'].map((ef) => [`00A4020002${ef}`, '6A86'] as const);
  const told = await report(Object.fromEntries([...renamed, ...refused]));
  assert.equal(personOf(told), [sheets.HOLDER_NAME, sheets.CITIZEN, 'read']);
  assert.is(told.ssc?.photo?.type, 'jpeg');
});

reading.test('GIVEN a card that knows record numbers alone THEN it is read by them', async () => {
  const byNumber = (sheet: Sheet) =>
    Object.entries(sheet)
      .filter(([command]) => command.startsWith('00B2'))
      .map(([, answer], at) => [`00B20${at + 1}0400`, answer] as const);
  const told = await report({
    [sheets.SELECT_SSSE]: sheets.fci(3),
    '00A4020002EF05': '9000',
    '00B2010012': '6A83',
    // Padding alone: a form that it does not know either.
    '00B20105FF': '0000 9000',
    ...Object.fromEntries(byNumber(sheets.ISSUER)),
  });
  assert.is(told.ssc?.cardId, sheets.CARD_ID);
  assert.is(told.ssc?.generation, 3);
});

reading.run();
