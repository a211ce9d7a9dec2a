/**
 * A planted person: her name, number, card number and account are looked for in every fault and
 * every trouble that reading her card may come to.
 */

import * as assert from 'uvu/assert';
import { readInsurance, verifyPin } from '../../../controller/kiosk/reading/insurance.ts';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import { createSscHsm } from '../../../controller/sam/ssc-hsm.ts';
import { createSscPsam } from '../../../controller/sam/ssc-psam.ts';
import { describeFault, type Fault, failed, ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { paperCard, paperKeys, readingDeps, type Sheet } from './paper-card.ts';
import * as sheets from './sheets.ts';

const privacy = feature('privacy of reading');
const WHOLE: Sheet = { ...sheets.SSC_3, ...sheets.PURSE, ...sheets.BANK_CONTACT };
const PIN = '271828';

/** As text and as bytes on the wire, in either case. */
const MARKS = [sheets.HOLDER_NAME, sheets.CITIZEN, sheets.ACCOUNT, 'ZNB000017', PIN].flatMap(
  (mark) => [mark, Buffer.from(mark, 'latin1').toString('hex'), `${mark}D`],
);

function innocent(faults: readonly Fault[]): void {
  for (const fault of faults) {
    const text = `${describeFault(fault)} ${JSON.stringify(fault)}`.toLowerCase();
    for (const mark of MARKS) assert.not.ok(text.includes(mark.toLowerCase()), text);
  }
}

privacy.test('GIVEN a card lost, mute or garbled at any command THEN nothing of her', async () => {
  const faults: Fault[] = [];
  for (const fault of ['card-gone', 'card-mute', 'card-garbled'] as const) {
    for (let at = 1; at < 60; at++) {
      const card = paperCard(WHOLE, { atr: sheets.ATR, drawn: { at, fault } });
      const deps = readingDeps({ crypto: paperKeys(sheets.KEYS).crypto });
      const told = await readCard(card, 'contact', deps);
      if (!told.ok) faults.push(told.fault);
      faults.push(...deps.troubles);
    }
  }
  assert.ok(faults.length > 100);
  innocent(faults);
});

privacy.test('GIVEN her file cut short after any byte THEN nothing of her', async () => {
  const faults: Fault[] = [];
  for (const command of Object.keys(sheets.SSC_3)) {
    const answer = [sheets.SSC_3[command] ?? ''].flat().at(-1)?.replaceAll(' ', '') ?? '';
    for (let end = 0; end < Math.min(answer.length, 80); end += 2) {
      const card = paperCard({ ...WHOLE, [command]: answer.slice(0, end) }, { atr: sheets.ATR });
      const told = await readCard(card, 'contact', readingDeps());
      if (!told.ok) faults.push(told.fault);
    }
  }
  assert.ok(faults.length > 10);
  innocent(faults);
});

privacy.test('GIVEN PSAM and HSM that refuse, break or babble THEN nothing of her', async () => {
  const faults: Fault[] = [];
  const { ssc } = readingDeps();
  const babble = `${sheets.CITIZEN} ${sheets.HOLDER_NAME}`;
  const peer = {
    name: 'hsm',
    ask: async () => ok(babble),
    probe: async () => ok(''),
    counters: () => ({}),
    async close() {},
  };
  const slot = {
    name: 'slot',
    reset: async () => ok(Buffer.from('3B00', 'hex')),
    transceive: async (command: Buffer) =>
      command[1] === 0xa4 ? ok(Buffer.from('9000', 'hex')) : failed('card-mute', 'unknown', 'mute'),
    async close() {},
  };
  for (const crypto of [createSscHsm(peer, ssc.hsm), createSscPsam(slot, ssc.psam)]) {
    const deps = readingDeps({ crypto });
    await readCard(paperCard(WHOLE, { atr: sheets.ATR }), 'contact', deps);
    faults.push(...deps.troubles);
  }
  assert.ok(faults.length >= 2);
  innocent(faults);
});

privacy.test(
  'GIVEN a card lost around the PIN THEN neither PIN nor rows in the fault',
  async () => {
    const faults: Fault[] = [];
    const sheet = { [sheets.SELECT_SSSE]: sheets.fci(3), '0020000000': '63C3' };
    for (const at of [1, 2, 3]) {
      const card = paperCard(sheet, { drawn: { at } });
      const told = await verifyPin(
        card,
        { pin: Buffer.from(PIN), lastTryAgreed: false },
        readingDeps(),
      );
      if (!told.ok) faults.push(told.fault);
      const rows = await readInsurance(paperCard(sheet, { drawn: { at } }), readingDeps());
      if (!rows.ok) faults.push(rows.fault);
    }
    assert.is(faults.length, 6);
    innocent(faults);
  },
);

privacy.run();
