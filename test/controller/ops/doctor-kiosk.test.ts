/** `tapway doctor` of a kiosk: each finding with its cure, where one thing is wrong. */

import * as assert from 'uvu/assert';
import type { KioskConfig } from '../../../config/kiosk.ts';
import { shippedDirectory } from '../../../config/load.ts';
import { loadKiosk } from '../../../config/load-kiosk.ts';
import { examineKiosk } from '../../../controller/ops/doctor-kiosk.ts';
import type { KioskBoard } from '../../../controller/ops/finding.ts';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { boardWith, DEVICE, library, modules, slots, usb } from './boards.ts';

const doctor = feature('doctor of a kiosk');
const SLOTS = ['ACME Contact 00 00', 'ACME SAM 00 01', 'ACME Keys 00 02'];
const MUTE = failed('link-lost', 'none', 'no answer');

function shipped(): KioskConfig {
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

const BASE = shipped();
const PAD = BASE.contactless;
const SALE_SAM = BASE.sam;
if (!PAD || !SALE_SAM) throw new Error('the shipped kiosk has a pad and a till');

/** Everything that a kiosk can have, on every kind of wire. */
const WHOLE: KioskConfig = {
  ...BASE,
  data_dir: '/data',
  contact: { name: '*Contact*' },
  contactless: { ...PAD, kind: 'hid' },
  printer: { ...BASE.printer, kind: 'usb', path: '/dev/usb/lp0' },
  sam: { ...SALE_SAM, kind: 'psam', slot: '*SAM*' },
  ssc: { ...BASE.ssc, keys: 'psam-then-hsm', psam: { ...BASE.ssc.psam, slot: '*Keys*' } },
  lists: { ...BASE.lists, trusted_keys: [`04${'11'.repeat(64)}`] },
  maintenance: { code: 'scrypt$14$AA==$AA==' },
};
const onSerial: Partial<KioskConfig> = {
  contactless: { ...PAD, kind: 'serial', path: '/dev/pad' },
};
const softSam: Partial<KioskConfig> = {
  sam: { ...SALE_SAM, kind: 'software', key_file: '/keys' },
};
const serialPrinter: Partial<KioskConfig> = {
  printer: { ...WHOLE.printer, kind: 'serial', path: '/dev/lp' },
};

function board(differs: Partial<KioskBoard>): KioskBoard {
  return {
    ...boardWith({ pcscReaders: async () => ok(SLOTS) }),
    hasProgram: async () => true,
    hasChineseFont: async () => true,
    printerDevice: async () => DEVICE,
    printerState: async () => ok({ stopped: null, nearEnd: false }),
    hsmAnswer: async () => ok('connected to 192.0.2.7:8765'),
    ...differs,
  };
}

for (const [wires, differs, answers] of [
  ['HID', {}, /contactless: the reader answers: PN532/],
  ['serial lines', { ...onSerial, ...serialPrinter }, /contactless: \/dev\/pad exists/],
  ['a software SAM', softSam, /key file \/keys opens/],
] as const)
  doctor.test(
    `GIVEN a kiosk with ${wires} and nothing wrong THEN every finding is good`,
    async () => {
      const findings = await examineKiosk(board({}), { ...WHOLE, ...differs });
      assert.equal(
        findings.filter(({ level }) => level !== 'good'),
        [],
      );
      const said = findings.map(({ what }) => what).join('\n');
      assert.match(said, answers);
      assert.match(said, /contact\.name: 'ACME Contact 00 00'/);
      assert.match(said, /the PSAM answers to reset: 3b68/);
      assert.match(said, /printer: it answers, with paper in it/);
      assert.match(said, /HSM: connected to 192\.0\.2\.7:8765/);
    },
  );

interface Row {
  readonly given: string;
  readonly config?: Partial<KioskConfig>;
  readonly board?: Partial<KioskBoard>;
  readonly level: 'warning' | 'bad';
  readonly says: RegExp;
  readonly cure: RegExp;
}

function row(level: 'warning' | 'bad', given: string, rest: Omit<Row, 'given' | 'level'>): Row {
  return { level, given, ...rest };
}

const missing = async () => ({ ...DEVICE, exists: false });
const stopped = (why: string) => async () => ok({ stopped: why, nearEnd: false });

const OF_READERS: readonly Row[] = [
  row('bad', 'no pcscd', {
    board: { pcscReaders: async () => failed('link-absent', 'none', 'pcscd is not running') },
    ...{ says: /PC\/SC: pcscd is not running/, cure: /apt-get install pcscd/ },
  }),
  row('bad', 'no pcsclite', {
    board: library('pcsclite'),
    ...{ says: /pcsclite: no native build/, cure: /^apt-get install libpcsclite-dev/ },
  }),
  row('bad', 'no node-hid', {
    board: library('node-hid'),
    ...{ says: /node-hid: no native build/, cure: /^apt-get install libusb/ },
  }),
  row('bad', 'no serialport, and a serial printer', {
    ...{ config: serialPrinter, board: library('serialport') },
    ...{ says: /serialport: no native build/, cure: /^npm ci$/ },
  }),
  row('bad', 'another contact reader', {
    board: slots('Other', 'ACME SAM 00 01', 'ACME Keys 00 02'),
    ...{ says: /contact\.name '\*Contact\*' fits none of 'Other'/, cure: /pcsc_scan -r/ },
  }),
  row('bad', 'one slot for two', {
    ...{ config: { contact: { name: '*SAM*' } } },
    ...{ says: /contact\.name and sam\.slot both mean 'ACME SAM 00 01'/, cure: /its own slot/ },
  }),
  row('bad', 'a kernel driver that takes card readers', {
    board: modules('pn533_usb'),
    ...{ says: /pn533_usb may hold the reader/, cure: /^rmmod pn533_usb/ },
  }),
  row('bad', 'a card reader that the kernel holds', {
    board: usb({ interfaces: [{ class: '0b', driver: 'pn533_usb' }] }),
    ...{ says: /1-1\.3 is held by kernel driver pn533_usb/, cure: /^rmmod pn533_usb/ },
  }),
  row('warning', 'a card reader that may sleep', {
    board: usb({ power: 'auto' }),
    ...{ says: /1-1\.3: .*autosuspend/, cure: /^echo on > \/sys\/control/ },
  }),
  row('bad', 'no bridge for the pad', {
    board: { hidBridge: async () => failed('link-absent', 'none', 'no CP2110') },
    ...{ says: /^contactless: no CP2110/, cure: /set contactless\.usb\.serial/ },
  }),
  row('bad', 'a pad without rights', {
    board: { hidDevice: async () => ({ ...DEVICE, accessible: false, group: null }) },
    ...{ says: /^contactless: \/dev\/hidraw0 may not be opened/, cure: /99-tapway\.rules/ },
  }),
  row('bad', 'a mute PSAM', {
    board: {
      samAnswer: async ({ slot }) => (slot === '*Keys*' ? MUTE : ok(Buffer.of(0x3b))),
    },
    ...{ says: /the PSAM does not answer/, cure: /^seat the PSAM/ },
  }),
  row('bad', 'a mute contact reader', {
    board: {
      readerFirmware: async ({ kind }) => (kind === 'pcsc' ? MUTE : ok('PN532 1.6')),
    },
    ...{ says: /the reader does not answer: no answer/, cure: /restart pcscd$/ },
  }),
  row('bad', 'a mute pad', {
    config: onSerial,
    board: {
      readerFirmware: async ({ kind }) => (kind === 'serial' ? MUTE : ok('ACME')),
    },
    ...{ says: /^contactless: the reader does not answer/, cure: /contactless\.baud/ },
  }),
];

const OF_PRINTER: readonly Row[] = [
  row('warning', 'no printer at all', {
    config: { printer: { ...WHOLE.printer, kind: 'none' } },
    ...{ says: /printer\.kind none: nothing is printed/, cure: /printer\.kind/ },
  }),
  row('bad', 'a printer that is not there', {
    board: { printerDevice: missing },
    ...{ says: /^printer: \/dev\/usb\/lp0 does not exist/, cure: /plug it in/ },
  }),
  row('bad', 'a serial printer that is not there', {
    ...{ config: serialPrinter, board: { serialDevice: missing } },
    ...{ says: /^printer: \/dev\/lp does not exist/, cure: /plug it in/ },
  }),
  row('bad', 'a printer of others', {
    board: { printerDevice: async () => ({ ...DEVICE, accessible: false, group: 'lp' }) },
    ...{ says: /may not be opened/, cure: /^usermod -aG lp tapway/ },
  }),
  row('bad', 'a printer that another program has', {
    board: { printerDevice: async () => ({ ...DEVICE, heldBy: ['cupsd (7)'] }) },
    ...{ says: /is held by cupsd \(7\)/, cure: /stop that program/ },
  }),
  row('bad', 'a mute printer', {
    board: { printerState: async () => MUTE },
    ...{ says: /^printer: it does not answer: no answer/, cure: /ESC\/POS/ },
  }),
  row('bad', 'a printer with its cover open', {
    board: { printerState: stopped('the cover is open') },
    ...{ says: /^printer: it cannot print: the cover is open/, cure: /at the printer/ },
  }),
  row('warning', 'little paper', {
    board: { printerState: async () => ok({ stopped: null, nearEnd: true }) },
    ...{ says: /its paper is near its end/, cure: /a new roll/ },
  }),
  row('bad', 'one line for pad and printer', {
    config: {
      contactless: { ...PAD, kind: 'serial', path: '/dev/one' },
      printer: { ...WHOLE.printer, kind: 'serial', path: '/dev/one' },
    },
    ...{ says: /contactless\.path and printer\.path are both \/dev\/one/, cure: /its own line/ },
  }),
];

const OF_THE_REST: readonly Row[] = [
  row('bad', 'an HSM that is not reached', {
    board: { hsmAnswer: async () => failed('hsm-lost', 'none', 'ssc.hsm.ca_file: ENOENT') },
    ...{ says: /^HSM: ssc\.hsm\.ca_file: ENOENT/, cure: /ssc\.hsm\.address.*IPAddressAllow=/ },
  }),
  row('bad', 'no key file', {
    ...{ config: softSam, board: { file: async () => ({ exists: false, mode: 0 }) } },
    ...{ says: /\/keys does not exist/, cure: /sam seal/ },
  }),
  row('bad', 'no passphrase', {
    ...{ config: softSam, board: { hasVariable: () => false } },
    ...{ says: /PASSPHRASE is not set/, cure: /service/ },
  }),
  row('warning', 'no list', {
    board: { blacklist: async () => ok(null) },
    ...{ says: /no blacklist was ever imported/, cure: /tapway blacklist import FILE/ },
  }),
  row('warning', 'an index left open', {
    board: { indexLeftOpen: async () => true },
    ...{ says: /in use when its process ended/, cure: /next start/ },
  }),
  row('bad', 'a full disk', {
    board: { directory: async () => ({ nearest: '/', writable: true, free_bytes: 2 ** 20 }) },
    ...{ says: /only 1 MiB free/, cure: /512 MiB/ },
  }),
  row('warning', 'root', {
    board: { isRoot: true },
    ...{ says: /root may open everything/, cure: /runuser -u tapway/ },
  }),
  row('warning', 'no espeak-ng', {
    board: { hasProgram: async (name) => name !== 'espeak-ng' },
    ...{ says: /espeak-ng is not installed/, cure: /apt-get install espeak-ng/ },
  }),
  row('warning', 'no browser', {
    board: { hasProgram: async (name) => name !== 'chromium' },
    ...{ says: /chromium is not installed/, cure: /apt-get install chromium/ },
  }),
  row('bad', 'no font', {
    board: { hasChineseFont: async () => false },
    ...{ says: /no font for Chinese/, cure: /apt-get install fonts-noto-cjk/ },
  }),
];

for (const { given, config, board: differs = {}, level, says, cure } of [
  ...OF_READERS,
  ...OF_PRINTER,
  ...OF_THE_REST,
])
  doctor.test(`GIVEN ${given} THEN one finding is ${level} and says how to mend it`, async () => {
    const findings = await examineKiosk(board(differs), { ...WHOLE, ...config });
    const [found, ...others] = findings.filter((finding) => finding.level !== 'good');
    assert.equal([found?.level, others], [level, []]);
    assert.match(found?.what ?? '', says);
    assert.match(found?.cure ?? '', cure);
  });

doctor.test('GIVEN no till THEN its SAM is not asked for', async () => {
  const never = () => Promise.reject(new Error('asked for'));
  const silent = board({ file: async () => ({ exists: false, mode: 0 }), keySet: never });
  const findings = await examineKiosk(silent, {
    ...{ ...WHOLE, ...softSam },
    till: { ...WHOLE.till, items: [] },
  });
  assert.ok(findings.every(({ level }) => level === 'good'));
});

doctor.run();
