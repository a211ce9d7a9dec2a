/** An operator with the lists of a lane: import, status, check, verify; and what ships. */

import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  blacklistCheck,
  blacklistImport,
  blacklistStatus,
  blacklistVerify,
  type Lane,
} from '../../controller/commands/blacklist.ts';
import type { ExitCode, Io } from '../../controller/commands/io.ts';
import { runLane } from '../../controller/gate-main.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import type { Disk } from '../../firmware-bridge/ports.ts';
import { card, Place, range, STRANGER, TRUST } from '../controller/blacklist/lane-lists.ts';
import { laneConfig } from '../controller/gate/tap/bench.ts';
import { feature } from '../kit/feature.ts';
import { bundle, killAll, quickSim, run, scratch } from './programs.ts';

const operator = feature('blacklist commands');
const places: Place[] = [];
operator.after(async () => {
  for (const each of places) await each.leave();
  killAll();
});

const KEY = (TRUST[0]?.point ?? Buffer.alloc(0)).toString('hex').toUpperCase();
const LISTS: Lane['lists'] = {
  ...{ trusted_keys: [KEY], max_age_hours: 72, scrub_minutes: 60, exact_max: 1_000 },
  ...{ when_stale: 'degraded', when_unreadable: 'close' },
};

function lane(changes: { trusted_keys?: string[]; exact_max?: number } = {}) {
  const at = new Place();
  places.push(at);
  const said: string[] = [];
  const io: Io = {
    out: (line) => void said.push(line),
    err: (line) => void said.push(`ERR ${line}`),
    write: async () => {},
    env: {},
    disk: systemDisk,
    clock: systemClock,
  };
  const config = { data_dir: at.root, lists: { ...LISTS, trusted_keys: [KEY], ...changes } };
  const tell = async (work: () => Promise<ExitCode>) => {
    said.length = 0;
    return `${await work()}\n${said.join('\n')}`;
  };
  return {
    at,
    io,
    config,
    damage: (name: string) => at.damage(`blacklist/${name}`, 190),
    bring: (file: string, replace?: boolean) =>
      tell(() => blacklistImport(io, file, { ...config, replace })),
    status: () => tell(() => blacklistStatus(io, config)),
    check: (serial: string) => tell(() => blacklistCheck(io, serial, config)),
    verify: () => tell(() => blacklistVerify(io, config)),
  };
}

operator.test('GIVEN a signed list THEN import, status, check and verify tell of it', async () => {
  const { at, bring, status, check, verify } = lane();
  const file = await at.issue({ version: 5, cards: range(1, 10) });
  assert.match(await bring(file), /^0\nblacklist 5 is in force: 9 entries, in memory\n9 entries/);
  assert.match(await bring(file), /^0\nblacklist 5 was already in force/);
  const [code, head, issued, signer, files, before, issuers] = (await status()).split('\n');
  assert.equal([code, head], ['0', 'blacklist: version 5, 9 entries']);
  assert.match(issued ?? '', /^ {2}issued 20\S+Z, 1\.0 hours ago$/);
  assert.match(signer ?? '', /^ {2}signed by key [0-9a-f]{16}$/);
  assert.equal([files, before], ['  full-5.list, in memory', '  none before it']);
  assert.is(issuers, 'issuers: none was ever imported');
  assert.match(
    await check(card(3).toString('hex')),
    /^1\n0+3 is listed, by version 5: issuer-stop$/,
  );
  assert.match(await check(card(30).toString('hex')), /^0\n0+30 is clear, by version 5$/);
  assert.match(await verify(), /^0\nIN ORDER: blacklist version 5$/);
});

operator.test('GIVEN deltas and a store THEN they are told and looked through', async () => {
  const { at, bring, status, check, verify } = lane({ exact_max: 0 });
  const full = await at.issue({ version: 5, cards: range(1, 10) });
  await bring(full);
  await bring(await at.issue({ version: 6, cards: range(2, 12), deltaFrom: full }));
  assert.match(await status(), /full-5\.list \+ delta-6\.list, store-5\n {2}version 5, the one/);
  assert.match(await check(card(1).toString('hex')), /^0\n/);
  assert.match(await check(card(11).toString('hex')), /^1\n/);
  assert.match(await verify(), /^0\n/);
  at.damage('blacklist/store-5/pages', 3);
  assert.match(await verify(), /^1\nDAMAGED blacklist: .*store-5\/pages changed/);
  assert.match(await status(), /^1\nblacklist: NOT IN ORDER, .*store-5\/pages changed/);
});

operator.test('GIVEN the lists of issuers and cities THEN each goes to its own place', async () => {
  const { at, bring, status, verify } = lane();
  const cities = { version: 2, cards: [], list: 'cities', lines: ['3320'] } as const;
  assert.match(await bring(await at.issue(cities)), /^0\ncities 2 is in force: 1 entries/);
  assert.match(await status(), /^1\nblacklist: none was ever imported\n(.*\n)*cities: version 2/);
  assert.match(await verify(), /^0\nIN ORDER: cities version 2$/);
});

operator.test('GIVEN a list that may not come in THEN exit 2 and the old one stays', async () => {
  const { at, bring } = lane();
  const file = await at.issue({ version: 5, cards: [1], key: STRANGER.key });
  assert.match(await bring(file), /^2\nERR .*trusted_keys does not name; what was in force/);
  assert.match(await bring(join(at.root, 'none')), /^2\nERR .*none/);
  await bring(await at.issue({ version: 5, cards: [1] }));
  const older = await bring(await at.issue({ version: 4, cards: [1] }));
  assert.match(older, /^2\nERR .*no newer than 5.*; what was in force stays in force$/);
  assert.match(
    await lane({ trusted_keys: [] }).bring(file),
    /^2\nERR lists\.trusted_keys is empty/,
  );
});

operator.test('GIVEN a version mistyped too high THEN --replace takes a later list', async () => {
  const { at, bring, status } = lane();
  await bring(await at.issue({ version: 20261124, cards: [1], age: 2 }));
  const file = await at.issue({ version: 43, cards: [1], age: 1 });
  assert.match(await bring(file), /^2\nERR .*no newer than 20261124/);
  assert.match(await bring(file, true), /^0\nblacklist 43 is in force/);
  assert.match(await status(), /^0\nblacklist: version 43/);
  assert.match((await run(bundle(), ['blacklist', 'import', '--help'])).out, /--replace/);
});

operator.test('WHEN a list is imported THEN its file is read twice: verified, copied', async () => {
  const { at, io, config } = lane();
  const file = await at.issue({ version: 1, cards: range(1, 900) });
  let read_bytes = 0;
  const disk: Disk = {
    ...systemDisk,
    async open(path, mode) {
      const opened = await systemDisk.open(path, mode);
      return path !== file ? opened : { ...opened, read };
      async function read(offset: number, length: number, into?: Buffer) {
        const bytes = await opened.read(offset, length, into);
        read_bytes += bytes.length;
        return bytes;
      }
    },
  };
  assert.is(await blacklistImport({ ...io, disk }, file, config), 0);
  const { size } = statSync(file);
  assert.ok(read_bytes >= 2 * size && read_bytes < 2.5 * size, `${read_bytes} of ${size}`);
});

operator.test(
  'WHEN a signal comes while the keeper starts THEN the lane ends at once',
  async () => {
    const { at, io, config, bring } = lane({ exact_max: 0 });
    await bring(await at.issue({ version: 1, cards: [1] }));
    const seal = join(at.directory, 'blacklist', 'store-1', 'seal.json');
    rmSync(seal);
    execFileSync('mkfifo', [seal]);
    const never = () => {
      throw new Error('no device is opened any more');
    };
    const silent = () => {};
    // The keeper waits for ever to open its seal: nobody writes into that pipe.
    const stopped = new Promise<void>((resolve) => systemClock.setTimeout(resolve, 500));
    const shipped = laneConfig('flat');
    const ended = runLane({
      ...{ io, stopped },
      devices: { reader: never, farReader: never, samSlot: never, barrier: never },
      config: { ...shipped, ...config, sam: { ...shipped.sam, kind: 'psam' } },
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
    assert.is(await ended, 0);
  },
);

operator.test('GIVEN a stale or damaged list THEN status and verify exit 1', async () => {
  const { at, bring, status, verify, damage, check } = lane();
  assert.match(await verify(), /^2\nERR .*no list was ever imported/);
  await bring(await at.issue({ version: 1, cards: range(1, 20), age: 73 }));
  assert.match(await status(), /^1\nblacklist: version 1.*\n.* 73\.0 hours ago, STALE/);
  assert.match(await verify(), /^0\n/);
  damage('full-1.list');
  for (const told of [await status(), await verify(), await check(card(1).toString('hex'))]) {
    assert.match(told, /^1\n.*full-1\.list/);
  }
  writeFileSync(join(at.directory, 'blacklist', 'active.json'), '[]');
  for (const told of [await status(), await verify()]) assert.match(told, /^1\n.*garbled/);
});

operator.test('GIVEN a serial that is none THEN exit 2', async () => {
  assert.match(await lane().check('12'), /^2\nERR a card is named by .* 20 hex digits$/);
});

operator.test(
  'GIVEN the bundle THEN it imports into LevelDB, and a bundled lane asks its keeper',
  async () => {
    const data = scratch();
    const env = { TAPWAY__LISTS__EXACT_MAX: '0' };
    const taps = ['--headless', '--taps', '60', '--seed', '3', '--data', data];
    const { code, out, err } = await run(quickSim(), taps, { env });
    assert.equal([code, err], [0, '']);
    assert.match(out, /listed-(lost|superseded)/);
    assert.not.match(out, /unreadable/);
    assert.match((await run(bundle(), ['blacklist', '--help'])).out, /import/);
    rmSync(data, { recursive: true });
  },
  60_000,
);

operator.run();
