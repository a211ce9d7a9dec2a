import * as assert from 'uvu/assert';
import type { KioskConfig } from '../../../config/kiosk.ts';
import { shippedDirectory } from '../../../config/load.ts';
import { loadKiosk } from '../../../config/load-kiosk.ts';
import { examineKiosk, type KioskBoard } from '../../../controller/ops/doctor-kiosk.ts';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { boardWith, DEVICE } from './boards.ts';

const doctor = feature('doctor of a kiosk');
const SLOTS = ['ACME Contact 00 00', 'ACME SAM 00 01'];

function kiosk(): KioskConfig {
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const { config } = loaded;
  const printer = { ...config.printer, kind: 'usb' as const, path: '/dev/usb/lp0' };
  return { ...config, printer, data_dir: '/data', maintenance: { code: 'scrypt$14$AA==$AA==' } };
}

function board(differs: Partial<KioskBoard>): KioskBoard {
  return {
    ...boardWith({ pcscReaders: async () => ok(SLOTS) }),
    hasProgram: async () => true,
    hasChineseFont: async () => true,
    ...differs,
  };
}

doctor.test('GIVEN a board on which nothing is wrong THEN every finding is good', async () => {
  const findings = await examineKiosk(board({}), kiosk());
  assert.equal(
    findings.filter(({ level }) => level !== 'good'),
    [],
  );
  assert.ok(findings.some(({ what }) => what.includes('ACME Contact')));
  assert.ok(findings.some(({ what }) => what.includes('/dev/usb/lp0')));
});

type Row = readonly [what: string, differs: Partial<KioskBoard>, says: RegExp, cure: RegExp];

const missing = { ...DEVICE, exists: false };
const ROWS: readonly Row[] = [
  [
    'no pcscd',
    { pcscReaders: async () => failed('link-absent', 'none', 'no pcscd') },
    /PC\/SC/,
    /apt-get install pcscd/,
  ],
  [
    'another reader',
    { pcscReaders: async () => ok(['Other']) },
    /contact\.name '\*Contact\*' fits no reader/,
    /pcsc_scan -r/,
  ],
  [
    'no printer',
    { serialDevice: async (path) => (path.includes('lp0') ? missing : DEVICE) },
    /printer\.path \/dev\/usb\/lp0 does not exist/,
    /plug it in/,
  ],
  [
    'a printer of others',
    { serialDevice: async () => ({ ...DEVICE, accessible: false, group: 'lp' }) },
    /may not be opened/,
    /usermod -aG lp tapway/,
  ],
  [
    'no espeak-ng',
    { hasProgram: async (name) => name !== 'espeak-ng' },
    /espeak-ng is not installed/,
    /apt-get install espeak-ng/,
  ],
  [
    'no browser',
    { hasProgram: async (name) => name !== 'chromium' },
    /chromium is not installed/,
    /apt-get install chromium/,
  ],
  [
    'no font',
    { hasChineseFont: async () => false },
    /no font for Chinese/,
    /apt-get install fonts-noto-cjk/,
  ],
];

for (const [what, differs, says, cure] of ROWS) {
  doctor.test(`GIVEN ${what} THEN it says so, and how to mend it`, async () => {
    const findings = await examineKiosk(board(differs), kiosk());
    const found = findings.find((finding) => finding.level !== 'good' && says.test(finding.what));
    assert.ok(found, findings.map((finding) => finding.what).join('\n'));
    assert.match(found?.cure ?? '', cure);
  });
}

doctor.run();
