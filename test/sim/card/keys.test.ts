/** A stranger with the exported key set and OpenSSL recomputes what card and PSAM computed. */

import * as assert from 'uvu/assert';
import { keysAsJson } from '../../../sim/keys.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import {
  AT,
  bytes,
  cardOf,
  ENTRY,
  NO_TIME,
  OPENSSL,
  SELECT_PURSE,
  SERIAL,
  send,
  upper,
} from './hand.ts';

const keys = feature('sim keys');

/** As the program outside would have it: JSON that went through a file. */
interface Exported {
  readonly keys: readonly Record<'usage' | 'algorithm' | 'algorithm_id' | 'key', string>[];
  readonly derivation: { readonly inputs: { readonly TAC: { readonly data: Field[] } } };
  readonly example: Record<'sm4' | '3des', Record<string, string | number>>;
}
type Field = { readonly field: string; readonly bytes: number };
const exported: Exported = JSON.parse(JSON.stringify(keysAsJson()));

function algorithmOf(id: string): 'sm4' | '3des' {
  const found = exported.keys.find((key) => key.algorithm_id === id)?.algorithm;
  assert.ok(found === 'sm4' || found === '3des');
  return found;
}

function recomputeTac(record: Readonly<Record<string, string | number>>): string {
  const algorithm = algorithmOf(String(record.algorithm));
  const by = OPENSSL[algorithm];
  const master = exported.keys.find((key) => key.usage === 'tac' && key.algorithm === algorithm);
  const issuerLevel = by.diversify(master?.key ?? '', String(record.issuer));
  const dtk = by.diversify(issuerLevel, String(record.card).slice(4));
  const data = exported.derivation.inputs.TAC.data.map(({ field, bytes: length }) => {
    const value = record[field];
    if (value === undefined) throw new Error(`the record lacks ${field}`);
    return typeof value === 'number' ? value.toString(16).padStart(length * 2, '0') : value;
  });
  return by.mac(by.tacKey(dtk), data.join('').toUpperCase());
}

for (const algorithm of ['sm4', '3des'] as const) {
  const [index, id] = algorithm === 'sm4' ? ['41', '04'] : ['01', '00'];

  keys.testWith(
    PROGRAMS.openssl,
    `GIVEN a ${algorithm} purchase WHEN OpenSSL recomputes its TAC from the ledger THEN the same`,
    async () => {
      const card = cardOf({ algorithm });
      const psam = createVirtualPsam(NO_TIME, { timed: false });
      const sam = async (command: string) => {
        const reply = await psam.transceive(bytes(command), 1_000);
        return reply.ok ? upper(reply.value) : reply.fault.code;
      };
      const { terminal } = keysAsJson();
      await sam('00A4000002801100');
      const ef15 = send(card, SELECT_PURSE).slice(42, 102);
      const [issuer, factor] = [ef15.slice(0, 16), ef15.slice(24, 40)];
      const told = send(card, `805003020B ${index} 000000C8 ${terminal} 0F`);
      const random = told.slice(22, 30);
      assert.is(told.slice(18, 22), `01${id}`);
      const authorised = await sam(
        `8070000024 ${random} 0000 000000C8 09 ${AT} 01 ${id} ${factor} ${issuer} 08`,
      );
      const [termSeq, mac1] = [authorised.slice(0, 8), authorised.slice(8, 16)];
      assert.is(send(card, `80DC00F030${ENTRY}`), '9000');
      const debited = send(card, `805401000F ${termSeq} ${AT} ${mac1} 08`);
      assert.match(debited, /^[0-9A-F]{16}9000$/);
      assert.is(await sam(`8072000004 ${debited.slice(8, 16)}`), '9000');

      const ledger = {
        card: SERIAL,
        issuer,
        counter: 0,
        amount_fen: 200,
        txn_type: '09',
        at: AT,
        terminal,
        term_seq: termSeq,
        algorithm: id,
      };
      assert.is(recomputeTac(ledger), debited.slice(0, 8));
    },
  );

  keys.testWith(
    PROGRAMS.openssl,
    `GIVEN the worked ${algorithm} example THEN OpenSSL agrees`,
    () => {
      const example = exported.example[algorithm];
      const text = (name: string) => String(example[name]);
      const by = OPENSSL[algorithm];
      assert.is(by.session(text('purchase_card_key'), '0A1B2C3D00070102'), example.session_key);
      assert.is(by.mac(text('session_key'), text('mac1_data')), example.mac1);
      assert.is(by.mac(text('session_key'), '000000C8'), example.mac2);
      assert.is(by.tacKey(text('tac_card_key')), example.tac_key);
      assert.is(recomputeTac({ ...example, algorithm: id }), example.tac);
    },
  );
}

keys.test(
  'GIVEN the exported set THEN it says that it is synthetic and has both algorithms',
  () => {
    assert.match(keysAsJson().note, /SYNTHETIC/);
    const names = exported.keys.map(({ usage, algorithm }) => `${usage} ${algorithm}`).sort();
    assert.equal(names, [
      'lock 3des',
      'lock sm4',
      'purchase 3des',
      'purchase sm4',
      'tac 3des',
      'tac sm4',
    ]);
  },
);

keys.run();
