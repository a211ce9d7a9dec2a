/** The initiator commands: everything a host says about cards (UM0701-02 §7.3). */

import type { Target } from '../card/target.ts';
import { type Air, type Session, STATUS } from './air.ts';
import { changeRate, deselect, reselect, type Talk, transmit } from './exchange.ts';
import type { Handler, Run } from './run.ts';
import { search } from './search.ts';
import type { RfRate } from './timing.ts';

/** The parameters that commands share. */
export interface Settings {
  /** SetParameters flags. */
  parameters: number;
  /** RFConfiguration item 02, third byte. */
  thruTimeout: number;
  /** The last error code, for GetGeneralStatus. */
  lastError: number;
}

export const PARAMETER = { automaticRats: 0x10, removePreAndPostamble: 0x40 } as const;

const NOTHING: Buffer = Buffer.alloc(0);
const MORE_INFORMATION = 0x40;
const MAX_DATA = 262;
/** An extended-length command APDU; a longer chain is the host's mistake. */
const MAX_COMMAND = 65_544;

export function cardCommands(air: Air, settings: Settings): [number, Handler][] {
  const finish = (run: Run, status: number, data = NOTHING) => {
    settings.lastError = status & 0x3f;
    const answer = Buffer.allocUnsafe(1 + data.length);
    answer[0] = status;
    answer.set(data, 1);
    run.answer(answer);
  };
  const rats = () => (settings.parameters & PARAMETER.automaticRats) !== 0;
  return [
    [0x4a, (args, run) => listPassiveTarget(air, run, { args, rats: rats() })],
    [0x60, (args, run) => autoPoll(air, run, { args, rats: rats() })],
    [0x40, (args, run) => dataExchange(air, run, { args, finish })],
    [0x42, (_args, run) => communicateThru(air, run, { settings, finish })],
    [0x44, (args, run) => forSessions(air, run, { args, finish, act: deselect })],
    [0x52, (args, run) => release(air, run, { args, finish })],
    [0x54, (args, run) => forSessions(air, run, { args, finish, act: reselect })],
    [0x4e, (args, run) => passRate(air, run, { args, finish })],
  ];
}

type Finish = (run: Run, status: number, data?: Buffer) => void;

interface Listing {
  readonly args: Buffer;
  readonly rats: boolean;
}

/** InListPassiveTarget: MaxTg, BrTy, initiator data. */
function listPassiveTarget(air: Air, run: Run, { args, rats }: Listing): void {
  const max = args.at(0) ?? 0;
  const modulation = args.at(1) ?? 0xff;
  const wanted = uidFilter(args.subarray(2));
  const malformed = max < 1 || max > 2 || modulation > 4 || (modulation === 0 && wanted === null);
  if (malformed) {
    run.refuse();
    return;
  }
  const retries = air.activationRetries;
  search(air, run, {
    wanted: modulation === 0 && wanted !== null ? wanted : () => false,
    max,
    rounds: retries === 0xff ? Number.POSITIVE_INFINITY : retries + 1,
    slot_ms: air.timing.emptyRound_ms(),
    rats,
    done: (found) => run.answer([found.length, ...found.flatMap(describe)]),
  });
}

/** The UID to look for, with cascade tags (0x88) as in the select commands; null: malformed. */
function uidFilter(data: Buffer): ((target: Target) => boolean) | null {
  const uid = withoutCascadeTags(data);
  if (uid === null) return null;
  return (target) => uid.length === 0 || target.uid.equals(uid);
}

function withoutCascadeTags(data: Buffer): Buffer | null {
  if (data.length === 0 || data.length === 4) return data;
  const levels = data.length / 4;
  if (levels !== 2 && levels !== 3) return null;
  const parts: Buffer[] = [];
  for (let level = 0; level < levels; level += 1) {
    const last = level === levels - 1;
    if (!last && data.readUInt8(level * 4) !== 0x88) return null;
    parts.push(data.subarray(level * 4 + (last ? 0 : 1), level * 4 + 4));
  }
  return Buffer.concat(parts);
}

/** Tg, SENS_RES, SEL_RES, NFCID1 with its length, then the ATS with its own length byte. */
function describe({ number, target, blocks }: Session): number[] {
  const head = [number, ...target.atqa, target.sak, target.uid.length];
  return [...head, ...target.uid, ...(blocks ? target.ats : [])];
}

/** InAutoPoll's target types that are cards of type A: generic, Mifare, ISO 14443-4. */
const POLL_TYPES = new Map<number, (target: Target) => boolean>([
  [0x00, () => true],
  [0x10, ({ sak }) => (sak & 0x20) === 0],
  [0x20, ({ sak }) => (sak & 0x20) !== 0],
]);

/** InAutoPoll: PollNr, Period, then up to fifteen types, each polled for one period a round. */
function autoPoll(air: Air, run: Run, { args, rats }: Listing): void {
  const times = args.at(0) ?? 0;
  const period = args.at(1) ?? 0;
  const types = [...args.subarray(2)];
  if (times === 0 || period === 0 || period > 15 || types.length === 0 || types.length > 15) {
    run.refuse();
    return;
  }
  search(air, run, {
    wanted: (target) => types.some((type) => POLL_TYPES.get(type)?.(target) === true),
    max: 2,
    rounds: times === 0xff ? Number.POSITIVE_INFINITY : times * types.length,
    slot_ms: air.timing.autoPollSlot_ms(period),
    rats,
    done(found) {
      const entries = found.flatMap((session) => {
        const data = describe(session);
        const type = (session.target.sak & 0x20) !== 0 ? 0x20 : 0x10;
        return [type, data.length, ...data];
      });
      run.answer([found.length, ...entries]);
    },
  });
}

interface Request {
  readonly args: Buffer;
  readonly finish: Finish;
}

/**
 * InDataExchange: Tg, data. MI in Tg says that more of the command follows; MI in the status says
 * that more of the answer waits, which the host fetches with Tg alone.
 */
function dataExchange(air: Air, run: Run, { args, finish }: Request): void {
  const tg = args.at(0);
  if (tg === undefined || args.length > 1 + MAX_DATA) {
    run.refuse();
    return;
  }
  const session = air.sessions.get(tg & 0x0f);
  if (session === undefined || !session.selected) {
    finish(run, STATUS.context);
    return;
  }
  const data = args.subarray(1);
  const deliver = (answer: Buffer) => {
    session.rest = answer.subarray(MAX_DATA);
    const more = session.rest.length > 0 ? MORE_INFORMATION : 0;
    finish(run, STATUS.ok | more, answer.subarray(0, MAX_DATA));
  };
  if (data.length === 0 && session.rest.length > 0) {
    deliver(session.rest);
    return;
  }
  session.command.push(data);
  const apdu = session.command.length === 1 ? data : Buffer.concat(session.command);
  if (apdu.length > MAX_COMMAND) {
    session.command = [];
    finish(run, STATUS.overflow);
  } else if ((tg & MORE_INFORMATION) !== 0) {
    finish(run, session.gone ? STATUS.timeOut : STATUS.ok);
  } else {
    session.command = [];
    const done = (status: number, answer: Buffer) =>
      status === STATUS.ok ? deliver(answer) : finish(run, status);
    transmit(air, run, { session, apdu, done });
  }
}

/** InCommunicateThru: raw frames, which no card here understands. */
function communicateThru(
  air: Air,
  run: Run,
  { settings, finish }: { settings: Settings; finish: Finish },
): void {
  const wait_ms = air.timing.thruTimeout_ms(settings.thruTimeout);
  run.after(wait_ms, () => finish(run, STATUS.timeOut));
}

/** The sessions that a command means: Tg, or all for 0; null if there is no such one. */
function chosen(air: Air, args: Buffer): Session[] | null {
  const tg = args.at(0) ?? 0;
  if (tg === 0) return [...air.sessions.values()];
  const session = air.sessions.get(tg);
  return session === undefined ? null : [session];
}

type Act = (air: Air, run: Run, talk: Talk) => void;

/** InDeselect and InSelect: Tg. */
function forSessions(air: Air, run: Run, request: Request & { act: Act }): void {
  const { args, finish, act } = request;
  const sessions = chosen(air, args);
  if (sessions === null) {
    finish(run, STATUS.context);
    return;
  }
  const next = (worst: number): void => {
    const session = sessions.shift();
    if (session === undefined) finish(run, worst);
    else act(air, run, { session, done: (status) => next(worst || status) });
  };
  next(STATUS.ok);
}

/** InRelease: as InDeselect, and the chip forgets the target whether or not it answered. */
function release(air: Air, run: Run, { args, finish }: Request): void {
  const sessions = chosen(air, args) ?? [];
  const forget: Finish = (ended, status) => {
    for (const { number } of sessions) air.sessions.delete(number);
    finish(ended, status);
  };
  forSessions(air, run, { args, finish: forget, act: deselect });
}

const RATES: readonly RfRate[] = [1, 2, 4];

/** InPSL: Tg, rate to the card, rate from the card; both alike, as the boards use it. */
function passRate(air: Air, run: Run, { args, finish }: Request): void {
  const session = air.sessions.get(args.at(0) ?? 0);
  const rate = RATES[args.at(1) ?? 0xff];
  if (rate === undefined || args.at(1) !== args.at(2)) run.refuse();
  else if (session === undefined || !session.selected) finish(run, STATUS.context);
  else changeRate(air, run, { session, rate, done: (status) => finish(run, status) });
}
