/**
 * Published traces of real readers, byte by byte (docs/protocol.md §10.9). The persons in them are
 * replaced by synthetic ones, and records that a trace skipped are filled in.
 */

import * as assert from 'uvu/assert';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import type { Card } from '../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../kit/apdu-script.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';
import { paperKeys, readingDeps } from './paper-card.ts';

const traces = feature('ssc traces');

const SELECT_SSSE = '=> 00A40400 0F 7378312E73682EC9E7BBE1B1A3D5CF';
const FCI_3 = '<= 6F1C 840F7378312E73682EC9E7BBE1B1A3D5CF A509 88011E 9F0C03 860103 9000';
/** 张三样本: a name that says of itself that it is none. Padded with 00 to 30 bytes. */
const NAME = `D5C5C8FD D1F9B1BE ${'00'.repeat(22)}`;
/** Region 000000 is no place; the check digit is right. */
const CITIZEN = '000000199001010018';

const ascii = (text: string) => upper(Buffer.from(text, 'latin1'));

/** EF05: what the traces read is theirs, the rest (02, 05, 06) is filled in. */
const issuerFile = (cardId: string, cardNumber: string) => [
  ...['=> 00A40200 02 EF05', '<= 9000'],
  ...['=> 00B2010012', `<= 0110 ${cardId} 9000`],
  ...['=> 00B2020003', '<= 0201 33 9000'],
  ...['=> 00B2030006', '<= 0304 332E3030 9000'],
  ...['=> 00B2050006', '<= 0504 20180611 9000'],
  ...['=> 00B2060006', '<= 0604 20280611 9000'],
  ...['=> 00B207000B', `<= 0709 ${ascii(cardNumber)} 9000`],
];

const holderFile = [
  ...['=> 00A40200 02 EF06', '<= 9000'],
  ...['=> 00B2080014', `<= 0812 ${ascii(CITIZEN)} 9000`],
  ...['=> 00B2090020', `<= 091E ${NAME} 9000`],
  ...['=> 00B24E0016', `<= 4E14 ${'00'.repeat(20)} 9000`],
  ...['=> 00B20A0003', '<= 0A01 FF 9000'],
  ...['=> 00B20B0003', '<= 0B01 FF 9000'],
  ...['=> 00B20C0005', '<= 0C03 FFFFFF 9000'],
  ...['=> 00B20D0006', '<= 0D04 FFFFFFFF 9000'],
];

/** No purse, no bank: the traces ended here. */
const NOTHING_ELSE = (directory: string) => [
  ...['=> 00A40400 08 A000000632010105 00', '<= 6A82'],
  ...[`=> 00A40400 0E ${ascii(directory)} 00`, '<= 6A82'],
  ...['01', '02', '03', '06'].flatMap((last) => [
    `=> 00A40400 08 A0000003330101${last} 00`,
    '<= 6A82',
  ]),
];

function cardOf(ats: string, lines: readonly string[]) {
  const script = createApduScript(lines);
  const card: Card = {
    uid: Buffer.alloc(0),
    ats: bytes(ats),
    transceive: script.transceive,
    present: async () => ({ ok: true, value: true }),
    async release() {},
  };
  return { card, end: script.ensureEmpty };
}

traces.test(
  'GIVEN the contact trace of a 3.0 card with an HSM THEN the holder, genuine',
  async () => {
    const { card, end } = cardOf('3B6D000000814A444686605199000001AC', [
      ...[SELECT_SSSE, FCI_3],
      ...issuerFile('519900D15600000510000B26FFFFFFFF', 'A12345674'),
      ...['=> 0084000008', '<= DBF7A936D0D18C9E 9000'],
      ...['=> 0084000008', '<= 32D9E876ADB31BBF 9000'],
      ...['=> 00880000 10 32D9E876ADB31BBF DBF7A936D0D18C9E', '<= F4A0CF965BDCEA30 9000'],
      ...['=> 0084000008', '<= E603E2CAADAF02B6 9000'],
      ...['=> 0084000008', '<= 98B4D293D091C331 9000'],
      ...['=> 0082000A 10 774A08EDF447A1DE E603E2CAADAF02B6', '<= 9000'],
      ...holderFile,
      ...NOTHING_ELSE('1PAY.SYS.DDF01'),
    ]);
    const { crypto, asked } = paperKeys({
      'irk DBF7A936D0D18C9E': 'F4A0CF965BDCEA30',
      'rk_ssse E603E2CAADAF02B6': '774A08EDF447A1DE',
    });
    const deps = readingDeps({ crypto }, { ef06_auth: 'always', photo: false });
    const read = await readCard(card, 'contact', deps);
    end();
    if (!read.ok) throw new Error(read.fault.detail);
    const { ssc, kind, face, warnings } = read.value;
    assert.is(`${kind} ${face}`, 'ssc contact');
    assert.is(ssc?.generation, 3);
    assert.is(ssc?.algorithm, 'sm4');
    assert.is(ssc?.cardId, '519900D15600000510000B26FFFFFFFF');
    assert.is(ssc?.cardNumber, 'A12345674');
    assert.is(ssc?.genuine, 'genuine');
    assert.is(ssc?.holderState, 'read');
    assert.equal(ssc?.holder, {
      name: '张三样本',
      citizenNumber: CITIZEN,
      sex: 'male',
      ethnicGroup: null,
      birthDate: '1990-01-01',
    });
    // The test card's ATR ends in 00000001: its serial is another one.
    assert.equal(warnings, ['serial-mismatch']);
    assert.equal(
      asked.map(({ processFactor }) => upper(processFactor)),
      ['32D9E876ADB31BBF', '98B4D293D091C331'],
    );
    assert.is(upper(asked[0]?.factors.card ?? Buffer.alloc(0)), '86605199000001AC');
  },
);

traces.test(
  'GIVEN the contactless trace THEN the same road, and the key factors of its ATS',
  async () => {
    const { card, end } = cardOf('12 7880A002 0081544C9686845101C0666779', [
      ...[SELECT_SSSE, FCI_3],
      ...issuerFile('510100D156000005C0666779FFFFFFFF', 'A12345674'),
      ...['=> 0084000008', '<= 5B2AFCA5DD0ACDF2 9000'],
      ...['=> 0084000008', '<= 832859DC5C8D44E4 9000'],
      ...['=> 00880000 10 832859DC5C8D44E4 5B2AFCA5DD0ACDF2', '<= 89832FB63AF5D6C2 9000'],
      ...['=> 0084000008', '<= 294F0E67DFF409FE 9000'],
      ...['=> 0084000008', '<= 42CF103E5F0E4D0A 9000'],
      ...['=> 0082000A 10 FA617472D0E471DD 294F0E67DFF409FE', '<= 9000'],
      ...holderFile,
      ...NOTHING_ELSE('2PAY.SYS.DDF01'),
    ]);
    const { crypto, asked } = paperKeys({
      'irk 5B2AFCA5DD0ACDF2': '89832FB63AF5D6C2',
      'rk_ssse 294F0E67DFF409FE': 'FA617472D0E471DD',
    });
    const deps = readingDeps({ crypto }, { ef06_auth: 'always', photo: false });
    const read = await readCard(card, 'contactless', deps);
    end();
    if (!read.ok) throw new Error(read.fault.detail);
    assert.is(read.value.ssc?.genuine, 'genuine');
    assert.is(read.value.ssc?.holder?.name, '张三样本');
    assert.is(upper(asked[1]?.factors.card ?? Buffer.alloc(0)), '86845101C0666779');
    assert.is(asked[1]?.factors.city.toString('latin1'), '510100sx');
  },
);

traces.test('GIVEN a 2.0 card that hands out all records at once THEN generation 2', async () => {
  const records =
    '0110 430299D156000005000000133A05F2E3 0201 33 0304 322E3000 ' +
    '040C 915600000243020043 0100D5 0504 20120301 0604 20220301 0709 423030303030313331';
  const { card, end } = cardOf('3B6D00000081544C928684420100000135', [
    SELECT_SSSE,
    '<= 6F16 840F7378312E73682EC9E7BBE1B1A3D5CF A503 88011E 9000',
    ...['=> 00A40200 02 EF05', '<= 9000'],
    ...['=> 00B2010012', '<= 6A83'],
    ...['=> 00B20105FF', `<= ${records} 9000`],
    ...['=> 00A40200 02 EF06', '<= 9000'],
    ...['=> 00B2080014', '<= 6A83'],
    ...['=> 00B20105FF', `<= 0812 ${ascii(CITIZEN)} 091E ${NAME} 0A01 32 0B01 10 9000`],
    ...NOTHING_ELSE('1PAY.SYS.DDF01'),
  ]);
  const read = await readCard(card, 'contact', readingDeps({}, { photo: false }));
  end();
  if (!read.ok) throw new Error(read.fault.detail);
  const { ssc, warnings } = read.value;
  assert.is(ssc?.generation, 2);
  assert.is(ssc?.version, '2.0');
  assert.is(ssc?.algorithm, 'des');
  assert.is(ssc?.cardClass, 'adult');
  assert.is(ssc?.cardNumber, 'B00000131');
  assert.is(ssc?.validUntil, '2022-03-01');
  assert.is(ssc?.holder?.sex, 'female');
  assert.equal(ssc?.holder?.ethnicGroup, { code: '10', name: '朝鲜' });
  assert.equal(ssc?.validity, { state: 'expired', reason: 'past-date' });
  assert.equal(warnings, ['serial-mismatch']);
});

traces.run();
