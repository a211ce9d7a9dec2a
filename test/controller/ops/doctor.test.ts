/** `tapway doctor`: each finding with its cure, on boards that lack one thing each. */

import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../config/load.ts';
import type { LaneConfig } from '../../../config/schema.ts';
import { type Board, examine } from '../../../controller/ops/doctor.ts';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { bundle, killAll, quickSim, run, scratch, start } from '../../commands/programs.ts';
import { feature } from '../../kit/feature.ts';

const doctor = feature('doctor');

const LANE = `extends: shipped:lanes/flat.yaml
data_dir: /data
reader: { path: /dev/reader }
sam: { kind: software, key_file: /keys }
`;

const config = configOf('software');
const DEVICE = {
  exists: true,
  accessible: true,
  heldBy: [],
  latency_ms: null,
  latencyFile: null,
  power: null,
  powerFile: null,
};

/** A board on which nothing is wrong, but for what differs. */
function boardWith(differs: Partial<Board>): Board {
  return {
    nodeVersion: 'v20.11.0',
    wall_ms: Date.UTC(2026, 6, 1),
    libraries: async () => [{ name: 'serialport', ok: true, detail: 'native part loads' }],
    kernelModules: async () => ['ftdi_sio', 'usbserial'],
    serialDevice: async () => DEVICE,
    file: async () => ({ exists: true, mode: 0o600 }),
    directory: async () => ({ nearest: '/data', writable: true, free_bytes: 2 ** 30 }),
    hasVariable: () => true,
    readerFirmware: async () => ok('PN532 1.6'),
    keySet: async () => ok(undefined),
    ...differs,
  };
}

function device(differs: Partial<Awaited<ReturnType<Board['serialDevice']>>>): Partial<Board> {
  return { serialDevice: async () => ({ ...DEVICE, ...differs }) };
}

function library(name: string): Partial<Board> {
  return { libraries: async () => [{ name, ok: false, detail: 'no native build' }] };
}

doctor.test('GIVEN a board on which nothing is wrong THEN every finding is good', async () => {
  const findings = await examine(boardWith({}), config);
  assert.equal(
    findings.filter(({ level, cure }) => level !== 'good' || cure !== undefined),
    [],
  );
  assert.match(findings.map(({ what }) => what).join('\n'), /the reader answers: PN532 1\.6/);
});

/** What differs, level, what is said, cure. */
const FINDINGS: readonly [string, Partial<Board>, 'warning' | 'bad', RegExp, RegExp][] = [
  ['an old Node', { nodeVersion: 'v18.19.1' }, 'bad', /v18\.19\.1 is too old/, /Node 20/],
  ['a clock of 1970', { wall_ms: 0 }, 'bad', /1970-01-01.*refused by date/, /timedatectl set-ntp/],
  ['no serialport', library('serialport'), 'bad', /serialport: no native build/, /^npm ci$/],
  ['no pcsclite', library('pcsclite'), 'warning', /pcsclite/, /only if.*libpcsclite-dev/],
  ['no node-hid', library('node-hid'), 'warning', /node-hid/, /only if.*libusb/],
  [
    'a rival driver',
    { kernelModules: async () => ['pn533_usb', 'pn533'] },
    'bad',
    /pn533_usb pn533 may hold/,
    /^rmmod pn533_usb pn533; and blacklist/,
  ],
  ['no reader', device({ exists: false }), 'bad', /\/dev\/reader does not exist/, /plug.*dmesg/],
  ['no rights', device({ accessible: false }), 'bad', /may not be opened/, /usermod -aG dialout/],
  ['a held reader', device({ heldBy: ['node (7)'] }), 'bad', /held by node \(7\)/, /stop that/],
  [
    'a slow USB adapter',
    device({ latency_ms: 16, latencyFile: '/sys/timer' }),
    'warning',
    /16 ms per answer/,
    /^echo 1 > \/sys\/timer;/,
  ],
  [
    'autosuspend',
    device({ power: 'auto', powerFile: '/sys/control' }),
    'warning',
    /autosuspend/,
    /^echo on > \/sys\/control;/,
  ],
  [
    'a mute reader',
    { readerFirmware: async () => failed('chip-mute', 'none', 'no answer') },
    'bad',
    /does not answer: no answer/,
    /power, cable and baud/,
  ],
  [
    'no key file',
    { file: async () => ({ exists: false, mode: 0 }) },
    'bad',
    /\/keys does not exist/,
    /tapway sam seal --in KEYS\.json --out \/keys/,
  ],
  [
    'an open key file',
    { file: async () => ({ exists: true, mode: 0o644 }) },
    'bad',
    /others may read \/keys/,
    /^chmod 600 \/keys$/,
  ],
  ['no passphrase', { hasVariable: () => false }, 'bad', /PASSPHRASE is not set/, /service/],
  [
    'a wrong passphrase',
    { keySet: async () => failed('sam-keys', 'none', 'wrong passphrase') },
    'bad',
    /wrong passphrase/,
    /mend TAPWAY_SAM_PASSPHRASE/,
  ],
  [
    'a foreign data directory',
    { directory: async () => ({ nearest: '/', writable: false, free_bytes: 2 ** 30 }) },
    'bad',
    /\/data: \/ may not be written/,
    /mkdir -p \/data; chown/,
  ],
  [
    'a full disk',
    { directory: async () => ({ nearest: '/data', writable: true, free_bytes: 2 ** 20 }) },
    'bad',
    /only 1 MiB free/,
    /512 MiB/,
  ],
];

for (const [name, differs, level, what, cure] of FINDINGS)
  doctor.test(`GIVEN ${name} THEN one finding is ${level} and says how to mend it`, async () => {
    const findings = await examine(boardWith(differs), config);
    const [found, ...others] = findings.filter((finding) => finding.level !== 'good');
    assert.equal([found?.level, others], [level, []]);
    assert.match(found?.what ?? '', what);
    assert.match(found?.cure ?? '', cure);
  });

doctor.test('GIVEN a PSAM lane THEN it says that this version has no driver for it', async () => {
  const findings = await examine(boardWith({}), configOf('psam'));
  assert.equal(
    findings.filter(({ level }) => level === 'bad').map(({ cure }) => cure),
    ['set sam.kind: software for a pilot'],
  );
});

doctor.test('GIVEN no configuration THEN nothing of a lane is asked for', async () => {
  const never = () => Promise.reject(new Error('asked for'));
  const board = { serialDevice: never, file: never, directory: never, keySet: never };
  const findings = await examine(boardWith({ ...board, ...library('serialport') }), null);
  assert.equal(
    findings.map(({ level }) => level),
    ['good', 'good', 'warning', 'good'],
  );
});

const PASSPHRASE = { TAPWAY_SAM_PASSPHRASE: 'only for this test' };

doctor.test(
  'GIVEN this machine and a lane WHEN the reader comes THEN exit 1 becomes exit 0',
  async () => {
    const directory = scratch();
    const file = `${directory}/lane.yaml`;
    const reader = `${directory}/reader`;
    writeFileSync(
      file,
      `extends: shipped:lanes/flat.yaml\nreader: { path: ${reader} }\nsam: { kind: software }\n`,
    );
    const { out: input } = await run(quickSim(), ['keys']);
    const seal = ['sam', 'seal', '--out', `${directory}/sam.keys`];
    assert.is((await run(bundle(), seal, { env: PASSPHRASE, input })).code, 0);
    const look = () => run(bundle(), ['doctor', '--config', file], { env: PASSPHRASE });

    const without = await look();
    assert.is(without.code, 1);
    assert.match(
      without.out,
      `bad      ${reader} does not exist\n         cure: plug the reader in`,
    );

    const chip = start(quickSim(), ['reader', '--pty', '--link', reader]);
    await chip.until(/\/reader\n/);
    const withIt = await look();
    assert.is(withIt.code, 0, withIt.out);
    assert.match(withIt.out, /good {5}the reader answers: PN532/);
    assert.match(withIt.out, /good {5}key file \S+ opens with TAPWAY_SAM_PASSPHRASE/);
    chip.kill('SIGTERM');
    assert.is((await chip.ended).code, 0);
  },
  30_000,
);

doctor.test('GIVEN a wrong configuration THEN exit 2 and the place in the file', async () => {
  const file = `${scratch()}/lane.yaml`;
  writeFileSync(file, 'extends: shipped:lanes/flat.yaml\nlane: { kind: flatt }\n');
  const { code, out, err } = await run(bundle(), ['doctor', '--config', file]);
  assert.equal([code, out], [2, '']);
  assert.match(err, /lane\.yaml:2:15: lane\.kind/);
});

doctor.after(killAll);
doctor.run();

function configOf(kind: 'software' | 'psam'): LaneConfig {
  const file = `${scratch()}/lane.yaml`;
  writeFileSync(file, LANE.replace('software', kind));
  const loaded = loadConfig(file, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}
