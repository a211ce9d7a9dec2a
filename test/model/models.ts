/**
 * For every machine of the product: what may happen to it, and which facts of its context make a
 * difference. The tests beside this file then know its every state.
 */

import type { AnyMachineSnapshot } from 'xstate';
import { RIGHTS_MAX } from '../../controller/gate/passage.ts';
import type { Exploration } from '../kit/explore.ts';

export interface Model {
  /** Events of ours, each in every form that makes a difference; time-outs are added. */
  readonly events: Exploration['events'];
  readonly key: Exploration['key'];
  readonly limit: number;
  /** One exploration for each; default: one without input. */
  readonly inputs?: readonly unknown[];
  /** It serves passengers: from every state one of these is reached again. */
  readonly serving: readonly string[];
  /** States in which no machine rests: left at once by `always`. */
  readonly passing?: readonly string[];
}

const typed = (...types: string[]) => types.map((type) => ({ type }));

/** One more than a passage holds, so that the queue is found full. */
const REFS = Array.from({ length: RIGHTS_MAX + 2 }, (_, index) => index + 1);
export const PARTS = ['reader', 'ledger'];

/** Which story a right stands for makes no difference, only whether two are the same. */
function passageFacts({ context }: AnyMachineSnapshot): string {
  const { rights, used, overflowed, occupied, direction } = context;
  const last = used === null ? 'none' : rights.indexOf(used);
  const full = overflowed > 0 ? 'overflowed' : '';
  return `${rights.length} rights, used ${last}, ${occupied} ${direction} ${full}`;
}

/** Which parts are out makes no difference, only how many. */
function laneFacts({ context }: AnyMachineSnapshot): string {
  const { ready, fire, maintenance, alarms, lost, waived } = context;
  const parts = [alarms, lost, waived].map((each) => [...each].sort());
  return JSON.stringify([ready, fire, maintenance, ...parts]);
}

/** By the machine's id. */
export const MODELS: Readonly<Record<string, Model>> = {
  lane: {
    events: [
      ...typed('READY', 'MAINTENANCE_ON', 'MAINTENANCE_OFF', 'FIRE_ON', 'FIRE_OFF', 'STOP'),
      ...['PART_LOST', 'PART_WAIVED', 'PART_BACK', 'ALARM_ON', 'ALARM_OFF'].flatMap((type) =>
        PARTS.map((part) => ({ type, part })),
      ),
    ],
    key: laneFacts,
    limit: 10_000,
    serving: ['inService'],
    passing: ['settling'],
  },
  passage: {
    events: [
      ...REFS.flatMap((ref) =>
        ['in', 'out'].map((direction) => ({ type: 'OPEN', ref, direction })),
      ),
      ...typed('OPENED', 'CLOSED', 'ZONE_OCCUPIED', 'ZONE_FREE', 'PASSED', 'PASSED_AGAINST'),
      ...typed('TURNED_BACK', 'INTRUSION', 'LOST', 'FOUND', 'FIRE_ON', 'FIRE_OFF'),
      ...typed('FREE_ON', 'FREE_OFF'),
    ],
    key: passageFacts,
    limit: 2_000,
    serving: ['open'],
  },
  tap: {
    events: typed('CARD', 'NEXT', 'TORN', 'AGAIN', 'GRANT', 'REFUSE', 'FAIL', 'DOUBT', 'RESET'),
    key: () => '',
    limit: 20,
    serving: ['granted'],
  },
  link: {
    events: [
      ...['ANSWERED', 'FAILED'].flatMap((type) => ['probe', 'use'].map((by) => ({ type, by }))),
      ...typed('RECOVERED', 'EXHAUSTED', 'STOP'),
    ],
    key: ({ context }) => JSON.stringify(context),
    limit: 100,
    inputs: [1, 2, 3].map((patience) => ({ patience })),
    serving: ['ready'],
  },
  kiosk: {
    events: [
      ...typed('READY', 'STAFF', 'CODE_RIGHT', 'LEAVE', 'STOP'),
      ...['PART_LOST', 'PART_BACK'].flatMap((type) =>
        ['slot', 'pad', 'printer'].map((part) => ({ type, part })),
      ),
    ],
    key: ({ context }) => JSON.stringify([context.ready, [...context.lost].sort()]),
    limit: 200,
    inputs: [{ readers: ['slot', 'pad'] }],
    serving: ['inService'],
    passing: ['settling'],
  },
  session: {
    events: [
      ...typed('CARD', 'ODD', 'CARD_GONE', 'READ', 'UNREADABLE', 'GUIDE', 'ASK_PIN', 'PIN_RIGHT'),
      ...typed('PIN_ENDS', 'PAY', 'CONFIRM', 'JUDGED', 'TORN', 'RETAP', 'PRINTED', 'NOT_PRINTED'),
      ...typed('BACK', 'FINISH', 'IDLE', 'CLOSE'),
      ...['information', 'insurance'].map((service) => ({ type: 'SERVICE', service })),
      ...['information', 'receipt'].map((what) => ({ type: 'PRINT', what })),
    ],
    key: ({ context }) => JSON.stringify(context),
    limit: 500,
    serving: ['welcome'],
  },
};
