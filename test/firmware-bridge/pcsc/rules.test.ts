/** Tables: what an ATR tells, how T=0 wants its commands, what result codes mean. */

import * as assert from 'uvu/assert';
import {
  forProtocol,
  isContactless,
  sakOfStorageCard,
} from '../../../firmware-bridge/pcsc/card-kinds.ts';
import { faultOf, refusalOf } from '../../../firmware-bridge/pcsc/scard.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const rules = feature('pcsc rules');
const [T0, T1] = [1, 2];

/** Answers to reset as published: PC/SC part 3, ACR122U API, EMV contact cards. */
const CARDS: readonly (readonly [atr: string, contactless: boolean, sak: number | undefined])[] = [
  ['3B8F8001804F0CA000000306030001000000006A', true, 0x08],
  ['3B8F8001804F0CA0000003060300020000000069', true, 0x18],
  ['3B8F8001804F0CA0000003060300030000000068', true, 0x00],
  ['3B8F8001804F0CA0000003061100000000000000', true, 0x00],
  ['3B8180018080', true, undefined],
  ['3B888001000000009181C1001B', true, undefined],
  ['3B6B00025441505741592D5053414D', false, undefined],
  ['3B6800000073C84000009000', false, undefined],
  ['', false, undefined],
  ['3B', false, undefined],
];

rules.test('an answer to reset tells contactless cards and tokens apart', () => {
  for (const [atr, contactless, sak] of CARDS) {
    assert.is(isContactless(bytes(atr)), contactless, atr);
    assert.is(sakOfStorageCard(bytes(atr)), sak, atr);
  }
});

const COMMANDS: readonly (readonly [what: string, command: string, underT0: string])[] = [
  ['case 1', '80 54 00 00', '80 54 00 00 00'],
  ['case 2', '00 B0 95 00 1E', '00 B0 95 00 1E'],
  ['case 3', '00 A4 00 00 02 3F 00', '00 A4 00 00 02 3F 00'],
  ['case 4', '00 A4 00 00 02 3F 00 00', '00 A4 00 00 02 3F 00'],
  ['extended', '00 D6 00 00 00 00 02 AA BB', '00 D6 00 00 00 00 02 AA BB'],
];

rules.test('under T=0 Le goes, and P3 is always there; under T=1 nothing changes', () => {
  for (const [what, command, underT0] of COMMANDS) {
    assert.is(upper(forProtocol(bytes(command), T0)), upper(bytes(underT0)), what);
    assert.is(upper(forProtocol(bytes(command), T1)), upper(bytes(command)), what);
  }
});

/** As the library words them. */
const CODES: readonly (readonly [message: string, fault: string])[] = [
  ['SCardTransmit error: Card was removed.(0x80100069)', 'card-gone unknown'],
  ['SCardTransmit error: Transaction failed.(0x80100016)', 'card-gone unknown'],
  ['SCardTransmit error: Invalid handle.(0x80100003)', 'link-lost none'],
  ['SCardConnect error: No smart card inserted.(0x8010000c)', 'card-gone unknown'],
  ['SCardConnect error: Card is unresponsive.(0x80100066)', 'card-mute unknown'],
  ['SCardConnect error: Sharing violation.(0x8010000b)', 'link-absent none'],
  ['SCardEstablishContext error: Service not available.(0x8010001d)', 'link-absent none'],
  ['SCardGetStatusChange error: RPC transport error.(0x80100013)', 'link-lost unknown'],
  ['SCardTransmit error: something new(0x801000ff)', 'link-lost unknown'],
  ['Card Reader not connected', 'link-lost unknown'],
];

rules.test('result codes become faults; `none` only where the daemon refuses beforehand', () => {
  for (const [message, expected] of CODES) {
    const fault = faultOf(refusalOf(new Error(message)), 'slot', 'unknown');
    assert.is(`${fault.code} ${fault.effect}`, expected, message);
    assert.match(fault.detail, /^slot: ./);
  }
});

rules.test('what never touches the card keeps its effect', () => {
  const refusal = refusalOf(new Error('SCardConnect error: No smart card.(0x8010000c)'));
  assert.is(faultOf(refusal, 'slot', 'none').effect, 'none');
});

rules.run();
