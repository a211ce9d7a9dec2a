/** One purchase between a virtual card and a virtual PSAM, a step at a time. */

import type { PurseCard } from '../../../sim/card/purse.ts';
import { SIM_ISSUER } from '../../../sim/keys.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { AT, bytes, ENTRY, NO_TIME, SELECT_PURSE, SERIAL, send, TERMINAL, upper } from './hand.ts';

interface Tap {
  readonly card: PurseCard;
  /** As the card's steps leave it. */
  random: string;
  counter: string;
  termSeq: string;
  mac1: string;
  debited: string;
  sam(command: string): Promise<string>;
}

export function tapOf(card: PurseCard): Tap {
  const psam = createVirtualPsam(NO_TIME, { timed: false });
  return {
    card,
    random: '',
    counter: '',
    termSeq: '',
    mac1: '',
    debited: '',
    async sam(command) {
      const reply = await psam.transceive(bytes(command), 1_000);
      return reply.ok ? upper(reply.value) : reply.fault.code;
    },
  };
}

/** The commands of a tap in their order; each answers what the card said. */
export const STEPS: readonly { name: string; run: (tap: Tap) => string | Promise<string> }[] = [
  { name: 'SELECT', run: ({ card }) => send(card, SELECT_PURSE) },
  { name: 'READ 1E', run: ({ card }) => send(card, '00B201F400') },
  {
    name: '8050',
    run(tap) {
      const told = send(tap.card, `805003020B 41 000000C8 ${TERMINAL} 0F`);
      tap.counter = told.slice(8, 12);
      tap.random = told.slice(22, 30);
      return told;
    },
  },
  { name: '80DC', run: ({ card }) => send(card, `80DC00F030${ENTRY}`) },
  {
    name: '8054',
    async run(tap) {
      await tap.sam('00A4000002801100');
      const { random, counter } = tap;
      const factors = `${SERIAL.slice(4)} ${SIM_ISSUER}`;
      const init = `8070000024 ${random} ${counter} 000000C8 09 ${AT} 01 04 ${factors} 08`;
      const authorised = await tap.sam(init);
      tap.termSeq = authorised.slice(0, 8);
      tap.mac1 = authorised.slice(8, 16);
      tap.debited = send(tap.card, `805401000F ${tap.termSeq} ${AT} ${tap.mac1} 08`);
      return tap.debited;
    },
  },
  { name: '805A', run: ({ card }) => send(card, '805A000902 0001 08') },
];

/** Runs the steps from `first` to `last`, both by name. Returns the last answer. */
export async function runSteps(tap: Tap, last: string, first = 'SELECT'): Promise<string> {
  const names = STEPS.map(({ name }) => name);
  let told = '';
  for (const step of STEPS.slice(names.indexOf(first), names.indexOf(last) + 1)) {
    told = await step.run(tap);
  }
  return told;
}
