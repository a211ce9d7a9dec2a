/**
 * Everybody on the simulator's tray, by contact and without: virtual cards, PSAM and HSM that share
 * no code with the controller. Then a card is drawn at each command.
 */

import * as assert from 'uvu/assert';
import { sscSchema } from '../../../config/ssc.ts';
import { listKey } from '../../../controller/card/ssc/card-id.ts';
import {
  pinTriesLeft,
  readInsurance,
  verifyPin,
} from '../../../controller/kiosk/reading/insurance.ts';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import type { DeadCards } from '../../../controller/kiosk/reading/reading.ts';
import type { Face } from '../../../controller/kiosk/report.ts';
import { createSscHsm } from '../../../controller/sam/ssc-hsm.ts';
import { type SscCrypto, withFallback } from '../../../controller/sam/ssc-keys.ts';
import { createSscPsam } from '../../../controller/sam/ssc-psam.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createLinePeer } from '../../../firmware-bridge/hsm/line-peer.ts';
import { type Card, failed, ok } from '../../../firmware-bridge/ports.ts';
import { createPeople, listedPeople, type Person } from '../../../sim/card/people.ts';
import { createVirtualHsm } from '../../../sim/hsm/server.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { SSC_SAM } from '../../../sim/sam/ssc.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { upper } from '../../sim/card/hand.ts';
import { cardOf as issued, opinion } from '../../sim/card/ssc/hand.ts';
import { readingDeps } from './paper-card.ts';

const people = feature('people with cards');
const TODAY = '20260701';

const virtualHsm = createVirtualHsm({ clock: systemClock });
const port = await virtualHsm.listen(0);
const settings = sscSchema.parse({ hsm: { port, tls: false } });
const psam = createSscPsam(
  createVirtualPsam(systemClock, { timed: false, ssc: SSC_SAM }),
  settings.psam,
);
const { address, timeout_ms } = settings.hsm;
const peer = createLinePeer({ address, port, tls: null, clock: systemClock, timeout_ms });
const hsm = createSscHsm(peer, settings.hsm);
people.after(async () => {
  await hsm.close();
  await virtualHsm.close();
});

const dead = new Map(listedPeople().map(({ cardId, reason }) => [upper(listKey(cardId)), reason]));
const DEAD: DeadCards = {
  health: () => ({ kind: 'good' }),
  check(card) {
    const reason = dead.get(upper(card));
    return reason ? { kind: 'listed', reason } : { kind: 'clear' };
  },
};

interface Laid {
  readonly card: Card;
  readonly commands: () => number;
}

/** The card in a reader; drawn before it answers command `drawnAt`, counted from 1. */
function lay(person: Person, face: Face, drawnAt = Number.POSITIVE_INFINITY): Laid | null {
  const side = face === 'contact' ? person.contact : person.contactless;
  const answer = face === 'contact' ? person.contact?.atr : person.contactless?.ats;
  if (!side || !answer) return null;
  side.powerDown();
  let commands = 0;
  const card: Card = {
    uid: Buffer.alloc(0),
    ats: answer,
    async transceive(bytes) {
      commands += 1;
      if (commands >= drawnAt) return failed('card-gone', 'unknown', 'drawn');
      const told = side.exchange(bytes).answer;
      return told.length === 0 ? failed('card-mute', 'unknown', 'silence') : ok(told);
    },
    present: async () => ok(true),
    async release() {},
  };
  return { card, commands: () => commands };
}

const WITH: Readonly<Record<string, SscCrypto>> = {
  psam,
  hsm,
  'psam, then hsm': withFallback(psam, hsm),
};

for (const person of createPeople(TODAY)) {
  for (const face of ['contact', 'contactless'] as const) {
    if (!lay(person, face)) continue;
    const { kind, validity, holder } = person.expected;
    people.test(`GIVEN ${person.id} by ${face} THEN ${kind} ${validity ?? ''}`, async () => {
      const deps = readingDeps({ crypto: WITH['psam, then hsm'] ?? null, deadCards: DEAD });
      const laid = lay(person, face);
      const told = laid && (await readCard(laid.card, face, deps));
      if (!told?.ok) return assert.is(kind, 'silent', told?.fault.detail);
      const { ssc } = told.value;
      assert.is(told.value.kind, kind);
      assert.is(ssc?.validity.state, validity);
      assert.is(ssc?.holder?.name, holder);
      if (holder) assert.is(ssc?.genuine, 'genuine');
      if (holder && ssc?.generation === 3) assert.ok(ssc.photo, 'photo');
      // A locked card of the tray has a locked purse too.
      if (person.card?.purse && validity !== 'locked') {
        assert.is(told.value.purse?.balance_fen, person.card.purse.snapshot().balance_fen);
      }
    });
  }
}

const adult = () => {
  const found = createPeople(TODAY).find(({ id }) => id === 'adult-3');
  if (!found) throw new Error('nobody on the tray is called adult-3');
  return found;
};

for (const [name, crypto] of Object.entries(WITH)) {
  people.test(`GIVEN keys in ${name} THEN a card of generation 3 shows its holder`, async () => {
    const laid = lay(adult(), 'contact');
    const told = laid && (await readCard(laid.card, 'contact', readingDeps({ crypto })));
    if (!told?.ok) throw new Error('not read');
    assert.is(told.value.ssc?.holder?.name, '测试甲');
    assert.is(told.value.purse?.records.length, 10);
    assert.match(told.value.bank?.maskedAccount ?? '', /^629999\*{9}9999$/);
  });
}

people.test('GIVEN a card drawn at any command, either face THEN card-gone', async () => {
  const person = adult();
  for (const face of ['contact', 'contactless'] as const) {
    const deps = readingDeps({ crypto: psam, deadCards: DEAD });
    const whole = lay(person, face);
    assert.ok(whole && (await readCard(whole.card, face, deps)).ok);
    const commands = whole?.commands() ?? 0;
    assert.ok(commands > 40);
    for (let at = 1; at <= commands; at++) {
      const drawn = lay(person, face, at);
      const told = drawn && (await readCard(drawn.card, face, deps));
      if (!told || told.ok) throw new Error(`command ${at}: a report of a card that is gone`);
      assert.is(told.fault.code, 'card-gone');
    }
  }
});

people.test(
  'GIVEN the HSM down or false THEN the card without its holder, and a trouble told',
  async () => {
    for (const [fault, state] of [
      ['cut', 'locked'],
      ['refusing', 'locked'],
      ['wrongAnswer', 'locked'],
    ] as const) {
      virtualHsm.setFault(fault);
      const deps = readingDeps({ crypto: hsm });
      const laid = lay(adult(), 'contact');
      const told = laid && (await readCard(laid.card, 'contact', deps));
      virtualHsm.setFault('none');
      if (!told?.ok) throw new Error('not read');
      assert.is(told.value.ssc?.holderState, state, fault);
      assert.is(told.value.purse?.serial.length, 20);
      if (fault !== 'wrongAnswer') assert.match(deps.troubles[0]?.code ?? '', /^hsm-/);
    }
  },
);

people.test('GIVEN the right PIN THEN the insurance rows; a wrong one costs one try', async () => {
  const laid = lay(adult(), 'contact');
  if (!laid) throw new Error('no card');
  const deps = readingDeps({ crypto: psam });
  assert.ok((await readCard(laid.card, 'contact', deps)).ok);
  assert.equal(await pinTriesLeft(laid.card, deps), { ok: true, value: { kind: 'left', left: 3 } });
  const wrong = await verifyPin(
    laid.card,
    { pin: Buffer.from('654321'), lastTryAgreed: false },
    deps,
  );
  assert.equal(wrong, { ok: true, value: { kind: 'wrong', left: 2 } });
  const right = await verifyPin(
    laid.card,
    { pin: Buffer.from('123456'), lastTryAgreed: false },
    deps,
  );
  assert.equal(right, { ok: true, value: { kind: 'right' } });
  const rows = await readInsurance(laid.card, deps);
  if (!rows.ok) throw new Error(rows.fault.detail);
  assert.ok(
    rows.value.some(({ code }) => code === 'insured-region'),
    JSON.stringify(rows.value),
  );
  assert.ok(
    rows.value.some(({ code }) => code === 'household-region'),
    JSON.stringify(rows.value),
  );
});

/** OpenSSL computes from the exported rules what the controller's PSAM client must arrive at. */
people.testWith(
  PROGRAMS.openssl,
  'GIVEN PSAM and HSM THEN the data that OpenSSL computes',
  async () => {
    const historical = issued().contact?.atr.subarray(4) ?? Buffer.alloc(0);
    const request = {
      algorithm: 'sm4',
      key: 'rk_ssse',
      cardId: issued().cardId ?? Buffer.alloc(0),
      historical,
      factors: {
        card: historical.subarray(5, 13),
        city: Buffer.from('330200sx'),
        province: Buffer.from('330000sh'),
      },
      processFactor: Buffer.from('98B4D293D091C331', 'hex'),
      raw: Buffer.from('E603E2CAADAF02B6', 'hex'),
    } as const;
    const factors = [request.factors.province, request.factors.city, request.factors.card].map(
      upper,
    );
    const expected = opinion('sm4', 'RKSSSE', factors).data('98B4D293D091C331', 'E603E2CAADAF02B6');
    for (const crypto of [psam, hsm]) {
      const told = await crypto.authenticate(request);
      if (!told.ok) throw new Error(told.fault.detail);
      assert.is(upper(told.value), expected, crypto.name);
    }
  },
);

people.run();
