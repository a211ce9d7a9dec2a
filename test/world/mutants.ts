/**
 * Broken builds, each by one change of the real source, and a seed whose story shows it. A mutant
 * that lives means that the world does not look where it should.
 */

import type { Fitting } from '../../sim/world/story.ts';

/** One change of the real source. */
export interface Change {
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

export interface Mutant extends Change {
  readonly seed: number;
  /** What its story has beyond the plain one; nothing if absent. */
  readonly fitted?: readonly Fitting[];
  /** The rule that must speak. */
  readonly rule: string;
}

/** Passengers of each story: enough for every mutant, and quick. */
export const MUTANT_TAPS = 150;

const TAP = 'controller/gate/tap';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'opens before 8072',
    file: `${TAP}/confirm.ts`,
    find: "deps.span('8072', deps.sam.creditPurchase(proof.mac2))",
    put: "Promise.resolve({ ok: true, value: 'verified' } as const)",
    seed: 1,
    rule: 'doors',
  },
  {
    name: 'debits without an intent',
    file: `${TAP}/initialise.ts`,
    find: "deps.span('intent', ledger.append(record))",
    put: '(void record, Promise.resolve({ ok: true, value: 1 } as const))',
    seed: 1,
    rule: 'money',
  },
  {
    name: 'takes unknown for failed',
    file: `${TAP}/debit.ts`,
    find: "if (answer.fault.effect === 'none') {",
    put: 'if (answer.fault.effect) {',
    seed: 1,
    rule: 'money',
  },
  {
    name: 'forgets anti-passback',
    file: 'controller/gate/rights.ts',
    find: 'if (used && limits.passback_s > 0 && Math.abs(age_s) <= limits.passback_s) {',
    put: 'if (used && Math.abs(age_s) < 0) {',
    seed: 4,
    rule: 'money',
  },
  {
    name: 'accepts 6283',
    file: `${TAP}/select.ts`,
    find: `if (isBlocked(sw)) return refuse('card-blocked', \`SELECT \${describeStatus(sw)}\`);
  if (sw !== SW_OK)`,
    put: 'if (sw !== SW_OK && sw !== 0x6283)',
    seed: 1,
    rule: 'blacklist',
  },
  {
    name: 'ignores the blacklist',
    file: `${TAP}/screen.ts`,
    find: 'const answer = await blacklist.check(purse.info.serial);',
    put: "const answer = { kind: 'clear' } as Awaited<ReturnType<typeof blacklist.check>>;",
    seed: 1,
    rule: 'blacklist',
  },
  {
    name: 'does not settle a torn tap first',
    file: `${TAP}/screen.ts`,
    find: "return ledger.openStory(purse.serial) ? { kind: 'torn' } : NEXT;",
    put: 'return NEXT;',
    seed: 7,
    rule: 'money',
  },
  {
    name: 'believes a proof that nobody verified',
    file: `${TAP}/recover.ts`,
    find: "if (samSession.ref !== ref) return ok('no-session');",
    put: "if (samSession.ref !== ref) return ok('verified');",
    seed: 4,
    rule: 'money',
  },
  {
    name: 'does not wait for the proof on disk',
    file: `${TAP}/confirm.ts`,
    find: 'if (!durable.ok) return fault(durable.fault);',
    put: '',
    seed: 3,
    rule: 'money',
  },
  {
    name: 'confirms before the sync',
    file: 'controller/ledger/journal.ts',
    find: 'await segment.file.write(size, bytes);\n      await segment.file.sync();',
    put: 'await segment.file.write(size, bytes);\n      void segment.file.sync().catch(() => {});',
    seed: 1,
    rule: 'journal',
  },
  {
    name: 'shuts on whoever stands there',
    file: 'controller/gate/passage.ts',
    find: "always: { guard: 'zoneFree', target: 'closing' },",
    put: "always: { target: 'closing' },",
    seed: 6,
    rule: 'doors',
  },
  {
    name: 'does not hear the fire alarm',
    file: 'controller/gate/passage.ts',
    find: "FIRE_ON: '.emergency',",
    put: '',
    seed: 7,
    rule: 'doors',
  },
  {
    name: 'writes whole card numbers into the log',
    file: 'controller/ops/log.ts',
    find: "serial === null ? '-' :",
    put: 'serial !== null ? serial :',
    seed: 1,
    rule: 'privacy',
  },
  {
    name: 'leaves a timer behind',
    file: 'controller/gate/lane-keeper.ts',
    find: 'clock.clearTimeout(timer);\n        resolve(found);',
    put: 'resolve(found);',
    seed: 1,
    rule: 'resources',
  },
  {
    name: 'forgets to unsubscribe from the board',
    file: 'controller/gate/passage-keeper.ts',
    find: 'unsubscribe();\n      clock',
    put: 'clock',
    seed: 1,
    rule: 'resources',
  },
  {
    name: 'listens to its own machine anew at each tap',
    file: `${TAP}/runner.ts`,
    find: "actor.send({ type: 'CARD' });",
    put: "actor.subscribe(() => {}); actor.send({ type: 'CARD' });",
    seed: 1,
    rule: 'resources',
  },
  {
    name: 'queues appends without an end',
    file: 'controller/ledger/journal.ts',
    find: 'this.#waiting -= batch.length;',
    put: '',
    seed: 1,
    rule: 'resources',
  },
  {
    name: 'forgets no call that has ended',
    file: 'firmware-bridge/supervise/supervisor.ts',
    find: 'this.#cancel.delete(cancel);',
    put: '',
    seed: 1,
    rule: 'resources',
  },
  {
    name: 'keeps the files of full segments open',
    file: 'controller/ledger/journal.ts',
    find: 'void segment.file.close().catch(() => {});',
    put: '',
    seed: 13,
    rule: 'resources',
  },
  {
    name: 'opens a new line beside the old one',
    file: 'firmware-bridge/pn532/reader.ts',
    find: 'await chip.close();',
    put: '',
    seed: 4,
    rule: 'resources',
  },
  {
    name: 'never comes back into service',
    file: 'controller/gate/lane-keeper.ts',
    find: "send({ type: 'PART_BACK', part });",
    put: '',
    seed: 4,
    rule: 'liveness',
  },
  {
    name: 'shuts although the Modbus inputs say that the zone is occupied',
    file: 'firmware-bridge/barrier/senses.ts',
    find: 'obstructed = (broken & safety) !== 0;',
    put: 'obstructed = (broken & safety) < 0;',
    seed: 3,
    fitted: ['modbus'],
    rule: 'doors',
  },
  {
    name: 'does not read the fire input of its board',
    file: 'firmware-bridge/barrier/senses.ts',
    find: '...alarm(wired(inputs.fire), at_ms),',
    put: '...alarm(null, at_ms),',
    seed: 6,
    fitted: ['modbus'],
    rule: 'doors',
  },
  {
    name: 'repeats to a board that was lost what it ordered before',
    file: 'firmware-bridge/barrier/modbus.ts',
    find: 'gate.motion.clear();',
    put: '',
    seed: 7,
    fitted: ['modbus'],
    rule: 'doors',
  },
  {
    name: 'accepts a list with a wrong signature',
    file: 'controller/blacklist/list-file/read.ts',
    find: 'if (key.verify(stored, signature)) return name;',
    put: 'if (key) return name;',
    seed: 7,
    fitted: ['files'],
    rule: 'blacklist',
  },
  {
    name: 'puts a list in force that is not on the disk yet',
    file: 'controller/blacklist/files.ts',
    find: 'offset += chunk.length;\n    }\n    await file.sync();',
    put: 'offset += chunk.length;\n    }',
    seed: 9,
    fitted: ['files'],
    rule: 'blacklist',
  },
  {
    name: 'does not take a new list over',
    file: 'controller/blacklist/follow.ts',
    find: 'if (text !== this.#seen || due) await this.#change(text);',
    put: 'if (this.#seen === undefined || due) await this.#change(text);',
    seed: 1,
    fitted: ['files'],
    rule: 'blacklist',
  },
  {
    name: 'takes a delta for a list that it does not continue',
    file: 'controller/blacklist/import.ts',
    find: 'if (base !== current.version) {',
    put: 'if (base < 0) {',
    seed: 1,
    fitted: ['files'],
    rule: 'blacklist',
  },
  {
    name: 'retires a segment that is not settled',
    file: 'controller/ledger/settlement.ts',
    find: "if (!first || end > through) return 'not-settled';",
    put: "if (!first) return 'not-settled';",
    seed: 31,
    fitted: ['office'],
    rule: 'journal',
  },
  {
    name: 'tells the office of a record twice',
    file: 'controller/ledger/stories.ts',
    find: 'window.set(seq, { ref: seq, intent: record, passed: false });',
    put: `for (const key of seq % 100 === 0 ? [seq, -seq] : [seq]) {
    window.set(key, { ref: seq, intent: record, passed: false });
  }`,
    seed: 3,
    fitted: ['office'],
    rule: 'money',
  },
  {
    name: 'does not start with a damaged index',
    file: 'controller/ledger/summaries.ts',
    find: 'await this.discard();\n        return new Map();',
    put: "throw new Error('the index is damaged');",
    seed: 83,
    fitted: ['index'],
    rule: 'liveness',
  },
  {
    name: 'does not repeat its outputs to a board that started anew',
    file: 'firmware-bridge/barrier/modbus.ts',
    find: 'motion.repeat();',
    put: '',
    seed: 35,
    fitted: ['modbus'],
    rule: 'doors',
  },
  {
    name: 'lets a second one through on the same right',
    file: 'controller/gate/passage.ts',
    find: 'rights: context.rights.slice(1),',
    put: 'rights: context.rights,',
    seed: 1,
    rule: 'doors',
  },
  {
    name: 'writes a passage when somebody steps in',
    file: 'controller/gate/passage.ts',
    find: 'passing: {\n      on: {',
    put: "passing: {\n      entry: ['useRight', 'recordPassage'],\n      on: {",
    seed: 1,
    rule: 'doors',
  },
];
