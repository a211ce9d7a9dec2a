import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createBankCard, createForgedPurse } from '../../../sim/card/strangers.ts';
import { feature } from '../../kit/feature.ts';
import { AT, bytes, cardOf, ENTRY, PROFILE, SELECT_PURSE, TERMINAL } from './hand.ts';

const property = feature('sim card: any bytes');

/** Headers that lead somewhere, with anything behind them. */
const heads = ['00A40400', '00A40000', '00B09500', '00B201F4', '00840000', '805C0302']
  .concat(['80500302', '80500102', '80DC00F0', '80540100', '805A0009', '841E0000'])
  .map(bytes);
const lawful = [
  SELECT_PURSE,
  `805003020B 41 000000C8 ${TERMINAL} 0F`,
  `80DC00F030${ENTRY}`,
  `805401000F 00000001 ${AT} 00000000 08`,
  '0084000004',
].map(bytes);
const body = fc.uint8Array({ maxLength: 60 });
const command = fc.oneof(
  fc.constantFrom(...lawful),
  fc.uint8Array({ maxLength: 270 }).map((raw) => Buffer.from(raw)),
  fc.tuple(fc.constantFrom(...heads), body).map(([head, rest]) => {
    return Buffer.concat([head, Buffer.from([rest.length]), rest]);
  }),
);
const commands = fc.array(command, { maxLength: 12 });

property.test('GIVEN any commands THEN a status word each, and no money without MAC1', () => {
  fc.assert(
    fc.property(commands, fc.constantFrom('sm4', '3des'), (sequence, algorithm) => {
      const card = cardOf({ algorithm });
      const { draws: _, ...before } = card.snapshot();
      for (const apdu of sequence) {
        const { answer, work_ms } = card.exchange(apdu);
        assert.ok(answer.length >= 2 && answer.length <= 258);
        assert.ok(work_ms > 0);
      }
      const { draws: __, ...now } = card.snapshot();
      assert.equal(now, before);
    }),
    { numRuns: 500 },
  );
});

property.test('GIVEN any commands THEN bank card and forged purse answer a status word too', () => {
  fc.assert(
    fc.property(commands, (sequence) => {
      const others = [createBankCard(), createForgedPurse(PROFILE)];
      for (const apdu of sequence) {
        for (const card of others) assert.ok(card.exchange(apdu).answer.length >= 2);
      }
    }),
    { numRuns: 200 },
  );
});

property.run();
