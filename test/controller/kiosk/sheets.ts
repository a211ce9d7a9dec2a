/**
 * Whole cards on paper. All identities are synthetic: the citizen number has region 000000, which
 * is no place, the name says 样本, the account consists of 622202 and nines.
 */

import type { Sheet } from './paper-card.ts';

export const CITIZEN = '000000199001010018';
export const HOLDER_NAME = '张三样本';
export const CARD_ID = '330200D15600000599000001FFFFFFFF';
const CARD_NUMBER = 'ZNB000017';
/** T6 to TD end in the serial of the card id. */
export const ATR = '3B6D0000 0081 544C96 8660 3302 99000001';
export const ACCOUNT = '6222029999999999999';

export const SELECT_SSSE = '00A404000F7378312E73682EC9E7BBE1B1A3D5CF';
const NAME = `D5C5C8FD D1F9B1BE ${'00'.repeat(22)}`;
export const RAW = ['1111111111111111', '3333333333333333'] as const;
export const FACTOR = ['2222222222222222', '4444444444444444'] as const;
export const PROOF = 'AAAAAAAAAAAAAAAA';
export const OPENS = 'BBBBBBBBBBBBBBBB';
/** What `paperKeys` answers for this card. */
export const KEYS = { [`irk ${RAW[0]}`]: PROOF, [`rk_ssse ${RAW[1]}`]: OPENS };

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');

/** Two pieces and padding, as in EF08. */
const JPEG = Buffer.concat([
  Buffer.from('FFD8FFE0', 'hex'),
  Buffer.alloc(300, 0x5a),
  Buffer.from('FFD9', 'hex'),
]);
const PHOTO = Buffer.concat([JPEG, Buffer.alloc(0x1000 - JPEG.length, 0xff)]);

export function fci(generation: 1 | 2 | 3): string {
  const tail = generation === 3 ? 'A50988011E9F0C03860103' : 'A50388011E';
  const body = `840F7378312E73682EC9E7BBE1B1A3D5CF${tail}`;
  return `6F${(body.length / 2).toString(16).padStart(2, '0')}${body} 9000`;
}

export const ISSUER: Sheet = {
  '00A4020002EF05': '9000',
  '00B2010012': `0110 ${CARD_ID} 9000`,
  '00B2020003': '0201 34 9000',
  '00B2030006': '0304 332E3030 9000',
  '00B2050006': '0504 20240301 9000',
  '00B2060006': '0604 20340301 9000',
  '00B207000B': `0709 ${ascii(CARD_NUMBER)} 9000`,
};

const HOLDER: Sheet = {
  '00A4020002EF06': '9000',
  '00B2080014': `0812 ${ascii(CITIZEN)} 9000`,
  '00B2090020': `091E ${NAME} 9000`,
  '00B24E0016': `4E14 ${'00'.repeat(20)} 9000`,
  '00B20A0003': '0A01 31 9000',
  '00B20B0003': '0B01 01 9000',
  '00B20C0005': '0C03 330203 9000',
  '00B20D0006': '0D04 19900101 9000',
};

const PHOTO_FILE: Sheet = {
  '00A4020002EF08': '9000',
  ...Object.fromEntries(
    Array.from({ length: 18 }, (_, piece) => {
      const offset = piece * 0xf0;
      const length = Math.min(0xf0, 0x1000 - offset);
      const data = PHOTO.toString('hex', offset, offset + length);
      return [`00B0${hex(offset, 2)}${hex(length, 1)}`, `${data} 9000`];
    }),
  ),
};

/** Generation 3: name, number and photo behind RKSSSE. */
export const SSC_3: Sheet = {
  [SELECT_SSSE]: fci(3),
  ...ISSUER,
  '0084000008': [RAW[0], FACTOR[0], RAW[1], FACTOR[1]].map((random) => `${random} 9000`),
  [`0088000010${FACTOR[0]}${RAW[0]}`]: `${PROOF} 9000`,
  ...HOLDER,
  '00B2080014': ['6982', `0812 ${ascii(CITIZEN)} 9000`],
  [`0082000A10${OPENS}${RAW[1]}`]: '9000',
  ...PHOTO_FILE,
};

const EF15 = '0213320200000000 02 01 03104399900000000042 20230101 20331231 00 00';
const log = (counter: string, fen: string, at: string) =>
  `${counter} 000000 ${fen} 09 332099000077 ${at} 9000`;
const trip = (kind: string, fen: string, at: string) =>
  `${kind} 0000 332099000077 01 01010003 000000 ${fen} 00001000 ${at} 3320 ${'00'.repeat(14)} 9000`;

export const PURSE: Sheet = {
  '00A4040008A00000063201010500': `6F25 8408A000000632010105 A519 9F0C0102 ${'00'.repeat(21)} 9000`,
  '00B095001E': `${EF15} 9000`,
  '805C030204': '000004D2 9000',
  '00B201C417': log('0003', '000000C8', '20260630181500'),
  '00B202C417': log('0002', '00000000', '20260630174000'),
  '00B203C417': log('0001', '00000064', '20260229080000'),
  '00B201F400': trip('04', '000000C8', '20260630181500'),
  '00B202F400': trip('03', '00000000', '20260630174000'),
};

const TRACK_2 = `${ACCOUNT}D291220100000000F`;
const length = (text: string) =>
  (text.replaceAll(' ', '').length / 2).toString(16).padStart(2, '0');
const tlv = (tag: string, value: string) => `${tag}${length(value)}${value}`;
const AID = 'A000000333010101';
const PDOL = '9F66049F02069F03069F1A0295055F2A029A039C019F3704';
const ADF = tlv(
  '6F',
  `8408${AID}${tlv('A5', `${tlv('50', ascii('PBOC DEBIT'))}870101${tlv('9F38', PDOL)}`)}`,
);

/** By contact: a directory, free reading refused, then options and two records. */
export const BANK_CONTACT: Sheet = {
  '00A404000E315041592E5359532E444446303100': `${tlv('6F', tlv('A5', '880101'))} 9000`,
  '00B2010C00': [
    `${tlv('70', tlv('61', `4F08${AID}870101`))} 9000`,
    '6985',
    `${tlv('70', tlv('57', TRACK_2))} 9000`,
  ],
  '00B2020C00': '6A83',
  [`00A4040008${AID}00`]: `${ADF} 9000`,
  '00B2011400': '6985',
  [optionsCommand('10000000')]: `80067C00 08010100 9000`,
};

const DIRECTORY = tlv('6F', tlv('A5', tlv('BF0C', tlv('61', `4F08${AID}870101`))));
/** ARQC, as in a published trace. */
const DECISION = '9F101307010103A00000010A010000038787868FD1FC9F2608AD03EE811AFAD4849F6C020000';

/** Without contacts: the card asks for its bank, and tells its account in passing. */
export const BANK_CONTACTLESS: Sheet = {
  '00A404000E325041592E5359532E444446303100': `${DIRECTORY} 9000`,
  [`00A4040008${AID}00`]: `${ADF} 9000`,
  '00B2010C00': '6985',
  '00B2011400': '6985',
  [optionsCommand('20800000')]: `${tlv(
    '77',
    `82027C009F36020ADC${tlv('57', TRACK_2)}${DECISION}`,
  )} 9000`,
};

/** Every amount zero, no electronic cash, 2026-07-01. */
export function optionsCommand(ttq: string): string {
  return `80A80000238321${ttq}${'00'.repeat(12)}01560000000000015626070100${'00'.repeat(4)}00`;
}

function hex(value: number, bytes: number): string {
  return value
    .toString(16)
    .toUpperCase()
    .padStart(bytes * 2, '0');
}
