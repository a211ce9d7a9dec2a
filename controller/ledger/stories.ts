/** Stories from records: one at a time in memory, or streamed from the files in order of `ref`. */

import type { Disk } from '../../firmware-bridge/ports.ts';
import { problemIn } from './problems.ts';
import { type Placed, readSegments } from './reader.ts';
import type { LedgerRecord, Outcome, Story } from './records.ts';
import { segmentName, segmentNumbers } from './segment.ts';
import { asRecord } from './shape.ts';

/** A story whose further records lie more than this many records later is rare, and kept aside. */
const WINDOW_RECORDS = 4_096;

/** What costs a story, besides gaps. */
const LACKING: readonly Placed['kind'][] = ['record', 'damage', 'unreadable'];

export type Later = Extract<LedgerRecord, { readonly ref: number }>;

/** The story with one more record. The first outcome counts; `verifyLedger` reports a second. */
export function extend(story: Story, record: Later): Story {
  switch (record.type) {
    case 'authorised':
      return { ...story, authorised: record };
    case 'debited':
      return { ...story, debited: record };
    case 'outcome':
      return story.outcome ? story : { ...story, outcome: record };
    case 'passage':
      return { ...story, passed: true };
  }
}

/** Why a story ends whose card never came back, when its segment goes. */
export const SETTLED_BY_HOST = 'settled by the host';

/** Does the gate ask about a story that ended so? Not where nothing changed, or months later. */
export function isRemembered({ status, reason }: Outcome): boolean {
  return status !== 'not-debited' && reason !== SETTLED_BY_HOST;
}

/** Was money taken from the card, as far as this ledger knows? */
export function isDebited({ debited, outcome }: Story): boolean | 'unknown' {
  if (outcome?.status === 'not-debited') return false;
  if (debited || (outcome && outcome.status !== 'grey')) return true;
  return 'unknown';
}

export interface Books {
  readonly disk: Disk;
  readonly directory: string;
  /** Hears of what cannot be read, in words: stories may lack it, or be missing. */
  readonly onLack?: (text: string) => void;
}

/**
 * Every story, in order of `ref`, as the files stand at the call; needs no lock. Two passes: the
 * first only finds the rare records that come long after their intent. The lane may have written
 * the last of it this very moment: it is made durable before anybody is told, or a power cut could
 * take back what the host has heard.
 */
export async function* readStories(books: Books): AsyncGenerator<Story> {
  const { late, last } = await findLate(books);
  await makeDurable(books);
  const finish = (story: Story) => (late.get(story.ref) ?? []).reduce(extend, story);
  const window = new Map<number, Story>();
  for await (const { seq, record } of readRecords(books)) {
    if (seq > last) break;
    take(window, seq, record);
    for (const story of window.values()) {
      if (seq - story.ref <= WINDOW_RECORDS) break;
      window.delete(story.ref);
      yield finish(story);
    }
  }
  for (const story of window.values()) yield finish(story);
}

function take(window: Map<number, Story>, seq: number, record: LedgerRecord): void {
  if (record.type === 'intent') window.set(seq, { ref: seq, intent: record, passed: false });
  if (!('ref' in record)) return;
  const story = window.get(record.ref);
  if (story) window.set(record.ref, extend(story, record));
}

/** Records far behind their intent, by its number, and the number at which the files end now. */
async function findLate(books: Books) {
  const late = new Map<number, Later[]>();
  let last = 0;
  for await (const { seq, record } of readRecords(books)) {
    last = seq;
    if (!('ref' in record) || seq - record.ref <= WINDOW_RECORDS) continue;
    late.set(record.ref, [...(late.get(record.ref) ?? []), record]);
  }
  return { late, last };
}

async function makeDurable({ disk, directory, onLack }: Books): Promise<void> {
  for (const number of await segmentNumbers(disk, directory)) {
    const name = segmentName(number);
    const file = await disk.open(`${directory}/${name}`, 'read').catch(() => null);
    // Retired meanwhile, or told of by whoever reads it.
    if (file === null) continue;
    const fault = await file.sync().catch(String);
    await file.close();
    if (fault) onLack?.(`${name} is not durable: ${fault}`);
  }
}

async function* readRecords({ disk, directory, onLack }: Books) {
  const gaps: { readonly text: string; readonly before: string }[] = [];
  const retired = new Set<string>();
  for await (const found of readSegments(disk, directory)) {
    const record = found.kind === 'record' ? asRecord(found.fields) : null;
    if (record?.type === 'retired') retired.add(`${record.last_seq} ${record.hash}`);
    if (found.kind === 'record' && record) yield { seq: found.seq, record };
    const problem = problemIn(found);
    if (problem === null || found.kind === 'end') continue;
    const text = `${found.file} at ${found.offset}: ${problem}`;
    if (found.kind === 'gap') gaps.push({ text, before: `${found.seq - 1} ${found.prev}` });
    else if (LACKING.includes(found.kind)) onLack?.(text);
  }
  // What the lane has removed, even while this read, was settled.
  for (const { text, before } of gaps) if (!retired.has(before)) onLack?.(text);
}
