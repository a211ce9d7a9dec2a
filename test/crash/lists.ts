/** List directories to be killed or damaged in: lists by rule, signed and imported as always. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Active, WORK } from '../../controller/blacklist/archive.ts';
import { importList } from '../../controller/blacklist/import.ts';
import { buildList, signList } from '../../controller/blacklist/list-file/write.ts';
import { systemDisk as disk } from '../../firmware-bridge/disk.ts';
import { need, OFFICE } from '../controller/blacklist/list-file/office.ts';
import { linesOf, type Rule, type Survey } from './cards.ts';
import { type Child, scratch, start } from './kit.ts';

const { publicKey } = OFFICE.key;
export const TRUST = publicKey.point.toString('hex');
/** The keeper of a lane that was killed ends by itself within this time. */
const ORPHAN_MS = 3_000;
const ISSUED = '2026-11-24T06:00:00Z';

/** @param deltaFrom an earlier full list: the result is a delta */
export async function issue(rule: Rule, deltaFrom?: string): Promise<string> {
  const directory = scratch();
  const [draft, out] = [join(directory, 'draft'), join(directory, 'list')];
  const { version } = rule;
  const lines = linesOf(rule);
  const list = 'blacklist';
  need(await buildList(disk, { list, version, issued: ISSUED, lines, deltaFrom, out: draft }));
  need(await signList(disk, { file: draft, key: OFFICE.key, out }));
  return out;
}

export async function bring(directory: string, file: string, exact_max: number) {
  const trust = [publicKey];
  return need(await importList({ disk, directory, list: 'blacklist', file, trust, exact_max }));
}

/** A lane in a process of its own. */
export class Lane {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async open(directory: string, rules: readonly Rule[]): Promise<Lane> {
    const child = start({ role: 'lane', directory, trust: TRUST, rules });
    for (const due of ['BEGIN', 'OPEN']) assert.is(await child.line(), due);
    return new Lane(child);
  }

  /** Does as told, then says what it answers for every card. */
  async order(order: 'ask' | 'scrub' | 'refresh' | 'heal' | 'shoot'): Promise<Survey> {
    this.#child.say(order);
    const line = await this.#child.line();
    if (line !== null) return JSON.parse(line);
    const { signal, errors } = await this.#child.ended;
    throw new Error(`the lane died amid ${order}: ${signal} ${errors}`);
  }

  async close(): Promise<void> {
    this.#child.say('end');
    const { code, signal, errors } = await this.#child.ended;
    assert.equal([code, signal, errors], [0, null, '']);
  }
}

export function activeIn(directory: string): Active {
  return JSON.parse(readFileSync(join(directory, 'active.json'), 'utf8'));
}

/** Nothing lies there but the list in force and the one before it; a lane sweeps a dead one's. */
export async function expectNoLeftovers(directory: string): Promise<void> {
  if (hasWork(directory)) {
    await setTimeout(ORPHAN_MS);
    await (await Lane.open(directory, [])).close();
  }
  const active = activeIn(directory);
  const used = [active, active.previous].flatMap((chain) =>
    chain ? [...chain.chain.map(({ file }) => file), chain.store ?? 'lock'] : [],
  );
  const expected = [...new Set(['active.json', 'lock', ...used])].sort();
  assert.equal(readdirSync(directory).sort(), expected);
}

function hasWork(directory: string): boolean {
  return readdirSync(directory).some((name) => name.startsWith(WORK));
}
