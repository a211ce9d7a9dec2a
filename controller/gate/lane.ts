/**
 * Lane mode machine: what the lane as a whole is doing. Fire wins over everything, then the
 * service key, then lost parts: those that close before those that open. Every event updates one
 * fact; `settling` then finds the mode.
 */

import { assign, setup } from 'xstate';

export type LaneEvent =
  /** Reader, SAM and stores are up for the first time. */
  | { readonly type: 'READY' }
  /** A part without which no tap is safe is out: reader, sam, ledger, lists, controller. */
  | { readonly type: 'PART_LOST'; readonly part: string }
  | { readonly type: 'PART_BACK'; readonly part: string }
  /** A lost part without which everybody passes unpaid, by policy. */
  | { readonly type: 'PART_WAIVED'; readonly part: string }
  /** Something is wrong that does not stop service. */
  | { readonly type: 'ALARM_ON'; readonly part: string }
  | { readonly type: 'ALARM_OFF'; readonly part: string }
  | { readonly type: 'MAINTENANCE_ON' }
  | { readonly type: 'MAINTENANCE_OFF' }
  | { readonly type: 'FIRE_ON' }
  | { readonly type: 'FIRE_OFF' }
  | { readonly type: 'STOP' };

interface LaneFacts {
  readonly ready: boolean;
  readonly fire: boolean;
  readonly maintenance: boolean;
  readonly alarms: readonly string[];
  readonly lost: readonly string[];
  readonly waived: readonly string[];
}

export const laneMachine = setup({
  types: { context: {} as LaneFacts, events: {} as LaneEvent },
  guards: {
    onFire: ({ context }) => context.fire,
    inMaintenance: ({ context }) => context.maintenance,
    partLost: ({ context }) => context.lost.length > 0,
    partWaived: ({ context }) => context.waived.length > 0,
    notReady: ({ context }) => !context.ready,
    alarmed: ({ context }) => context.alarms.length > 0,
  },
  actions: {
    noteReady: assign({ ready: true }),
    noteLost: assign(({ context, event }) =>
      event.type === 'PART_LOST' ? { lost: withPart(context.lost, event.part) } : {},
    ),
    noteBack: assign(({ context, event }) =>
      event.type === 'PART_BACK'
        ? { lost: without(context.lost, event.part), waived: without(context.waived, event.part) }
        : {},
    ),
    noteWaived: assign(({ context, event }) =>
      event.type === 'PART_WAIVED'
        ? { lost: without(context.lost, event.part), waived: withPart(context.waived, event.part) }
        : {},
    ),
    noteAlarm: assign(({ context, event }) =>
      event.type === 'ALARM_ON' ? { alarms: withPart(context.alarms, event.part) } : {},
    ),
    noteAllClear: assign(({ context, event }) =>
      event.type === 'ALARM_OFF' ? { alarms: without(context.alarms, event.part) } : {},
    ),
    noteMaintenance: assign(({ event }) => ({ maintenance: event.type === 'MAINTENANCE_ON' })),
    noteFire: assign(({ event }) => ({ fire: event.type === 'FIRE_ON' })),
  },
}).createMachine({
  id: 'lane',
  initial: 'starting',
  context: { ready: false, fire: false, maintenance: false, alarms: [], lost: [], waived: [] },
  on: {
    READY: { target: '.settling', actions: 'noteReady' },
    PART_LOST: { target: '.settling', actions: 'noteLost' },
    PART_BACK: { target: '.settling', actions: 'noteBack' },
    PART_WAIVED: { target: '.settling', actions: 'noteWaived' },
    ALARM_ON: { target: '.settling', actions: 'noteAlarm' },
    ALARM_OFF: { target: '.settling', actions: 'noteAllClear' },
    MAINTENANCE_ON: { target: '.settling', actions: 'noteMaintenance' },
    MAINTENANCE_OFF: { target: '.settling', actions: 'noteMaintenance' },
    FIRE_ON: { target: '.settling', actions: 'noteFire' },
    FIRE_OFF: { target: '.settling', actions: 'noteFire' },
    STOP: '.stopped',
  },
  states: {
    settling: {
      always: [
        { guard: 'onFire', target: 'emergency' },
        { guard: 'inMaintenance', target: 'maintenance' },
        { guard: 'partLost', target: 'outOfService' },
        { guard: 'notReady', target: 'starting' },
        { guard: 'partWaived', target: 'free' },
        { guard: 'alarmed', target: 'degraded' },
        { target: 'inService' },
      ],
    },
    starting: {},
    inService: {},
    /** In service with a standing alarm. */
    degraded: {},
    maintenance: {},
    /** A part is lost and policy lets everybody pass: the gate stands open, nobody pays. */
    free: {},
    /** Closed to passengers; links keep healing. */
    outOfService: {},
    /** Fire: the gate stands open, nobody pays. */
    emergency: {},
    stopped: { type: 'final' },
  },
});

export type LaneMode =
  | 'starting'
  | 'inService'
  | 'degraded'
  | 'maintenance'
  | 'free'
  | 'outOfService'
  | 'emergency'
  | 'stopped';

function withPart(parts: readonly string[], part: string): readonly string[] {
  return parts.includes(part) ? parts : [...parts, part];
}

function without(parts: readonly string[], part: string): readonly string[] {
  return parts.filter((each) => each !== part);
}
