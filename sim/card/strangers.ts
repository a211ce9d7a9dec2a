/** What else passengers hold against the reader: a bank card, a Mifare token, a forged purse. */

import { type KeySet, SIM_KEYS } from '../keys.ts';
import { answer, encodeAnswer, parseApdu, SW, tlv } from './apdu.ts';
import { type CardProfile, directoryEntry, directoryFci, PPSE } from './personalise.ts';
import { createPurseCard, type PurseCard } from './purse.ts';
import type { Target } from './target.ts';

/** UnionPay debit. */
const BANK_AID = Buffer.from('A000000333010101', 'hex');
const LABEL = 'UnionPay Debit';
const BANK_WORK_MS = 20;

/** A bank card: its directory has one UnionPay application, SELECT of the purse answers 6A82. */
export function createBankCard(name = 'bank'): Target {
  const fcis = [
    { aid: PPSE, fci: directoryFci(PPSE, [directoryEntry(BANK_AID, LABEL)]) },
    {
      aid: BANK_AID,
      fci: tlv('6F', tlv('84', BANK_AID), tlv('A5', tlv('50', Buffer.from(LABEL)))),
    },
  ];
  return {
    name,
    uid: Buffer.from('5A31C704', 'hex'),
    atqa: Buffer.from('0004', 'hex'),
    sak: 0x20,
    ats: Buffer.from('0578808002', 'hex'),
    exchange(bytes) {
      const apdu = parseApdu(bytes);
      const byName = apdu?.ins === 0xa4 && apdu.p1 === 0x04;
      const found = fcis.find(({ aid }) => byName && aid.equals(apdu.data));
      const refusal = byName ? SW.fileNotFound : SW.wrongInstruction;
      const told = found ? answer(SW.ok, found.fci) : answer(refusal);
      return { answer: encodeAnswer(told), work_ms: BANK_WORK_MS };
    },
    powerDown() {},
  };
}

/** A Mifare Classic token: no ISO 14443-4, so no APDU ever reaches it. */
export function createMifareToken(name = 'mifare'): Target {
  return {
    name,
    uid: Buffer.from('9C44B01E', 'hex'),
    atqa: Buffer.from('0004', 'hex'),
    sak: 0x08,
    ats: Buffer.alloc(0),
    exchange: () => ({ answer: Buffer.alloc(0), work_ms: 0 }),
    powerDown() {},
  };
}

/** Any 4 bytes do: a forger without the key cannot know MAC2. */
const FORGED_TAC = Buffer.from('11223344', 'hex');
const FORGED_MAC2 = Buffer.from('55667788', 'hex');
const NO_KEYS: KeySet = {
  ...SIM_KEYS,
  masters: SIM_KEYS.masters.map((master) => ({ ...master, key: Buffer.alloc(16) })),
};

/**
 * A purse on a blank programmable card, as sold openly: plausible files, a real serial, but no
 * keys. It takes every MAC1, answers a fixed MAC2 and never becomes poorer.
 */
export function createForgedPurse(profile: CardProfile): PurseCard {
  const front = createPurseCard(profile, NO_KEYS);
  return {
    ...front,
    exchange(bytes) {
      const { answer: honest, work_ms } = front.exchange(bytes);
      return { answer: forgedAnswer(bytes) ?? honest, work_ms };
    },
  };
}

function forgedAnswer(bytes: Buffer): Buffer | null {
  const apdu = parseApdu(bytes);
  if (apdu?.cla !== 0x80) return null;
  switch (apdu.ins) {
    case 0x54:
      return encodeAnswer(answer(SW.ok, Buffer.concat([FORGED_TAC, FORGED_MAC2])));
    case 0x5a:
      return encodeAnswer(answer(SW.ok, Buffer.concat([FORGED_MAC2, FORGED_TAC])));
    default:
      return null;
  }
}
