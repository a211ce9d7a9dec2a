/** Every command explains itself, and says by its exit code what became of it. */

import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { bundle, killAll, quickSim, run, scratch } from './programs.ts';

const help = feature('commands');

const TAPWAY = [
  '',
  'gate',
  'doctor',
  'ledger',
  'ledger export',
  'ledger verify',
  'ledger settle',
  'blacklist',
  'blacklist build',
  'blacklist sign',
  'blacklist import',
  'blacklist status',
  'blacklist check',
  'blacklist verify',
  'card',
  'card read',
  'config',
  'config check',
  'sam',
  'sam seal',
  'sam status',
  'decode',
];

help.test(
  'GIVEN --help on any command of tapway THEN exit 0 and an example',
  async () => {
    await together(TAPWAY, async (command) => {
      const { code, out } = await run(bundle(), [...words(command), '--help']);
      assert.is(code, 0, command);
      assert.match(out, new RegExp(`\\nExamples:\\n  tapway ${command}`), command);
    });
  },
  60_000,
);

help.test(
  'GIVEN --help on any command of tapway-sim THEN exit 0 and an example',
  async () => {
    for (const command of [
      '',
      'lane',
      'reader',
      'card',
      'psam',
      'hsm',
      'barrier',
      'printer',
      'keys',
    ]) {
      const { code, out } = await run(quickSim(), [...words(command), '--help']);
      assert.is(code, 0, command);
      assert.match(out, new RegExp(`\\nExamples:\\n  tapway-sim ?${command}`), command);
    }
  },
  60_000,
);

/** Arguments, and what standard error must say. */
const MISUSED: readonly [string, RegExp][] = [
  ['', /Usage: tapway/],
  ['ledgr', /unknown command 'ledgr'.*\n?.*Did you mean ledger|unknown command 'ledgr'/],
  ['ledger', /Usage: tapway ledger/],
  ['ledger check x', /unknown command 'check'/],
  ['gate', /required option '--config <file>'/],
  ['gate --config', /argument missing/],
  ['decode --confg 9000', /unknown option '--confg'/],
  ['ledger verify', /missing required argument 'dir'/],
  ['ledger verify a b', /too many arguments/],
  ['ledger export x --format xml', /Allowed choices are jsonl, csv/],
  ['config check', /missing required argument 'file'/],
  ['sam seal', /required option '--out <file>'/],
  ['decode', /missing required argument 'hex'/],
  ['decode 0', /hex digits, two each/],
  ['decode no', /hex digits, two each/],
  ['gate --config none.yaml', /^none\.yaml:1:1: the file does not exist/],
  ['doctor --config none.yaml', /^none\.yaml:1:1: the file does not exist/],
  ['ledger verify none', /^none: no ledger here; name a lane's data_dir/],
  ['ledger export package.json', /^package\.json: no ledger here/],
  ['sam seal --out x --in none.json', /ENOENT.*none\.json/],
];

help.test(
  'GIVEN a command used wrongly THEN exit 2, and standard error says how',
  async () => {
    await together(MISUSED, async ([line, expected]) => {
      const { code, out, err } = await run(bundle(), words(line));
      assert.equal([code, out], [2, ''], line);
      assert.match(err, expected, line);
    });
  },
  60_000,
);

const SIM_MISUSED: readonly [string, RegExp][] = [
  ['bogus', /no such command 'bogus'; there are reader, lane, kiosk,/],
  ['keys bogus', /too many arguments/],
  ['--bogus', /unknown option '--bogus'/],
  ['--port 70000', /a port from 0 \(any free one\) to 65535 is wanted/],
  ['--headless --taps many', /a whole number is wanted/],
  ['reader', /say --pty for a serial line, or --hid SERIAL/],
  ['reader --hid 1 --link x', /'--hid <serial>' cannot be used with option '--link <path>'/],
  ['reader --pty --card adult --person adult-3', /cannot be used with option '--card <id>'/],
  ['card --vpcd 1 --card adult --person adult-3', /cannot be used with option '--card <id>'/],
  ['printer --columns 40', /48, 42 or 32 is wanted/],
  ['printer --link /nope/x', /no link \/nope\/x: ENOENT.*--link/],
  ['barrier --link package.json', /package\.json exists and is no symbolic link/],
  ['hsm --cert /nope --key /nope', /--cert: ENOENT/],
  ['hsm --cert package.json --key package.json', /--cert and --key cannot be used/],
  ['world --story /nope', /--story \/nope: ENOENT/],
  ['world --story README.md', /--story README\.md: Unexpected/],
  ['reader --pty --card nobody', /no card nobody; there are adult,/],
  ['reader --pty --person nobody', /no person nobody; there are adult-3,/],
  ['reader --pty --person fine-2', /the card of fine-2 has contacts only/],
  ['card --vpcd 1 --person fine-2 --face contactless', /has no contactless face/],
  ['card --vpcd 1 --face both', /Allowed choices are contact, contactless/],
  ['hsm --fault none --cert x.pem', /TLS wants both --cert and --key/],
  ['reader --pty --link package.json', /package\.json exists and is no symbolic link/],
];

help.test(
  'GIVEN the simulator used wrongly THEN exit 2, and it says how',
  async () => {
    await together(SIM_MISUSED, async ([line, expected]) => {
      const { code, out, err } = await run(quickSim(), words(line));
      assert.equal([code, out], [2, ''], line);
      assert.match(err, expected, line);
    });
  },
  60_000,
);

help.test('GIVEN a wrong configuration THEN config check names file, line and column', async () => {
  const directory = scratch();
  const lane = `extends: shipped:lanes/flat.yaml\nlane:\n  kind: flatt\n  place: '1'\n`;
  writeFileSync(`${directory}/lane.yaml`, lane);
  const { code, out, err } = await run(bundle(), ['config', 'check', 'lane.yaml'], {
    cwd: directory,
  });
  assert.equal([code, out], [1, '']);
  assert.equal(
    err.split('\n').map((line) => line.slice(0, 30)),
    ['lane.yaml:3:9: lane.kind: "fla', 'lane.yaml:4:10: lane.place: "1', ''],
  );
});

help.test(
  'GIVEN a shipped lane THEN config check says what it is, from any directory',
  async () => {
    const directory = scratch();
    writeFileSync(`${directory}/lane.yaml`, 'extends: shipped:lanes/exit.yaml\n');
    const { code, out } = await run(bundle(), ['config', 'check', `${directory}/lane.yaml`], {
      cwd: '/',
    });
    assert.is(code, 0);
    assert.match(out, /lane\.yaml: good\. Lane X01 \(exit\) of 宁波 Ningbo; .*; SAM psam\.\n$/);
  },
);

help.test(
  'GIVEN the bundle THEN it tells its version and holds nothing of the simulator',
  async () => {
    const [file = ''] = bundle();
    const text = readFileSync(file, 'utf8');
    const version = JSON.parse(readFileSync('package.json', 'utf8')).version;
    assert.is((await run(bundle(), ['--version'], { cwd: scratch() })).out, `${version}\n`);
    for (const word of ['53494D2D504159', '0310439990', 'createVirtualPn532', 'sim/card/']) {
      assert.not(text.includes(word), word);
    }
  },
);

help.after(killAll);
help.run();

/** Three processes at a time. */
async function together<T>(cases: readonly T[], body: (each: T) => Promise<void>): Promise<void> {
  const waiting = cases.values();
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (const each of waiting) await body(each);
    }),
  );
}

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}
