/** An auditor with a ledger directory: in order, damaged, cut short, or not one at all. */

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { bundle, killAll, quickSim, run, scratch, start } from './programs.ts';

const audit = feature('ledger commands');

const whole = scratch();
const made = run(quickSim(), ['--headless', '--taps', '40', '--data', whole]);

/** A copy to damage, and its one file. */
async function copy(): Promise<{ data: string; file: string }> {
  assert.is((await made).code, 0);
  const data = scratch();
  cpSync(whole, data, { recursive: true });
  return { data, file: `${data}/ledger/ledger-000001.log` };
}

/** Zeros behind the last record are room for more. */
function usedBytes(bytes: Buffer): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}

function verify(data: string) {
  return run(bundle(), ['ledger', 'verify', data]);
}

audit.test(
  'GIVEN a good ledger THEN verify exits 0, by data_dir or by ledger directory',
  async () => {
    const { data } = await copy();
    for (const named of [data, `${data}/`, `${data}/ledger`]) {
      const { code, out, err } = await verify(named);
      assert.equal([code, err], [0, ''], named);
      assert.match(out, /^IN ORDER: \d+ records in 1 files\n/);
    }
  },
  20_000,
);

audit.test('GIVEN one changed byte THEN verify exits 1 and names file and offset', async () => {
  const { data, file } = await copy();
  const bytes = readFileSync(file);
  const middle = usedBytes(bytes) >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(file, bytes);
  const { code, out } = await verify(data);
  assert.is(code, 1);
  assert.match(out, /^NOT IN ORDER/);
  const [, offset, length] =
    /BROKEN ledger-000001\.log at (\d+): (\d+) damaged bytes/.exec(out) ?? [];
  assert.ok(Number(offset) <= middle && middle < Number(offset) + Number(length), out);
});

audit.test('GIVEN a cut tail THEN verify explains it; the chain before it is whole', async () => {
  const { data, file } = await copy();
  truncateSync(file, usedBytes(readFileSync(file)) - 7);
  const { code, out } = await verify(data);
  assert.is(code, 0);
  assert.match(out, /note ledger-000001\.log at \d+: unfinished write of \d+ bytes at the end/);
});

audit.test('GIVEN no ledger THEN verify and export exit 2 and make nothing', async () => {
  const empty = scratch();
  for (const command of ['verify', 'export']) {
    const { code, out, err } = await run(bundle(), ['ledger', command, empty]);
    assert.equal([code, out], [2, '']);
    assert.match(err, /no ledger here/);
  }
  assert.equal(readdirSync(empty), []);
});

audit.test(
  'GIVEN a lane that runs THEN export reads whole rows beside it',
  async () => {
    const data = scratch();
    const lane = start(quickSim(), ['--headless', '--taps', '9999', '--data', data]);
    let rows = 0;
    while (rows < 10) {
      const { out } = await run(bundle(), ['ledger', 'export', data]);
      rows = out
        .split('\n')
        .filter((line) => line !== '' && JSON.parse(line).record_seq > 0).length;
    }
    lane.kill('SIGINT');
    assert.is((await lane.ended).code, 0);
  },
  20_000,
);

audit.test('GIVEN a reader that has seen enough THEN export ends quietly', async () => {
  const { data } = await copy();
  const [program = ''] = bundle();
  const line = `"${process.execPath}" "${program}" ledger export "${data}" | head -n 1`;
  const { status, stderr, stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  assert.equal([status, stderr], [0, '']);
  assert.is(JSON.parse(stdout).record_seq, 1);
});

audit.test('GIVEN damage THEN settle says what stays until it is accepted', async () => {
  const { data, file } = await copy();
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(1_500) ^ 1, 1_500);
  // What follows it lies in a file of its own, as after a restart of the lane.
  const used = usedBytes(bytes);
  const next = bytes.indexOf('{"seq":', used >> 1) - 8;
  writeFileSync(`${data}/ledger/ledger-000002.log`, bytes.subarray(next, used));
  writeFileSync(file, bytes.subarray(0, next));
  const settle = ['ledger', 'settle', data, '--through'];
  const last = /to (\d+); chain/.exec((await verify(data)).out)?.[1] ?? '';
  const { code, out } = await run(bundle(), [...settle, last]);
  assert.is(code, 0);
  assert.match(
    out,
    /^ledger-000001\.log stays, and all behind it: it is damaged .*--accept-damage/m,
  );
  const accepted = await run(bundle(), [...settle, last, '--accept-damage']);
  assert.is(accepted.code, 0);
  assert.match(accepted.out, /^settled through record \d+ \(hash [0-9a-f]{32}\)\n$/);
  const settled = JSON.parse(readFileSync(`${data}/ledger/settled.json`, 'utf8'));
  assert.is(settled.damage_through, Number(last));
});

audit.after(killAll);
audit.run();
