/** Talking to an activated card (ISO/IEC 14443-4 §7). Every `done` gets a PN532 error code. */

import { type Air, readAts, type Session, STATUS, silenceOf_ms } from './air.ts';
import type { Run } from './run.ts';
import { FSD, type RfRate } from './timing.ts';

export interface Talk {
  readonly session: Session;
  readonly done: (status: number) => void;
}

export interface Transmission {
  readonly session: Session;
  readonly apdu: Buffer;
  /** `answer` is empty unless status is 0. */
  readonly done: (status: number, answer: Buffer) => void;
}

const NOTHING = Buffer.alloc(0);

/** Runs one command APDU. A card without block protocol, or an empty command, stays silent. */
export function transmit(air: Air, run: Run, talk: Transmission): void {
  const { session, apdu } = talk;
  if (!session.blocks || apdu.length === 0) {
    silent(air, run, talk);
    return;
  }
  session.fresh = false;
  const block = readAts(session.target.ats).fsc;
  const sent_ms = air.timing.send_ms(apdu.length, block, session.rate);
  run.after(sent_ms, () => attempt(air, run, { ...talk, retries: air.comRetries }));
}

function attempt(air: Air, run: Run, talk: Transmission & { retries: number }): void {
  const { session, apdu, retries, done } = talk;
  if (session.gone) {
    silent(air, run, talk);
    return;
  }
  const heard = air.field.exchange(session.target, apdu);
  const work_ms = air.timing.work_ms(heard.work_ms);
  if (heard.kind === 'answer') {
    run.after(work_ms, () => reply(air, run, { ...talk, answer: heard.answer }));
    return;
  }
  // Only a card that stayed answers R(NAK); without retries the first loss is reported.
  const status = retries > 0 && !heard.stays ? STATUS.timeOut : heard.status;
  const lost_ms = status === STATUS.timeOut ? silenceOf_ms(air, session) : work_ms;
  const { stays, again } = heard;
  run.after(lost_ms, () => {
    if (!stays || retries === 0) done(status, NOTHING);
    else if (again === null) attempt(air, run, { ...talk, retries: retries - 1 });
    else reply(air, run, { ...talk, answer: again });
  });
}

function reply(air: Air, run: Run, talk: Transmission & { answer: Buffer }): void {
  const { session, answer, done } = talk;
  run.after(air.timing.send_ms(answer.length, FSD, session.rate), () => {
    if (session.gone) silent(air, run, talk);
    else done(STATUS.ok, answer);
  });
}

function silent(air: Air, run: Run, { session, done }: Transmission): void {
  run.after(silenceOf_ms(air, session), () => done(STATUS.timeOut, NOTHING));
}

/** S(DESELECT): the card halts and its session is over; the next RATS begins a new one. */
export function deselect(air: Air, run: Run, { session, done }: Talk): void {
  if (!session.blocks || !session.selected) {
    session.selected = false;
    done(STATUS.ok);
    return;
  }
  const ended = (status: number) => {
    session.selected = false;
    if (status === STATUS.ok) session.target.powerDown();
    done(status);
  };
  ask(air, run, { session, took_ms: emptyBlocks_ms(air, session), done: ended });
}

/** WUPA, select and RATS for a card that was deselected. */
export function reselect(air: Air, run: Run, { session, done }: Talk): void {
  const { uid, ats } = session.target;
  if (session.selected && !session.gone) {
    done(STATUS.ok);
    return;
  }
  const took_ms = air.timing.activation_ms(uid.length, session.blocks ? ats.length : 0);
  const ended = (status: number) => {
    session.selected = status === STATUS.ok;
    session.fresh = true;
    session.rate = 1;
    done(status);
  };
  ask(air, run, { session, took_ms, done: ended });
}

/** R(NAK), which a card in the block protocol answers without executing anything. */
export function checkPresence(air: Air, run: Run, talk: Talk): void {
  ask(air, run, { ...talk, took_ms: emptyBlocks_ms(air, talk.session) });
}

/** PPS; the card ignores a rate that its ATS does not offer, and any PPS after the first block. */
export function changeRate(air: Air, run: Run, talk: Talk & { readonly rate: RfRate }): void {
  const { session, rate, done } = talk;
  if (!session.blocks || !session.fresh || readAts(session.target.ats).fastest < rate) {
    run.after(silenceOf_ms(air, session), () => done(STATUS.timeOut));
    return;
  }
  const ended = (status: number) => {
    if (status === STATUS.ok) session.rate = rate;
    done(status);
  };
  ask(air, run, { session, took_ms: air.timing.rateChange_ms(), done: ended });
}

/** A short exchange: status 0 if the card is there to answer. */
function ask(air: Air, run: Run, { session, took_ms, done }: Talk & { took_ms: number }): void {
  const delay_ms = session.gone ? silenceOf_ms(air, session) : took_ms;
  run.after(delay_ms, () => done(session.gone ? STATUS.timeOut : STATUS.ok));
}

function emptyBlocks_ms(air: Air, session: Session): number {
  return 2 * air.timing.send_ms(0, FSD, session.rate);
}
