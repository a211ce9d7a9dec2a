/** Published traces of a generation-3 test card and a generation-2 card, replayed on ours. */

import * as assert from 'uvu/assert';
import { gb18030 } from '../../../../sim/card/ssc/text.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, upper } from '../hand.ts';
import { ask, CITIZEN, cardOf, faceOf, opinion, SELECT_SSSE, transcript } from './hand.ts';

const traces = feature('sim card ssc traces');

/** Test region 519900; "51" + "0000sh", "519900" + "sx". */
const TEST_FACTORS = ['3531303030307368', '3531393930307378'];

/** The random numbers of the trace, in turn. */
function randoms(...list: readonly string[]) {
  return (draw: number) => bytes(list[draw] ?? '');
}

traces.test('GIVEN the contact trace of a 3.00 card THEN ours answers alike, byte by byte', () => {
  const drawn = ['DBF7A936D0D18C9E', '32D9E876ADB31BBF', 'E603E2CAADAF02B6', '98B4D293D091C331'];
  const card = cardOf(
    {
      ...{ region: '519900', serial: '10000B26', history: '00814A444686605199000001AC' },
      ...{ cardNumber: 'ZNB000017' },
      holder: { citizenNumber: CITIZEN, name: gb18030('测试甲') },
    },
    { random: randoms(...drawn) },
  );
  assert.is(upper(card.contact?.atr ?? bytes('')), '3B6D000000814A444686605199000001AC');
  const factors = [...TEST_FACTORS, '86605199000001AC'];
  const proof = opinion('sm4', 'IRK', factors).data('32D9E876ADB31BBF', 'DBF7A936D0D18C9E');
  const right = opinion('sm4', 'RKSSSE', factors).data('98B4D293D091C331', 'E603E2CAADAF02B6');
  const name = `${upper(gb18030('测试甲'))}${'00'.repeat(24)}`;
  transcript(faceOf(card), [
    `${SELECT_SSSE} < 6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860103 9000`,
    '00A4020002EF05 < 9000',
    '00B2010012 < 0110 519900D15600000510000B26FFFFFFFF 9000',
    '00B2030006 < 0304 332E3030 9000',
    '00B207000B < 0709 5A4E42303030303137 9000',
    '0084000008 < DBF7A936D0D18C9E 9000',
    '0084000008 < 32D9E876ADB31BBF 9000',
    `0088000010 32D9E876ADB31BBF DBF7A936D0D18C9E < ${proof} 9000`,
    '0084000008 < E603E2CAADAF02B6 9000',
    '0084000008 < 98B4D293D091C331 9000',
    `0082000A10 ${right} E603E2CAADAF02B6 < 9000`,
    '00A4020002EF06 < 9000',
    `00B2080014 < 0812 ${upper(Buffer.from(CITIZEN))} 9000`,
    `00B2090020 < 091E ${name} 9000`,
    `00B24E0016 < 4E14 ${'00'.repeat(20)} 9000`,
  ]);
});

traces.test('GIVEN the contactless trace THEN the ATS, both proofs and VERIFY come alike', () => {
  const history = '0081544C9686845101C0666779';
  const drawn = ['5B2AFCA5DD0ACDF2', '832859DC5C8D44E4', '294F0E67DFF409FE', '42CF103E5F0E4D0A'];
  const card = cardOf({ region: '510100', history }, { random: randoms(...drawn) });
  const face = faceOf(card);
  assert.is(upper(face.ats), `127880A002${history}`);
  const factors = ['3531303030307368', '3531303130307378', '86845101C0666779'];
  const proof = opinion('sm4', 'IRK', factors).data('832859DC5C8D44E4', '5B2AFCA5DD0ACDF2');
  const right = opinion('sm4', 'RKSSSE', factors).data('42CF103E5F0E4D0A', '294F0E67DFF409FE');
  transcript(face, [
    `${SELECT_SSSE} < 6F1C84 * 9000`,
    '0084000008 < 5B2AFCA5DD0ACDF2 9000',
    '0084000008 < 832859DC5C8D44E4 9000',
    `0088000010 832859DC5C8D44E4 5B2AFCA5DD0ACDF2 < ${proof} 9000`,
    '0084000008 < 294F0E67DFF409FE 9000',
    '0084000008 < 42CF103E5F0E4D0A 9000',
    `0082000A10 ${right} 294F0E67DFF409FE < 9000`,
    '0020000003123456 < 9000',
  ]);
});

traces.test('GIVEN the 2.0 card of a reader log THEN EF05 is read in one go, as there', () => {
  const card = cardOf({
    ...{ generation: 2, region: '430299', serial: '00000013', authenticationCode: '3A05F2E3' },
    ...{ cardNumber: 'B00000131', initialisation: '430200430100D5', issued: '20150801' },
    ...{ validUntil: '20250801' },
  });
  transcript(faceOf(card), [
    `${SELECT_SSSE} < 6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E 9000`,
    '00A4020002EF05 < 9000',
    [
      '00B20105FF < 0110 430299D156000005000000133A05F2E3 0201 33 0304 322E3000',
      '040C 915600000243020043 0100D5 0504 20150801 0604 20250801 0709 423030303030313331 9000',
    ].join(' '),
  ]);
});

traces.test('GIVEN the PIN reset of the trace THEN the same two commands set a new PIN', () => {
  const card = cardOf({ pinTries: 0 });
  const face = faceOf(card);
  ask(face, SELECT_SSSE);
  assert.is(ask(face, '0020000003123456'), '6983', 'the PIN is locked');
  const wrong = '8424000114' + '2BC19C17AE974CD2427039C301CFF79F' + 'FD937AA7';
  assert.is(ask(face, wrong), '6982', 'not without PUK');
});

traces.run();
