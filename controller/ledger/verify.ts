/** Tells an auditor what a ledger directory holds and whether its books are in order. No lock. */

import { type Disk, describeFault } from '../../firmware-bridge/ports.ts';
import { problemIn } from './problems.ts';
import { type Placed, readSegments } from './reader.ts';
import type { FreePassage, LedgerRecord, Retired, Story } from './records.ts';
import { readSettled, type Settled } from './settlement.ts';
import { asRecord } from './shape.ts';
import { extend, type Later } from './stories.ts';

const FINDINGS_MAX = 1_000;
/** Closed stories remembered for the rules; a later record about an older one is a finding. */
const CLOSED_MAX = 65_536;

interface Finding {
  /** `broken` makes the report not ok; a `note` is worth knowing. */
  readonly severity: 'broken' | 'note';
  readonly kind:
    | Exclude<Placed['kind'], 'record' | 'end'>
    | 'not-understood'
    | 'rule'
    | 'settlement'
    | 'unverified-passage';
  readonly file: string;
  readonly offset: number;
  readonly text: string;
}

interface FileReport {
  readonly name: string;
  /** That hold records, or once did. */
  readonly bytes: number;
  /** Zeros behind them, for records to come. */
  readonly room: number;
  readonly records: number;
}

interface LedgerReport {
  readonly ok: boolean;
  readonly files: readonly FileReport[];
  readonly records: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly chainWhole: boolean;
  /** Segments that were settled and removed, as the last record of each says. */
  readonly retired: readonly Retired[];
  /** When everybody passed unpaid, by policy; at most 1,000 records. */
  readonly free: readonly FreePassage[];
  /** The host has settled every record up to this one; null when it settled none. */
  readonly settledThrough: number | null;
  readonly stories: number;
  /** Refs of stories without an outcome, oldest first, at most 1,000 of them. */
  readonly grey: readonly number[];
  readonly greyCount: number;
  /** In order of the files, what concerns the beginning of the books last; at most 1,000. */
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
}

export async function verifyLedger(disk: Disk, directory: string): Promise<LedgerReport> {
  const settled = await readSettled(disk, directory);
  const audit = new Audit(settled.ok ? settled.value : null);
  if (!settled.ok) audit.noteSettlement(describeFault(settled.fault));
  for await (const found of readSegments(disk, directory)) audit.add(found);
  return audit.report();
}

/** The report in plain lines. */
export function explainReport(report: LedgerReport): string[] {
  const { files, findings, findingsOmitted, free, retired, settledThrough } = report;
  const verdict = report.ok ? 'IN ORDER' : 'NOT IN ORDER';
  return [
    `${verdict}: ${report.records} records in ${files.length} files`,
    ...files.map(({ name, bytes, records, room }) => {
      const left = room > 0 ? `, room for ${room} more` : '';
      return `  ${name}: ${bytes} bytes, ${records} records${left}`;
    }),
    `Numbers ${report.firstSeq ?? '-'} to ${report.lastSeq ?? '-'}; chain ${
      report.chainWhole ? 'whole' : 'BROKEN'
    }. The chain cannot show whether records are missing after the last one.`,
    settledThrough === null
      ? 'The host has settled nothing yet.'
      : `The host has settled every record up to ${settledThrough}.`,
    ...retired.map(
      ({ segment, first_seq, last_seq, at, damaged }) =>
        `  segment ${segment}, records ${first_seq} to ${last_seq}, was retired at ${at}` +
        (damaged ? ', damaged' : ''),
    ),
    `${report.stories} stories, ${report.greyCount} of them grey (no outcome): ${
      report.grey.join(', ') || 'none'
    }`,
    ...free.map(
      ({ at, phase, reason, passed }) =>
        `  free passage ${phase} at ${at}, ${reason}` +
        (phase === 'ends' ? `; ${passed} passed unpaid` : ''),
    ),
    ...findings.map((finding) => {
      const head = finding.severity === 'broken' ? 'BROKEN' : 'note';
      return `${head} ${finding.file} at ${finding.offset}: ${finding.text}`;
    }),
    ...(findingsOmitted > 0 ? [`… and ${findingsOmitted} more findings`] : []),
  ];
}

class Audit {
  readonly #files: FileReport[] = [];
  readonly #findings: Finding[] = [];
  readonly #rules = new Rules();
  readonly #settled: Settled | null;
  readonly #retired: Retired[] = [];
  readonly #free: FreePassage[] = [];
  /** In order when the segment before was retired; known at the end alone. */
  #beginning: { readonly seq: number; readonly prev: string; readonly finding: Finding } | null =
    null;
  readonly #early: Finding[] = [];
  #fileRecords = 0;
  #records = 0;
  #firstSeq: number | null = null;
  #lastSeq: number | null = null;
  #omitted = 0;
  #broken = 0;
  #chainBreaks = 0;

  constructor(settled: Settled | null) {
    this.#settled = settled;
  }

  add(found: Placed): void {
    if (found.kind === 'end') {
      const { file: name, bytes, used } = found;
      this.#files.push({ name, bytes: used, room: bytes - used, records: this.#fileRecords });
      this.#fileRecords = 0;
      return;
    }
    const place = { file: found.file, offset: found.offset };
    const text = problemIn(found);
    if (text !== null) {
      const severity = found.kind === 'torn' || found.kind === 'record' ? 'note' : 'broken';
      const kind = found.kind === 'record' ? 'not-understood' : found.kind;
      const finding: Finding = { ...place, severity, kind, text };
      if (found.kind === 'gap' && found.after === 0) {
        this.#beginning = { seq: found.seq, prev: found.prev, finding };
      } else this.#note(finding);
    }
    if (found.kind === 'chain') this.#chainBreaks += 1;
    if (found.kind === 'record') this.#addRecord(found);
  }

  #addRecord(found: Extract<Placed, { kind: 'record' }>): void {
    const { seq, hash, file, offset } = found;
    this.#fileRecords += 1;
    this.#records += 1;
    this.#firstSeq ??= seq;
    this.#lastSeq = seq;
    if (seq === this.#settled?.through && hash !== this.#settled.hash) {
      this.noteSettlement(`it names record ${seq} of another ledger`);
    }
    const record = asRecord(found.fields);
    if (!record) return;
    if (record.type === 'retired') {
      this.#retired.push(record);
      return;
    }
    if (record.type === 'free-passage') {
      if (this.#free.length < FINDINGS_MAX) this.#free.push(record);
      return;
    }
    for (const broken of this.#rules.check(seq, record)) {
      const finding = { file, offset, ...broken };
      const early = 'ref' in record && record.ref < this.#firstSeq && this.#beginning;
      if (early && this.#early.length < FINDINGS_MAX) this.#early.push(finding);
      else this.#note(finding);
    }
  }

  noteSettlement(text: string): void {
    this.#note({ severity: 'broken', kind: 'settlement', file: 'settled.json', offset: 0, text });
  }

  report(): LedgerReport {
    const { through = 0 } = this.#settled ?? {};
    if (through > (this.#lastSeq ?? 0)) {
      this.noteSettlement(`it names record ${through}, which these books do not hold`);
    }
    if (this.#beginning && !this.#isVouched(this.#beginning)) {
      for (const finding of [this.#beginning.finding, ...this.#early]) this.#note(finding);
    }
    const grey = [...this.#rules.open.keys()];
    return {
      ok: this.#broken === 0,
      files: this.#files,
      records: this.#records,
      firstSeq: this.#firstSeq,
      lastSeq: this.#lastSeq,
      chainWhole: this.#chainBreaks === 0,
      retired: this.#retired,
      free: this.#free,
      settledThrough: this.#settled?.through ?? null,
      stories: this.#rules.stories,
      grey: grey.slice(0, FINDINGS_MAX),
      greyCount: grey.length,
      findings: this.#findings,
      findingsOmitted: this.#omitted,
    };
  }

  #isVouched({ seq, prev }: { seq: number; prev: string }): boolean {
    return this.#retired.some(({ last_seq, hash }) => last_seq === seq - 1 && hash === prev);
  }

  #note(finding: Finding): void {
    if (finding.severity === 'broken') this.#broken += 1;
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push(finding);
    else this.#omitted += 1;
  }
}

type Broken = Pick<Finding, 'severity' | 'kind' | 'text'>;

/** The order in which the records of a story may come. */
class Rules {
  stories = 0;
  readonly open = new Map<number, Story>();
  readonly #closed = new Map<number, Story>();

  check(seq: number, record: Exclude<LedgerRecord, Retired | FreePassage>): Broken[] {
    if (record.type === 'sighting') return [];
    if (record.type === 'intent') {
      this.stories += 1;
      this.open.set(seq, { ref: seq, intent: record, passed: false });
      return [];
    }
    if (record.ref >= seq) {
      return [rule(`${record.type} ${seq} comes before record ${record.ref}, which it names`)];
    }
    const story = this.open.get(record.ref) ?? this.#closed.get(record.ref);
    if (!story)
      return [rule(`${record.type} ${seq} names ${record.ref}, which is no known intent`)];
    this.#keep(extend(story, record));
    return wrongs(story, record);
  }

  #keep(story: Story): void {
    if (!story.outcome) {
      this.open.set(story.ref, story);
      return;
    }
    this.open.delete(story.ref);
    this.#closed.set(story.ref, story);
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= CLOSED_MAX) break;
      this.#closed.delete(oldest);
    }
  }
}

/** What `record` breaks when it follows `story`. */
function wrongs(story: Story, record: Later): Broken[] {
  const status = story.outcome?.status;
  switch (record.type) {
    case 'authorised':
      return story.authorised ? [rule(`story ${story.ref} was authorised twice`)] : [];
    case 'debited':
      // The same TAC again is 805A confirming what 8054 had answered before a restart.
      if (story.debited && story.debited.tac !== record.tac) {
        return [rule(`story ${story.ref} was debited twice, with different TACs`)];
      }
      return status ? [rule(`story ${story.ref} was debited after its outcome ${status}`)] : [];
    case 'outcome':
      return wrongsOfOutcome(story, record.status);
    case 'passage': {
      if (status === 'done' || status === 'recovered') return [];
      const text = `story ${story.ref} was passed with status ${status ?? 'grey (no outcome)'}`;
      if (status !== 'mac2-unverified') return [rule(text)];
      return [{ severity: 'note', kind: 'unverified-passage', text }];
    }
  }
}

function wrongsOfOutcome({ ref, outcome, debited }: Story, status: string): Broken[] {
  if (outcome) return [rule(`story ${ref} has two outcomes: ${outcome.status}, then ${status}`)];
  if (status === 'not-debited' && debited) {
    return [rule(`story ${ref} ends as not-debited although the card gave its TAC`)];
  }
  if (status !== 'not-debited' && status !== 'grey' && !debited) {
    return [rule(`story ${ref} ends as ${status} without a debited record`)];
  }
  return [];
}

function rule(text: string): Broken {
  return { severity: 'broken', kind: 'rule', text };
}
