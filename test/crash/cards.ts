/** Which cards a version of the experiment's blacklist lists, by a rule, and what a lane says. */

import { type Answer, REASONS, type Reason } from '../../controller/blacklist/blacklist.ts';
import type { LiveBlacklist } from '../../controller/blacklist/live.ts';

export interface Rule {
  readonly version: number;
  /** Card `n` is listed when `first` ≤ n < `end` and n is a multiple of `step`. */
  readonly first: number;
  readonly end: number;
  readonly step: number;
  /** Cards 0 to below this are asked for. */
  readonly limit: number;
}

/** Look-ups that may wait for the keeper at one time. */
const AT_ONCE = 50;
const TIMES_MAX = 20;

const cardAt = (n: number) => Buffer.from(String(n).padStart(20, '0'), 'hex');

/** Null: not listed. */
function reasonIn(rule: Rule | undefined, n: number): Reason | null {
  if (!rule || n < rule.first || n >= rule.end || n % rule.step !== 0) return null;
  return REASONS[n % REASONS.length] ?? null;
}

/** Lines for the office. */
export function* linesOf(rule: Rule): Generator<string> {
  for (let n = rule.first; n < rule.end; n += 1) {
    const reason = reasonIn(rule, n);
    if (reason) yield `${cardAt(n).toString('hex')} ${reason}`;
  }
}

export interface Survey {
  readonly health: string;
  readonly detail: string;
  readonly version: number;
  readonly right: number;
  readonly unreadable: number;
  /** Cards that were answered as clear although listed, or as listed although clear. */
  readonly wrong: readonly number[];
}

/** A machine that is busy with kills may be late; that is no damage. */
async function patiently(live: LiveBlacklist, n: number): Promise<Answer> {
  for (let time = 1; ; time += 1) {
    const answer = await live.check(cardAt(n));
    const late = answer.kind === 'unreadable' && answer.detail.startsWith('no answer in');
    if (!late || time === TIMES_MAX) return answer;
  }
}

/** Asks for every card, by the rule of the list that is in force. */
export async function survey(live: LiveBlacklist, rules: readonly Rule[]): Promise<Survey> {
  const newest = rules[0];
  let right = 0;
  let unreadable = 0;
  const wrong: number[] = [];
  const ask = async (n: number) => {
    const answer = await patiently(live, n);
    const { version } = live.status();
    const reason = reasonIn(rules.find((rule) => rule.version === version) ?? newest, n);
    if (answer.kind === 'unreadable') unreadable += 1;
    else if ((answer.kind === 'listed' ? answer.reason : null) === reason) right += 1;
    else wrong.push(n);
  };
  for (let n = 0; n < (newest?.limit ?? 0); n += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(n + index)));
  }
  const health = live.health();
  const detail = 'detail' in health ? health.detail : '';
  const { version } = live.status();
  return { health: health.kind, detail, version, right, unreadable, wrong: wrong.slice(0, 10) };
}
