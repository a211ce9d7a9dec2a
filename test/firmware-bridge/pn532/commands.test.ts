import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { parseAts } from '../../../firmware-bridge/pn532/ats.ts';
import * as commands from '../../../firmware-bridge/pn532/commands.ts';
import { feature } from '../../kit/feature.ts';

const chip = feature('PN532 commands');
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Code and parameters: NXP UM0701-02 §7, and what libnfc 1.8.0 was seen to send. */
const BUILT = [
  [commands.diagnoseLine(Buffer.from('libnfc')), '00 00 6c69626e6663'],
  [commands.diagnoseCard(), '00 06'],
  [commands.getFirmwareVersion(), '02'],
  [commands.setSerialBaudRate(9_600), '10 00'],
  [commands.setSerialBaudRate(115_200), '10 04'],
  [commands.setSerialBaudRate(921_600), '10 07'],
  [commands.samConfiguration(), '14 01'],
  [commands.powerDown(), '16 10'],
  [commands.rfField(false), '32 01 00'],
  [commands.rfField(true), '32 01 01'],
  [commands.rfTimings(0x0b, 0x0d), '32 02 00 0b 0d'],
  [commands.rfExchangeRetries(0), '32 04 00'],
  [commands.rfActivationRetries(2), '32 05 ff 01 02'],
  [commands.inListPassiveTarget(), '4a 02 00'],
  [commands.inDataExchange(1, hex('00a40000'), false), '40 01 00a40000'],
  [commands.inDataExchange(1, hex('00a40000'), true), '40 41 00a40000'],
  [commands.inRelease(0), '52 00'],
] as const;

for (const [command, literal] of BUILT) {
  chip.test(`${command.name} is ${literal}`, () => {
    assert.equal(Buffer.concat([Buffer.from([command.code]), command.body]), hex(literal));
    assert.is(command.reachesCard, command.code === 0x40);
  });
}

chip.test('a speed that the chip does not know is a programming error', () => {
  assert.throws(() => commands.setSerialBaudRate(250_000), RangeError);
});

chip.test('GIVEN 32 01 06 07 WHEN read THEN the firmware is PN532 1.6', () => {
  const reply = commands.getFirmwareVersion().parse(hex('32010607'));
  assert.equal(reply, { ok: true, value: 'PN532 1.6' });
});

chip.test('GIVEN a 7-byte UID with ATS WHEN listed THEN every field is told apart', () => {
  const answer = hex('01 01 0344 20 07 0488a1b2c3d4e5 06 7577810280');
  const reply = commands.inListPassiveTarget().parse(answer);
  assert.equal(reply, {
    ok: true,
    value: [
      { tg: 1, sens: 0x0344, sak: 0x20, uid: hex('0488a1b2c3d4e5'), ats: hex('067577810280') },
    ],
  });
});

chip.test('GIVEN a Mifare Classic and an ISO card WHEN listed THEN two targets', () => {
  const answer = hex('02 01 0004 08 04 deadbeef 02 0004 28 04 01020304 05 78 80 70 02');
  const reply = commands.inListPassiveTarget().parse(answer);
  assert.ok(reply.ok);
  assert.equal(
    reply.value.map(({ sak, ats }) => [sak, ats.toString('hex')]),
    [
      [0x08, ''],
      [0x28, '0578807002'],
    ],
  );
});

chip.test('any answer to any command is a value or a fault, never an exception', () => {
  const answers = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(answers, fc.constantFrom(...BUILT), (answer, [command]) => {
      const reply = command.parse(answer);
      if (!reply.ok && !command.reachesCard) assert.is(reply.fault.effect, 'none');
    }),
  );
});

chip.test(
  'GIVEN any status byte WHEN it is an error THEN only 27 is known to spare the card',
  () => {
    const exchange = commands.inDataExchange(1, hex('8054'), false);
    for (let status = 0; status < 256; status += 1) {
      const reply = exchange.parse(Buffer.from([status, 0x90, 0x00]));
      const error = status & 0x3f;
      assert.is(reply.ok, error === 0);
      if (!reply.ok) assert.is(reply.fault.effect, error === 0x27 ? 'none' : 'unknown');
      if (reply.ok) assert.is(reply.value.more, (status & 0x40) !== 0);
    }
  },
);

for (const [status, code] of [
  ['01', 'card-gone'],
  ['02', 'card-garbled'],
  ['0b', 'card-garbled'],
  ['13', 'card-garbled'],
  ['27', 'chip-refused'],
  ['2b', 'card-gone'],
  ['2d', 'chip-refused'],
  ['3f', 'chip-garbled'],
] as const) {
  chip.test(`status ${status} of InDataExchange is ${code}`, () => {
    const reply = commands.inDataExchange(1, hex('00'), false).parse(hex(status));
    assert.is(reply.ok ? '' : reply.fault.code, code);
  });
}

for (const [ats, frame, waiting, historical] of [
  // The lone TL stands for FSCI 2 and FWI 4; the rest from public card listings.
  ['01', 32, 4.8, ''],
  ['06 75 77 81 02 80', 64, 77.3, '80'],
  ['05 78 80 A0 02', 256, 309.3, ''],
  ['03 10 00', 16, 4.8, ''],
] as const) {
  chip.test(`ATS ${ats} is read by its own format byte`, () => {
    const parsed = parseAts(hex(ats));
    assert.ok(parsed);
    assert.is(parsed.frame_bytes, frame);
    assert.is(Math.round(parsed.waiting_ms * 10) / 10, waiting);
    assert.equal(parsed.historical, hex(historical));
  });
}

chip.test('any bytes as ATS: read or refused, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (array) => {
      const ats = parseAts(Buffer.from(array));
      if (ats) assert.ok(ats.waiting_ms < 5_000 && ats.historical.length < array.length);
    }),
  );
});

chip.run();
