/** `tapway doctor`: each finding with its cure, on boards that lack one thing each. */

import * as assert from 'uvu/assert';
import { examine } from '../../../controller/ops/doctor.ts';
import type { Board } from '../../../controller/ops/finding.ts';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import {
  boardWith,
  configOf,
  DEVICE,
  hid,
  type Kind,
  library,
  modules,
  serial,
  slots,
  usb,
} from './boards.ts';

const doctor = feature('doctor');

const GOOD: readonly [Kind, RegExp][] = [
  ['serial', /\/dev\/reader exists and may be opened\nthe reader answers: PN532 1\.6/],
  ['hid', /\/dev\/hidraw0 exists and may be opened\nthe reader answers: PN532 1\.6/],
  ['pcsc', /reader\.name: 'ACS ACR1281 PICC 00 00'\nthe reader answers: PN532 1\.6/],
  ['psam', /sam\.slot: 'ACS ACR1281 SAM 00 01'\nthe PSAM answers to reset: 3b68/],
  ['modbus', /\/dev\/board exists and may be opened\nthe barrier board answers: unit 1/],
];

for (const [kind, says] of GOOD)
  doctor.test(`GIVEN a board with nothing wrong, ${kind} THEN every finding is good`, async () => {
    const findings = await examine(boardWith({}), configOf(kind));
    assert.equal(
      findings.filter(({ level, cure }) => level !== 'good' || cure !== undefined),
      [],
    );
    assert.match(findings.map(({ what }) => what).join('\n'), says);
  });

type Row = readonly [string, Kind, Partial<Board>, 'warning' | 'bad', RegExp, RegExp];
const MUTE = failed('chip-mute', 'none', 'no answer');

/** The lane, what differs, level, what is said, cure. */
const OF_EVERY_BOARD: readonly Row[] = [
  ['an old Node', 'serial', { nodeVersion: 'v18.19.1' }, 'bad', /v18\.19\.1 is too old/, /Node 20/],
  [
    'a clock of 1970',
    'serial',
    { wall_ms: 0 },
    'bad',
    /1970-01-01.*by date/,
    /timedatectl set-ntp/,
  ],
  [
    ...(['a clock that nobody set', 'serial'] as const),
    { clockSynchronised: async () => false },
    ...(['warning', /compared with no time server yet/, /timedatectl set-ntp/] as const),
  ],
  ['root', 'serial', { isRoot: true }, 'warning', /root may open everything/, /runuser -u tapway/],
  ['no serialport', 'serial', library('serialport'), 'bad', /no native build/, /^npm ci$/],
  ['no serialport, HID', 'hid', library('serialport'), 'warning', /serialport/, /^only if/],
  ['no serialport, Modbus', 'modbus', library('serialport'), 'bad', /serialport/, /^npm ci$/],
  ['no modbus-serial', 'modbus', library('modbus-serial'), 'bad', /modbus-serial/, /^npm ci$/],
  ['no modbus-serial, a post', 'hid', library('modbus-serial'), 'warning', /modbus/, /^only if/],
  ['no node-hid', 'hid', library('node-hid'), 'bad', /node-hid/, /^apt-get install libusb-1\.0-0/],
  ['no node-hid, serial', 'serial', library('node-hid'), 'warning', /node-hid/, /only if.*libusb/],
  [
    'no pcsclite',
    'psam',
    library('pcsclite'),
    'bad',
    /pcsclite/,
    /^apt-get install libpcsclite-dev/,
  ],
  [
    'no pcsclite, serial',
    'serial',
    library('pcsclite'),
    'warning',
    /pcsclite/,
    /only if.*-dev g\+\+/,
  ],
  ['no level', 'serial', library('level'), 'bad', /level: no native build/, /^npm ci$/],
  [
    ...(['a rival driver', 'pcsc', modules('pn533_usb', 'pn533'), 'bad'] as const),
    ...([/pn533_usb pn533 may hold/, /^rmmod pn533_usb pn533;.*modprobe\.conf/] as const),
  ],
  [
    ...(['a rival driver, serial', 'serial', modules('pn533_usb'), 'warning'] as const),
    ...([/pn533_usb is loaded/, /^rmmod pn533_usb/] as const),
  ],
  ['a serial rival', 'serial', modules('pn532_uart'), 'bad', /pn532_uart may/, /^rmmod pn532_uart/],
  ['hid_mcp2221', 'hid', modules('hid_mcp2221'), 'warning', /hid_mcp2221 is loaded/, /^rmmod/],
];

const OF_DEVICES: readonly Row[] = [
  ['no reader', 'serial', serial({ exists: false }), 'bad', /reader does not exist/, /plug.*dmesg/],
  [
    ...(['no rights', 'serial', serial({ accessible: false }), 'bad'] as const),
    ...([/may not be opened/, /^usermod -aG dialout tapway/] as const),
  ],
  [
    ...(['no rights on HID', 'hid', hid({ accessible: false, group: null }), 'bad'] as const),
    ...([/\/dev\/hidraw0 may not be opened/, /99-tapway\.rules.*udevadm trigger/] as const),
  ],
  [
    'a held reader',
    'serial',
    serial({ heldBy: ['node (7)'] }),
    'bad',
    /by node \(7\)/,
    /stop that/,
  ],
  ['a held bridge', 'hid', hid({ heldBy: ['node (7)'] }), 'bad', /by node \(7\)/, /stop that/],
  [
    ...(['a slow USB adapter', 'serial'] as const),
    serial({ latency_ms: 16, latencyFile: '/sys/timer' }),
    ...(['warning', /16 ms per answer/, /^echo 1 > \/sys\/timer;.*99-tapway\.rules/] as const),
  ],
  [
    ...(['autosuspend', 'serial'] as const),
    serial({ power: 'auto', powerFile: '/sys/control' }),
    ...(['warning', /autosuspend/, /^echo on > \/sys\/control;.*99-tapway\.rules/] as const),
  ],
  [
    ...(['autosuspend of a bridge', 'hid'] as const),
    hid({ power: 'auto', powerFile: '/sys/control' }),
    ...(['warning', /hidraw0.*autosuspend/, /^echo on > \/sys\/control/] as const),
  ],
  [
    ...(['a mute reader', 'serial', { readerFirmware: async () => MUTE }, 'bad'] as const),
    ...([/does not answer: no answer/, /power, cable, the HSU jumpers/] as const),
  ],
  [
    ...(['a mute HID reader', 'hid', { readerFirmware: async () => MUTE }, 'bad'] as const),
    ...([/does not answer: no answer/, /wires between CP2110 and PN532/] as const),
  ],
  [
    ...(['no bridge, or several', 'hid'] as const),
    { hidBridge: async () => failed('link-absent', 'none', '2 bridges fit: …') },
    ...(['bad', /^2 bridges fit/, /plug the reader in, or set reader\.usb\.serial/] as const),
  ],
  [
    ...(['a bridge that a driver holds', 'hid'] as const),
    {
      hidBridge: async () => failed('link-absent', 'none', 'no CP2110'),
      ...usb({ id: '10c4:ea80', interfaces: [{ class: '03', driver: 'other' }] }),
    },
    ...(['bad', /CP2110 is held by kernel driver other/, /^rmmod other$/] as const),
  ],
  [
    ...(['no barrier board', 'modbus'] as const),
    { serialDevice: async (path: string) => ({ ...DEVICE, exists: path !== '/dev/board' }) },
    ...(['bad', /^\/dev\/board does not exist/, /plug it in/] as const),
  ],
  [
    ...(['a mute barrier board', 'modbus', { barrierAnswer: async () => MUTE }, 'bad'] as const),
    ...([/barrier board does not answer: no answer/, /A and B, barrier\.baud/] as const),
  ],
  ['one line for two', 'oneLine', {}, 'bad', /are both \/dev\/reader/, /each its own line/],
  [
    ...(['a far reader that is not there', 'bothEnds'] as const),
    { serialDevice: async (path: string) => ({ ...DEVICE, exists: path !== '/dev/far' }) },
    ...(['bad', /^far reader: \/dev\/far does not exist/, /plug it in/] as const),
  ],
  ['a simulated barrier', 'simulated', {}, 'warning', /no leaves here/, /barrier\.kind: modbus/],
];

const OF_SLOTS: readonly Row[] = [
  [
    ...(['no pcscd', 'psam'] as const),
    { pcscReaders: async () => failed('link-absent', 'none', 'pcscd is not running') },
    ...(['bad', /PC\/SC: pcscd is not running/, /systemctl enable --now pcscd\.socket/] as const),
  ],
  ['no reader at all', 'psam', slots(), 'bad', /pcscd sees no reader/, /plug it in;.*libccid/],
  [
    'another slot',
    'psam',
    slots('X 0'),
    'bad',
    /sam\.slot '\* SAM\*' fits none of 'X 0'/,
    /sam\.slot/,
  ],
  ['another reader', 'pcsc', slots('X 0'), 'bad', /reader\.name .* fits none/, /pcsc_scan -r/],
  [
    'two slots',
    'psam',
    slots('A SAM 0', 'A SAM 1'),
    'bad',
    /fits 'A SAM 0', 'A SAM 1'/,
    /\* and \?/,
  ],
  [
    ...(['one slot for two', 'both', slots('ACS PICC 0'), 'bad'] as const),
    ...([/reader\.name and sam\.slot both mean 'ACS PICC 0'/, /its own slot/] as const),
  ],
  [
    ...(['one slot for both ends', 'bothEndsOneSlot', slots('ACS 1 PICC 0'), 'bad'] as const),
    ...([/reader\.name and far_reader\.name both mean 'ACS 1 PICC 0'/, /its own slot/] as const),
  ],
  ['a mute PSAM', 'psam', { samAnswer: async () => MUTE }, 'bad', /PSAM does not answer/, /^seat/],
  [
    'a mute PC/SC reader',
    'pcsc',
    { readerFirmware: async () => MUTE },
    'bad',
    /not answer/,
    /pcscd$/,
  ],
  [
    ...(['a card reader that may sleep', 'psam', usb({ power: 'auto' }), 'warning'] as const),
    ...([/072f:2200 at 1-1\.3: .*autosuspend/, /^echo on > \/sys\/control/] as const),
  ],
  [
    ...(['a card reader that the kernel holds', 'psam'] as const),
    usb({ interfaces: [{ class: '0b', driver: 'pn533_usb' }] }),
    ...([
      'bad',
      /072f:2200 at 1-1\.3 is held by kernel driver pn533_usb/,
      /^rmmod pn533_usb/,
    ] as const),
  ],
];

const OF_STORES: readonly Row[] = [
  [
    ...(['no key file', 'serial', { file: async () => ({ exists: false, mode: 0 }) }] as const),
    ...(['bad', /\/keys does not exist/, /sam seal --in KEYS\.json --out \/keys/] as const),
  ],
  [
    ...(['an open key file', 'serial'] as const),
    { file: async (path: string) => ({ exists: path === '/keys', mode: 0o644 }) },
    ...(['bad', /others may read or change \/keys/, /^chmod 600 \/keys$/] as const),
  ],
  [
    ...(['no passphrase', 'serial', { hasVariable: () => false }, 'bad'] as const),
    ...([/PASSPHRASE is not set/, /service/] as const),
  ],
  [
    ...(['a wrong passphrase', 'serial'] as const),
    { keySet: async () => failed('sam-keys', 'none', 'wrong passphrase') },
    ...(['bad', /wrong passphrase/, /mend TAPWAY_SAM_PASSPHRASE/] as const),
  ],
  [
    'no trusted keys',
    'untrusting',
    {},
    'warning',
    /trusted_keys is empty/,
    /blacklist sign printed/,
  ],
  [
    ...(['no list', 'serial', { blacklist: async () => ok(null) }, 'warning'] as const),
    ...([/no blacklist was ever imported/, /tapway blacklist import FILE/] as const),
  ],
  [
    ...(['no list, strict', 'strict', { blacklist: async () => ok(null) }, 'bad'] as const),
    ...([/no blacklist was ever imported/, /tapway blacklist import FILE/] as const),
  ],
  [
    ...(['a stale list', 'serial'] as const),
    { blacklist: async () => ok({ version: 42, age_hours: 80 }) },
    ...(['warning', /blacklist 42, issued 80 hours ago: stale after 72/, /of the day/] as const),
  ],
  [
    ...(['a stale list, strict', 'strict'] as const),
    { blacklist: async () => ok({ version: 42, age_hours: 80 }) },
    ...(['bad', /stale after 72/, /of the day/] as const),
  ],
  [
    ...(['a damaged list', 'serial'] as const),
    { blacklist: async () => failed('blacklist-unreadable', 'none', 'check sum') },
    ...(['bad', /blacklist damaged: check sum/, /blacklist import/] as const),
  ],
  [
    ...(['a foreign data directory', 'serial'] as const),
    { directory: async () => ({ nearest: '/', writable: false, free_bytes: 2 ** 30 }) },
    ...(['bad', /\/data: \/ may not be written/, /mkdir -p \/data; chown/] as const),
  ],
  [
    ...(['a full disk', 'serial'] as const),
    { directory: async () => ({ nearest: '/data', writable: true, free_bytes: 2 ** 20 }) },
    ...(['bad', /only 1 MiB free/, /512 MiB/] as const),
  ],
  [
    ...(['a foreign index', 'serial'] as const),
    {
      file: async () => ({ exists: true, mode: 0o600 }),
      directory: async (path: string) => ({
        ...{ nearest: path, writable: !path.endsWith('/index'), free_bytes: 2 ** 30 },
      }),
    },
    ...(['warning', /ledger\/index may not be written/, /rm -r \/data\/ledger\/index/] as const),
  ],
  [
    ...(['an index left open', 'serial', { indexLeftOpen: async () => true }, 'warning'] as const),
    ...([/in use when its process ended/, /next start builds \/data\/ledger\/index/] as const),
  ],
];

for (const rows of [OF_EVERY_BOARD, OF_DEVICES, OF_SLOTS, OF_STORES])
  for (const [name, kind, differs, level, what, cure] of rows)
    doctor.test(`GIVEN ${name} THEN one finding is ${level} and says how to mend it`, async () => {
      const findings = await examine(boardWith(differs), configOf(kind));
      const [found, ...others] = findings.filter((finding) => finding.level !== 'good');
      assert.equal([found?.level, others], [level, []]);
      assert.match(found?.what ?? '', what);
      assert.match(found?.cure ?? '', cure);
    });

doctor.test('GIVEN no trusted keys in production THEN that is bad', async () => {
  const production = { ...configOf('untrusting'), production: true };
  const findings = await examine(boardWith({}), production);
  assert.equal(
    findings.filter(({ level }) => level !== 'good').map(({ level }) => level),
    ['bad'],
  );
});

doctor.test('GIVEN a barrier board that answers late once THEN it is asked again', async () => {
  const answers = [MUTE, ok('unit 1 at 19200 baud')];
  const late = { barrierAnswer: async () => answers.shift() ?? MUTE };
  const findings = await examine(boardWith(late), configOf('modbus'));
  assert.ok(findings.every(({ level }) => level === 'good'));
});

doctor.test('GIVEN a reader that answers late once THEN it is asked again', async () => {
  const answers = [MUTE, ok('PN532 1.6')];
  const late = { readerFirmware: async () => answers.shift() ?? MUTE };
  const findings = await examine(boardWith(late), configOf('serial'));
  assert.ok(findings.every(({ level }) => level === 'good'));
});

doctor.test('GIVEN no configuration THEN nothing of a lane is asked for', async () => {
  const never = () => Promise.reject(new Error('asked for'));
  const eyes = { serialDevice: never, file: never, directory: never, keySet: never };
  const others = { usbDevices: never, hidBridge: never, blacklist: never };
  const findings = await examine(
    boardWith({ ...eyes, ...others, ...library('serialport'), isRoot: true }),
    null,
  );
  assert.equal(
    findings.map(({ level }) => level),
    ['good', 'good', 'warning', 'good', 'good'],
  );
});

doctor.test('GIVEN no configuration and no pcscd THEN that is a hint with its cure', async () => {
  const fault = failed('link-absent', 'none', 'no list of readers: pcscd is not running');
  const findings = await examine(boardWith({ pcscReaders: async () => fault }), null);
  const [hint, ...others] = findings.filter(({ level }) => level !== 'good');
  assert.equal([hint?.level, others], ['warning', []]);
  assert.match(hint?.what ?? '', /^PC\/SC: no list of readers: pcscd is not running$/);
  assert.match(hint?.cure ?? '', /^only if you need it: apt-get install pcscd/);
});

doctor.run();
