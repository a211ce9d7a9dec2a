/** A crowd at the simulated lane, judged from outside: by its export, its keys and OpenSSL. */

import { existsSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature, PROGRAMS } from '../kit/feature.ts';
import { outsideTac, type Row } from './outside-tac.ts';
import { bundle, killAll, quickSim, run, scratch, start } from './programs.ts';

const headless = feature('headless crowd');

function crowd(data: string, taps = 120, program = quickSim()) {
  return run(program, ['--headless', '--taps', String(taps), '--seed', '3', '--data', data]);
}

async function exported(data: string): Promise<Row[]> {
  const { code, out, err } = await run(bundle(), ['ledger', 'export', data]);
  assert.equal([code, err], [0, '']);
  return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
}

/** Of the rows that took money: those whose card the lane saw paying. */
function paid(rows: readonly Row[]): Row[] {
  return rows.filter(({ status }) =>
    ['done', 'recovered', 'mac2-unverified'].includes(`${status}`),
  );
}

const first = scratch();
const second = scratch();
const summaries: Promise<readonly [string, string]> = Promise.all([
  crowd(first),
  crowd(second),
]).then(([a, b]) => {
  assert.equal([a.code, b.code], [0, 0], a.err + b.err);
  return [a.out, b.out] as const;
});

headless.test(
  'GIVEN one seed and two new directories THEN the summaries are the same, and the money agrees',
  async () => {
    const [a, b] = await summaries;
    assert.match(a, /cards and ledger agree to the fen\n$/);
    assert.match(a, /^120 taps, seed 3, data in /);
    assert.is(b.replace(second, first), a);
  },
  30_000,
);

headless.testWith(
  PROGRAMS.openssl,
  'GIVEN an export and the published keys THEN OpenSSL recomputes every TAC, SM4 and 3DES alike',
  async () => {
    await summaries;
    const keys = await run(quickSim(), ['keys']);
    const tacOf = outsideTac(keys.out);
    const rows = paid(await exported(first));
    assert.ok(rows.length > 80, `only ${rows.length} debits`);
    assert.equal([...new Set(rows.map(({ algorithm }) => algorithm))].sort(), ['00', '04']);
    for (const row of rows) assert.is(tacOf(row), row.tac, JSON.stringify(row));
    assert.is.not(tacOf({ ...rows[0], amount_fen: 1 }), rows[0]?.tac);
  },
  60_000,
);

headless.test(
  'GIVEN the same directory again THEN cards, counters and termSeq go on where they were',
  async () => {
    await summaries;
    const before = await exported(first);
    assert.is((await crowd(first, 60)).code, 0);
    const after = await exported(first);
    assert.equal(after.slice(0, before.length), before);
    assert.ok(after.length > before.length);
    const sequence = after.flatMap(({ term_seq }) => (term_seq === null ? [] : [String(term_seq)]));
    assert.ok(sequence.every((seq, at) => at === 0 || seq > (sequence[at - 1] ?? '')));
    const times = after.map(({ at }) => String(at));
    assert.ok(times.every((time, at) => at === 0 || time >= (times[at - 1] ?? '')));
    for (const [card, rows] of byCard(paid(after))) assertChained(card, rows);
    assert.is((await run(bundle(), ['ledger', 'verify', first])).code, 0);
  },
  30_000,
);

headless.test(
  'GIVEN both formats THEN the CSV says what the JSON Lines say',
  async () => {
    await summaries;
    const rows = await exported(second);
    const { out } = await run(bundle(), ['ledger', 'export', second, '--format', 'csv']);
    const [head = [], ...table] = parseCsv(out);
    const text = (value: Row[string] | undefined) => (value === null ? '' : String(value));
    assert.equal(head, Object.keys(rows[0] ?? {}));
    assert.is(table.length, rows.length);
    for (const [at, row] of rows.entries()) {
      assert.equal(
        table[at],
        head.map((field) => text(row[field])),
      );
    }
  },
  30_000,
);

headless.test(
  'GIVEN SIGINT in mid-run THEN what was tapped is summed up and remembered',
  async () => {
    const data = scratch();
    const running = start(quickSim(), ['--headless', '--taps', '9999', '--data', data]);
    while (!existsSync(`${data}/ledger/ledger-000001.log`) || ledgerBytes(data) < 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.kill('SIGINT');
    const { code, out } = await running.ended;
    assert.is(code, 0);
    assert.match(out, /agree to the fen/);
    assert.ok(existsSync(`${data}/cards.json`));
  },
  30_000,
);

headless.test(
  'GIVEN an exit lane WHEN a crowd comes from other stations THEN distance fares are taken',
  async () => {
    const data = scratch();
    const args = ['--headless', '--lane', 'exit', '--taps', '60', '--seed', '3', '--data', data];
    const { code, out } = await run(quickSim(), args);
    assert.is(code, 0, out);
    assert.match(out, /cards and ledger agree to the fen/);
    const done = (await exported(data)).filter(({ status }) => status === 'done');
    assert.ok(done.every(({ kind, entry_place }) => kind === '04' && entry_place !== null));
    assert.ok(new Set(done.map(({ amount_fen }) => amount_fen)).size > 2, 'one fare for all');
  },
  30_000,
);

headless.after(killAll);
headless.run();

function ledgerBytes(data: string): number {
  return readFileSync(`${data}/ledger/ledger-000001.log`).length;
}

function byCard(rows: readonly Row[]): Map<string, Row[]> {
  const cards = new Map<string, Row[]>();
  for (const row of rows)
    cards.set(String(row.card), [...(cards.get(String(row.card)) ?? []), row]);
  return cards;
}

/** A card of the crowd pays here alone: its records must join without a gap. */
function assertChained(card: string, rows: readonly Row[]): void {
  for (const [at, row] of rows.entries()) {
    const { amount_fen, balance_before_fen, balance_after_fen, counter } = row;
    assert.is(Number(balance_before_fen) - Number(amount_fen), balance_after_fen);
    const last = rows[at - 1];
    if (!last) continue;
    assert.ok(Number(counter) > Number(last.counter), `card ${card}: counter ${counter}`);
    // A debit in doubt (grey) may lie between two that are sure.
    if (counter === last.counter_after) assert.is(balance_before_fen, last.balance_after_fen);
  }
}

/** RFC 4180: a cell in quotes may hold commas and doubled quotes. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    const bare = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    lines.at(-1)?.push(bare);
    if (end !== ',') lines.push([]);
  }
  return lines.slice(0, -1);
}
