/** What else people put into a kiosk: other cards, broken ones, cards the wrong way round. */

import { SIM_ISSUER } from '../keys.ts';
import { answer, encodeAnswer, parseApdu, SW, tlv } from './apdu.ts';
import type { PersonDraft } from './people-drafts.ts';
import type { Application, Chip, ContactFace } from './ssc/combined.ts';
import { DF_AIDS } from './ssc/files.ts';

/** Nothing that a command reaches: powered, it stays silent. */
const SILENT: ContactFace = {
  atr: Buffer.from('3B6D00000081545731866033029900FFFF', 'hex'),
  exchange: () => ({ answer: Buffer.alloc(0), work_ms: 0 }),
  powerDown() {},
};

/** The medical directory of the Social Security Card alone, without environment around it. */
const MEDICAL: Application = onlyName(DF_AIDS.DF04);
const STRANGER: Application = onlyName(Buffer.from('F0544150574159', 'hex'));

export const OTHER_CARDS: readonly PersonDraft[] = [
  {
    id: 'medical',
    name: ['医保统筹通用卡', 'General medical pooling card'],
    note: ['只有医保应用，没有社保环境。', 'Only a medical application, no social security one.'],
    expected: { kind: 'medical-pooling' },
    made: () => ({
      profile: {
        name: 'medical',
        faces: ['contact'],
        uid: '00000000',
        history: Buffer.from('TAPWAY-MED'),
        others: [MEDICAL],
      },
    }),
  },
  {
    id: 'bank',
    name: ['银行卡', 'Bank card'],
    note: ['没有社保应用，账号可以认出银行。', 'No social security; its number tells the bank.'],
    expected: { kind: 'bank' },
    made: () => ({
      profile: {
        name: 'bank',
        faces: ['contact', 'contactless'],
        uid: '08530031',
        bank: { account: '6299999999999999', expires: '4912', label: 'PBOC DEBIT' },
      },
    }),
  },
  {
    id: 'transit',
    name: ['交通卡', 'Transit card'],
    note: ['只有交通钱包，余额 12.30 元。', 'Nothing but a purse with ¥12.30.'],
    expected: { kind: 'transit' },
    made: () => ({
      profile: {
        name: 'transit',
        faces: ['contact', 'contactless'],
        uid: '04A1B2C3D4E532',
        purse: {
          ...{ name: 'transit', uid: '04A1B2C3D4E532', serial: '03104399900000010032' },
          ...{ issuer: SIM_ISSUER, city: '3320', start: '20200101', expiry: '20991231' },
          ...{ cardType: '00', cardKind: '01', interoperable: true },
          ...{ balance_fen: 1_230, algorithm: 'sm4' },
        },
      },
    }),
  },
  {
    id: 'unknown',
    name: ['不认识的卡', 'Unknown card'],
    note: ['应答每条命令，却没有我们认识的应用。', 'Answers everything, knows nothing of ours.'],
    expected: { kind: 'unknown' },
    made: () => ({
      profile: {
        name: 'unknown',
        faces: ['contact', 'contactless'],
        uid: '08530033',
        others: [STRANGER],
      },
    }),
  },
  {
    id: 'mute',
    name: ['坏芯片', 'Broken chip'],
    note: ['有复位应答，此后沉默。', 'Answers to reset, then never again.'],
    expected: { kind: 'silent' },
    made: () => faces({ contact: SILENT }),
  },
  {
    id: 'upside-down',
    name: ['插反的卡', 'Card upside down'],
    note: ['触点不通，没有复位应答。', 'Its contacts touch nothing: no answer to reset.'],
    expected: { kind: 'silent' },
    made: () => faces({ contact: { ...SILENT, atr: Buffer.alloc(0) } }),
  },
];

function faces({ contact }: Pick<Chip, 'contact'>): Chip {
  return { contact, contactless: null };
}

/** An application that can be selected and does nothing else. */
function onlyName(aid: Buffer): Application {
  const fci = tlv('6F', tlv('84', aid), tlv('A5', tlv('88', Buffer.from([1]))));
  return {
    names: [aid],
    label: null,
    exchange(bytes) {
      const apdu = parseApdu(bytes);
      const selected = apdu?.ins === 0xa4 && apdu.data.equals(aid);
      const refusal = apdu?.ins === 0xa4 ? SW.fileNotFound : SW.wrongInstruction;
      const told = selected ? answer(SW.ok, fci) : answer(refusal);
      return { answer: encodeAnswer(told), work_ms: 10 };
    },
    powerDown() {},
  };
}
