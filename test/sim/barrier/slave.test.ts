import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { crc16, createSlave } from '../../../sim/barrier/slave.ts';
import { feature } from '../../kit/feature.ts';

const slaves = feature('virtual Modbus slave');

function bench(unit: number) {
  const tables = {
    coils: Array.from({ length: 512 }, () => false),
    inputs: Array.from({ length: 512 }, () => false),
    holding: Array.from({ length: 256 }, () => 0),
  };
  const answers: string[] = [];
  const wrote: string[] = [];
  const slave = createSlave({
    ...{ unit, tables },
    send: (answer) => answers.push(answer.toString('hex')),
    written: (what, first, count) => wrote.push(`${what} ${first} ${count}`),
  });
  let now_ms = 0;
  const ask = (hex: string, later_ms = 100) => {
    now_ms += later_ms;
    slave.receive(Buffer.from(hex.replaceAll(' ', ''), 'hex'), now_ms);
    return answers.splice(0).join(' ');
  };
  return { tables, wrote, slave, ask };
}

/** Bits from the least significant of the first byte on. */
function fill(table: boolean[], first: number, hex: string): void {
  for (const [nth, byte] of Buffer.from(hex, 'hex').entries()) {
    for (let bit = 0; bit < 8; bit += 1) table[first + nth * 8 + bit] = ((byte >> bit) & 1) === 1;
  }
}

// Frames with CRC as simplymodbus.ca publishes them, one page for each function code.
slaves.test('FC 01 reads coils 20 to 56 of unit 17', () => {
  const { tables, ask } = bench(0x11);
  fill(tables.coils, 0x13, 'cd6bb20e1b');
  assert.is(ask('11 01 00 13 00 25 0E 84'), '110105cd6bb20e1b45e6');
});

slaves.test('FC 02 reads inputs 10197 to 10218', () => {
  const { tables, ask } = bench(0x11);
  fill(tables.inputs, 0xc4, 'acdb35');
  assert.is(ask('11 02 00 C4 00 16 BA A9'), '110203acdb352018');
});

slaves.test('FC 03 reads holding registers 40108 to 40110', () => {
  const { tables, ask } = bench(0x11);
  tables.holding.splice(0x6b, 3, 0xae41, 0x5652, 0x4340);
  assert.is(ask('11 03 00 6B 00 03 76 87'), '110306ae415652434049ad');
});

slaves.test('FC 05 forces coil 173, FC 06 presets register 40002: echoed', () => {
  const { tables, wrote, ask } = bench(0x11);
  assert.is(ask('11 05 00 AC FF 00 4E 8B'), '110500acff004e8b');
  assert.ok(tables.coils[0xac]);
  assert.is(ask('11 06 00 01 00 03 9A 9B'), '1106000100039a9b');
  assert.is(tables.holding[1], 3);
  assert.equal(wrote, ['coils 172 1', 'holding 1 1']);
});

slaves.test('FC 15 forces ten coils from 20, FC 16 presets two registers from 40002', () => {
  const { tables, ask } = bench(0x11);
  assert.is(ask('11 0F 00 13 00 0A 02 CD 01 BF 0B'), '110f0013000a2699');
  const coils = tables.coils
    .slice(0x13, 0x13 + 11)
    .map(Number)
    .join('');
  assert.is(coils, '10110011100');
  assert.is(ask('11 10 00 01 00 02 04 00 0A 01 02 C6 F0'), '1110000100021298');
  assert.equal(tables.holding.slice(1, 3), [10, 258]);
});

slaves.test('an address that it has not is refused with exception 2', () => {
  const { ask, slave } = bench(0x0a);
  assert.is(ask('0A 01 04 A1 00 01 AC 63'), '0a8102b053');
  assert.is(slave.counters().exceptions, 1);
});

slaves.test('a request in pieces is one; after a pause the rest of another is none', () => {
  const { tables, ask } = bench(0x11);
  fill(tables.inputs, 0xc4, 'acdb35');
  assert.is(ask('11 02 00'), '');
  assert.is(ask('C4 00 16 BA A9', 5), '110203acdb352018');
  assert.is(ask('11 02 00'), '');
  assert.is(ask('11 02 00 C4 00 16 BA A9'), '110203acdb352018');
});

slaves.test('a wrong CRC, another unit: silence; a broadcast: obeyed in silence', () => {
  const { tables, ask, slave } = bench(0x11);
  assert.is(ask('11 05 00 AC FF 00 4E 8C'), '');
  assert.is(ask('12 05 00 AC FF 00 4E B8'), '');
  assert.not(tables.coils[0xac]);
  const body = Buffer.from('0005 00ac ff00'.replaceAll(' ', ''), 'hex');
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(body));
  assert.is(ask(Buffer.concat([body, check]).toString('hex')), '');
  assert.ok(tables.coils[0xac]);
  const { crc_errors, foreign, requests } = slave.counters();
  assert.equal({ crc_errors, foreign, requests }, { crc_errors: 1, foreign: 1, requests: 1 });
});

slaves.test('property: no bytes break it, and it answers the next request', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
      const { tables, ask, slave } = bench(0x11);
      for (const piece of pieces) ask(Buffer.from(piece).toString('hex'), 1);
      fill(tables.inputs, 0xc4, 'acdb35');
      assert.is(ask('11 02 00 C4 00 16 BA A9'), '110203acdb352018');
      assert.ok((slave.counters().requests ?? 0) >= 1);
    }),
  );
});

slaves.run();
