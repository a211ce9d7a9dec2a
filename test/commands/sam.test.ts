/** `tapway sam seal|status` as an installer types it, and what must never be written anywhere. */

import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../config/schema.ts';
import { readKeyFile, readKeySet } from '../../controller/cli/key-file.ts';
import type { Io } from '../../controller/commands/io.ts';
import { samSeal, samStatus } from '../../controller/commands/sam.ts';
import { createSoftwareSam } from '../../controller/sam/software.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { inputOf, must, refusal } from '../controller/sam/input.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { feature } from '../kit/feature.ts';
import { bundle, killAll, run, scratch } from './programs.ts';

const sam = feature('tapway sam');

const PASSPHRASE = 'marked horse battery';
const ENV = { TAPWAY_SAM_PASSPHRASE: PASSPHRASE };
/** Without the variable of whoever runs the tests. */
const NO_PASSPHRASE = { TAPWAY_SAM_PASSPHRASE: '' };
const MARKED = {
  sm4: 'A3B5C7D9EBFD0F213355779911BBDDFF',
  '3des': 'C1D2E3F405162738495A6B7C8D9EAFB0',
};
const KEYS = {
  terminal: '332099000001',
  psam_serial: '33209900000000000001',
  keys: [
    { usage: 'purchase', algorithm: 'sm4', index: '41', version: '01', key: MARKED.sm4 },
    { usage: 'lock', algorithm: '3des', index: '01', version: '02', key: MARKED['3des'] },
  ],
};
/** By OpenSSL: 16 zeros with sm4-ecb, 8 with des-ede-ecb. */
const LINES = [
  'terminal 332099000001, PSAM serial 33209900000000000001',
  'purchase sm4  index 41 version 01 KCV 89DE73',
  'lock     3des index 01 version 02 KCV 2005A3',
];

interface Place {
  readonly file: string;
  readonly config: string;
}

async function sealed(): Promise<Place & { out: string }> {
  const directory = scratch();
  const file = `${directory}/sam.keys`;
  const config = `${directory}/lane.yaml`;
  writeFileSync(config, 'extends: shipped:lanes/flat.yaml\nsam: { kind: software }\n');
  const input = JSON.stringify(KEYS);
  const { code, out, err } = await run(bundle(), ['sam', 'seal', '--out', file], {
    env: ENV,
    input,
  });
  assert.equal([code, err], [0, '']);
  return { file, config, out };
}

function status(args: readonly string[], env: Readonly<Record<string, string>> = ENV) {
  return run(bundle(), ['sam', 'status', ...args], { env });
}

sam.test('WHEN a key file is sealed THEN it is on the disk before that is said', async () => {
  const directory = scratch();
  const spy = `${directory}/spy.mjs`;
  writeFileSync(
    spy,
    `import { readlinkSync } from 'node:fs';
     import { open } from 'node:fs/promises';
     const handle = await open('/dev/null');
     const { sync } = Object.getPrototypeOf(handle);
     Object.getPrototypeOf(handle).sync = function () {
       process.stdout.write('synced ' + readlinkSync('/proc/self/fd/' + this.fd) + '\\n');
       return sync.call(this);
     };
     await handle.close();`,
  );
  const file = `${directory}/sam.keys`;
  const { code, out } = await run(['--import', spy, ...bundle()], ['sam', 'seal', '--out', file], {
    env: ENV,
    input: JSON.stringify(KEYS),
  });
  assert.is(code, 0);
  const lines = out.split('\n').filter((line) => /synced|written/.test(line));
  assert.equal(lines.slice(0, 2), [`synced ${file}`, `synced ${directory}`]);
  assert.match(lines[2] ?? '', /written/);
});

sam.test(
  'GIVEN keys WHEN sealed THEN their KCVs are told, and the file is for its owner alone',
  async () => {
    const { file, out } = await sealed();
    for (const line of LINES) assert.match(out, line);
    assert.is(statSync(file).mode & 0o777, 0o600);
  },
  30_000,
);

sam.test(
  'GIVEN a sealed file THEN status shows its header, and with the passphrase proves it',
  async () => {
    const { file, config } = await sealed();
    for (const args of [
      ['--in', file],
      ['--config', config],
    ]) {
      const closed = await status(args, NO_PASSPHRASE);
      assert.equal([closed.code, closed.err], [0, '']);
      assert.match(closed.out, /^sealed key file, version 2, created \d{4}-\d{2}-\d{2}\n/);
      for (const line of LINES) assert.match(closed.out, line);
      assert.match(closed.out, 'not opened: only the passphrase, in TAPWAY_SAM_PASSPHRASE');

      const opened = await status(args);
      assert.equal([opened.code, opened.err], [0, '']);
      for (const line of LINES) assert.match(opened.out, line);
      assert.match(opened.out, 'opened: the passphrase fits');
      assert.not.match(opened.out, 'not opened');
    }
    const named = await status(['--in', file, '--passphrase-env', 'OTHER'], { OTHER: PASSPHRASE });
    assert.match(named.out, 'opened: the passphrase fits');
  },
  60_000,
);

/** What happened to the file, exit code, what is said. */
const TROUBLES: readonly [string, (place: Place) => void, RegExp][] = [
  ['one byte changed', ({ file }) => edit(file, (text) => text.replace('"41"', '"42"')), /damaged/],
  ['half of it', ({ file }) => edit(file, (text) => text.slice(0, 400)), /damaged \(check sum\)/],
  ['another file', ({ file }) => edit(file, () => 'hello'), /no sealed key file/],
  ['version 1', ({ file }) => edit(file, toVersion1), /version 1.*: seal the keys again/],
  [
    'an open door',
    ({ file }) => chmodSync(file, 0o640),
    /others may read.*: chmod 600 .*sam\.keys/,
  ],
];
for (const [name, happen, says] of TROUBLES) {
  sam.test(
    `GIVEN ${name} THEN status, doctor and gate refuse it, each saying why`,
    async () => {
      const place = await sealed();
      happen(place);
      const told = await status(['--in', place.file]);
      assert.equal([told.code, told.out], [1, '']);
      assert.match(told.err, says);
      const unopened = await status(['--in', place.file], NO_PASSPHRASE);
      assert.equal([unopened.code, unopened.err], [1, told.err]);
      const gate = await run(bundle(), ['gate', '--config', place.config], { env: ENV });
      assert.is(gate.code, 2);
      assert.match(gate.err, says);
      const doctor = await run(bundle(), ['doctor', '--config', place.config], { env: ENV });
      assert.is(doctor.code, 1);
      assert.match(doctor.out.replaceAll(/\n +cure/g, ''), says);
    },
    30_000,
  );
}

sam.test(
  'GIVEN a wrong passphrase THEN exit 1; GIVEN no file or no question THEN exit 2',
  async () => {
    const { file, config } = await sealed();
    writeFileSync(config, 'extends: shipped:lanes/flat.yaml\nsam: { kind: psam }\n');
    const wrong = { TAPWAY_SAM_PASSPHRASE: 'not the right one' };
    const table: readonly [string[], number, RegExp][] = [
      [['--in', file], 1, /sam\.keys: wrong passphrase, or somebody changed/],
      [['--in', `${file}x`], 2, /ENOENT.*tapway sam seal --in KEYS\.json --out/],
      [['--in', scratch()], 2, /EISDIR.*a file that tapway sam seal wrote/],
      [[], 2, /--in FILE.*--config FILE/],
      [['--in', file, '--config', config], 2, /cannot be used with/],
      [['--config', config], 2, /sam\.kind is psam: it has no key file/],
      [['--config', 'none.yaml'], 2, /none\.yaml:1:1: the file does not exist/],
    ];
    for (const [args, code, says] of table) {
      const told = await status(args, wrong);
      assert.equal([told.code, told.out], [code, ''], args.join(' '));
      assert.match(told.err, says);
    }
  },
  60_000,
);

sam.test('GIVEN a file of another user THEN only root may use it', async () => {
  const { file } = await sealed();
  const { uid } = statSync(file);
  for (const [runner, exposed] of [
    [uid, false],
    [0, false],
    [uid + 1, true],
  ] as const) {
    const exposure = await as(runner, async () => must(await readKeyFile(file)).exposure);
    assert.is(exposure !== null, exposed, `uid ${runner}`);
    if (exposed) assert.match(exposure ?? '', /belongs to another user: chown/);
  }
});

sam.test('WHEN a passphrase was read THEN no child process gets it', async () => {
  const { file } = await sealed();
  for (const use of [
    (io: Io) => samSeal(io, { json: JSON.stringify(KEYS), passphraseEnv: 'MARKED' }),
    (io: Io) => samStatus(io, { file, text: '', exposure: null, passphraseEnv: 'MARKED' }),
    (io: Io) => readKeySet(laneWith(file, 'MARKED'), io),
  ]) {
    process.env.MARKED = PASSPHRASE;
    assert.match(childEnvironment(), PASSPHRASE);
    await use(recorder(process.env).io);
    assert.not.match(childEnvironment(), PASSPHRASE);
  }
});

sam.test(
  'GIVEN marked keys WHEN used and misused THEN nothing that was written shows them',
  async () => {
    const { io, written } = recorder({});
    const seal = (json: string, passphrase = PASSPHRASE) => {
      io.env.P = passphrase;
      return samSeal(io, { json, passphraseEnv: 'P' });
    };
    const json = JSON.stringify(KEYS);
    seal(json.slice(0, -30));
    seal(json.replace('"01"', '"0"'));
    seal(json.replaceAll('purchase', 'load'));
    seal(json.replace(MARKED.sm4, `${MARKED.sm4}00`));
    seal(json, 'short');
    const done = seal(json);
    if (typeof done === 'number') throw new Error('not sealed');
    written.push(inspect(done));
    const file = `${scratch()}/sam.keys`;
    writeFileSync(file, done.text, { mode: 0o600 });
    for (const passphrase of ['', PASSPHRASE, `${PASSPHRASE}!`]) {
      io.env.P = passphrase;
      samStatus(io, { file, text: done.text, exposure: null, passphraseEnv: 'P' });
    }

    const config = laneWith(file, 'P');
    io.env.P = `${PASSPHRASE}!`;
    written.push(refusal(await readKeySet(config, io)));
    io.env.P = PASSPHRASE;
    const keySet = must(await readKeySet(config, io));
    const lane = createSoftwareSam({
      keySet,
      algorithms: { '00': '3des', '04': 'sm4' },
      sessionMode: 'complement',
      firstTermSeq: 1,
      lockKeyVersion: '02',
    });
    const look = (thing: unknown) =>
      written.push(
        inspect(thing, { depth: null, showHidden: true, getters: true }),
        JSON.stringify(thing) ?? '',
      );
    const use = async () => {
      const { cardFactor, issuerFactor } = inputOf(0x04);
      for (const reply of [
        await lane.start(),
        await lane.initPurchase(inputOf(0x04)),
        await lane.initPurchase(inputOf(0x00)),
        await lane.initPurchase(inputOf(0x04, { keyVersion: 9 })),
        await lane.creditPurchase(Buffer.alloc(4)),
        await lane.blockMac(Buffer.alloc(4), cardFactor, issuerFactor),
      ]) {
        look(reply);
      }
      await lane.initPurchase(inputOf(0x04, { cardFactor: Buffer.alloc(3) })).catch(look);
      look(lane);
      look(keySet);
    };
    await use();
    await lane.close();
    await use();
    assert.ok(keySet.keys.every(({ key }) => key.equals(Buffer.alloc(16))));
    assert.ok(written.length > 20);
    for (const text of written) assert.equal(secretsIn(text), []);
    assert.equal(
      secretsIn(`x ${MARKED.sm4.slice(4, 20).toLowerCase()}`).length,
      1,
      'it would tell',
    );
  },
  30_000,
);

sam.after(killAll);
sam.run();

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

function toVersion1(text: string): string {
  return text.replace('"version": 2', '"version": 1');
}

async function as<T>(uid: number, work: () => Promise<T>): Promise<T> {
  const { getuid } = process;
  process.getuid = () => uid;
  try {
    return await work();
  } finally {
    process.getuid = getuid;
  }
}

function childEnvironment(): string {
  return spawnSync('env', { encoding: 'utf8' }).stdout;
}

function laneWith(key_file: string, passphrase_env: string): LaneConfig {
  return { sam: { key_file, passphrase_env } } as LaneConfig;
}

function recorder(env: NodeJS.ProcessEnv): { io: Io; written: string[] } {
  const written: string[] = [];
  const record = (text: string) => void written.push(text);
  const write = async (text: string) => record(text);
  const clock = createFakeClock();
  return { io: { out: record, err: record, write, env, disk: systemDisk, clock }, written };
}

/** Any 6 bytes of a key, in hex, in decimal, in base64 or raw; and the passphrase. */
function secretsIn(text: string): string[] {
  const hex = text.replace(/[\s:,]|0x/g, '').toUpperCase();
  const decimal = text.replace(/\s/g, '');
  const found = text.includes(PASSPHRASE) ? ['the passphrase'] : [];
  for (const [name, key] of Object.entries(MARKED)) {
    const raw = Buffer.from(key, 'hex');
    for (let at = 0; at + 6 <= raw.length; at += 1) {
      const part = raw.subarray(at, at + 6);
      const shown =
        hex.includes(part.toString('hex').toUpperCase()) ||
        decimal.includes([...part].join(',')) ||
        text.includes(part.toString('latin1')) ||
        text.includes(
          raw
            .subarray(at - (at % 3))
            .toString('base64')
            .slice(0, 8),
        );
      if (shown) return [...found, `${name} key at byte ${at}: ${text}`];
    }
  }
  return found;
}
