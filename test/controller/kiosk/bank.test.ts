/** Which bank's card is this: found out in every way that cannot pay. */

import * as assert from 'uvu/assert';
import { CardTalk } from '../../../controller/kiosk/reading/card-talk.ts';
import { readBank } from '../../../controller/kiosk/reading/read-bank.ts';
import type { Face } from '../../../controller/kiosk/report.ts';
import { feature } from '../../kit/feature.ts';
import { paperCard, readingDeps, type Sheet } from './paper-card.ts';
import * as sheets from './sheets.ts';

const bank = feature('bank card');
const MASKED = '622202*********9999';
const { BANK_CONTACT, BANK_CONTACTLESS } = sheets;
const FAST = sheets.optionsCommand('20800000');
const RECORD = `70 14 57 12 ${sheets.ACCOUNT} D2912 20100000000F`;

async function read(sheet: Sheet, face: Face, ssc: object = {}) {
  const card = paperCard(sheet);
  const found = await readBank(new CardTalk(card, 500), face, readingDeps({}, ssc));
  return { found, sent: card.sent };
}

bank.test(
  'GIVEN a contactless card that asks for its bank THEN the account in passing',
  async () => {
    const { found, sent } = await read(BANK_CONTACTLESS, 'contactless');
    assert.is(found?.maskedAccount, MASKED);
    assert.is(found?.expires, '2029-12');
    assert.is(sent.at(-1), FAST, 'no record is read after its decision');
  },
);

bank.test(
  'options say: amount zero, ask the bank, no electronic cash, no extended trip',
  async () => {
    const pdol = '9F6604 9F0206 9F0306 DF6001 DF6901 9F7A01 9A03';
    const adf = `6F 23 84 08 A000000333010101 A5 17 9F38 14 ${pdol} 9000`;
    const { sent } = await read(
      { ...BANK_CONTACTLESS, '00A4040008A00000033301010100': adf },
      'contactless',
    );
    const zeros = '00'.repeat(12);
    assert.is(sent.at(-1), `80A8000018831620800000${zeros}00000026070100`);
  },
);

/** What a contactless card may decide: TC, ARQC, AAC; with a list of records or without. */
const DECISIONS: readonly (readonly [string, string])[] = [
  ['approves offline', '9F2701 40 9F2608 1122334455667788 9404 08010200'],
  [
    'approves offline and tells no 9F27',
    '9F1013 07010103900000010A0100000387878 68FD1FC 9404 08010200',
  ],
  ['asks for its bank', '9F2701 80 9F2608 1122334455667788'],
  ['declines', '9F2701 00 9F2608 1122334455667788 9404 08010100'],
];

for (const [decides, tags] of DECISIONS) {
  bank.test(`GIVEN a card that ${decides} THEN not one record is read after that`, async () => {
    const plain = tags.replaceAll(' ', '');
    const size = ((plain.length + 8) / 2).toString(16).padStart(2, '0');
    const answer = `77${size}82027C00${plain}9000`;
    const { found, sent } = await read({ ...BANK_CONTACTLESS, [FAST]: answer }, 'contactless');
    assert.is(sent.at(-1), FAST);
    assert.is(found?.maskedAccount, '');
    assert.is(found?.label, 'PBOC DEBIT');
  });
}

bank.test(
  'GIVEN a contactless card that has not decided THEN its last record is left alone',
  async () => {
    const { found, sent } = await read(
      {
        ...BANK_CONTACTLESS,
        [FAST]: '8006 7C00 08010300 9000',
        '00B2010C00': ['6985', '70 00 9000'],
        '00B2020C00': `${RECORD} 9000`,
        '00B2030C00': `${RECORD} 9000`,
      },
      'contactless',
    );
    assert.is(found?.maskedAccount, MASKED);
    assert.equal(sent.slice(sent.indexOf(FAST) + 1), ['00B2010C00', '00B2020C00']);
    const one = await read(
      {
        ...BANK_CONTACTLESS,
        [FAST]: '8006 7C00 08010100 9000',
        '00B2010C00': ['6985', `${RECORD} 9000`],
      },
      'contactless',
    );
    assert.is(one.found?.maskedAccount, '', 'its only record is its last');
  },
);

bank.test('whatever happens, nothing is sent that could pay', async () => {
  const known = /^(00A4|00B2|80A8)/;
  for (const [face, sheet] of [
    ['contact', BANK_CONTACT],
    ['contactless', BANK_CONTACTLESS],
  ] as const) {
    for (const bank_account of ['gpo', 'records', 'never']) {
      const { sent } = await read(sheet, face, { bank_account });
      assert.equal(
        sent.filter((command) => !known.test(command)),
        [],
      );
      const options = sent.filter((command) => command.startsWith('80A8')).length;
      assert.is(options, bank_account === 'gpo' ? 1 : 0);
    }
  }
});

bank.test('GIVEN records that are free to read THEN no transaction is begun', async () => {
  const { found, sent } = await read(
    { ...BANK_CONTACTLESS, '00B2010C00': `${RECORD} 9000` },
    'contactless',
  );
  assert.is(found?.maskedAccount, MASKED);
  assert.not.ok(sent.some((command) => command.startsWith('80A8')));
});

bank.test(
  'GIVEN no directory THEN the known names in turn; a directory of others: none',
  async () => {
    const { '00A404000E325041592E5359532E444446303100': _, ...rest } = BANK_CONTACTLESS;
    assert.is((await read(rest, 'contactless')).found?.maskedAccount, MASKED);
    const foreign = '6F 14 A5 12 BF0C 0F 61 0D 4F 08 A000000003101001 87 01 01 9000';
    const other = await read(
      { ...BANK_CONTACTLESS, '00A404000E325041592E5359532E444446303100': foreign },
      'contactless',
    );
    assert.is(other.found, null);
  },
);

bank.test('the lowest priority number is chosen, and 0 comes last', async () => {
  const entry = (aid: string, priority: string) => `61 0D 4F 08 ${aid} 87 01 ${priority}`;
  const list = [
    entry('A000000333010102', '00'),
    entry('A000000333010103', '02'),
    entry('A000000333010101', '01'),
  ].join('');
  const { sent } = await read(
    {
      '00A404000E325041592E5359532E444446303100': `6F 32 A5 30 BF0C 2D ${list} 9000`,
    },
    'contactless',
  );
  assert.equal(
    sent.slice(1).map((command) => command.slice(10, 26)),
    ['A000000333010101', 'A000000333010103', 'A000000333010102'],
  );
});

bank.test('the full account number is nowhere in what is handed out', async () => {
  const { found } = await read(BANK_CONTACTLESS, 'contactless');
  assert.not.ok(JSON.stringify(found).includes(sheets.ACCOUNT));
});

bank.run();
