/**
 * Two implementations must agree: everybody on the kiosk's tray, by each face of the card, read by
 * the controller with keys in the virtual PSAM, in the virtual HSM, and with none.
 */

import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../../../config/schema.ts';
import type { Answer } from '../../../../controller/blacklist/blacklist.ts';
import { readInsurance, verifyPin } from '../../../../controller/kiosk/reading/insurance.ts';
import { readCard } from '../../../../controller/kiosk/reading/read-card.ts';
import type {
  DeadCards,
  PinVerdict,
  ReadingDeps,
} from '../../../../controller/kiosk/reading/reading.ts';
import type { CardReport } from '../../../../controller/kiosk/report.ts';
import { createSscHsm } from '../../../../controller/sam/ssc-hsm.ts';
import { createSscPsam } from '../../../../controller/sam/ssc-psam.ts';
import { systemClock } from '../../../../firmware-bridge/clock.ts';
import { createLinePeer } from '../../../../firmware-bridge/hsm/line-peer.ts';
import { createMemoryLinkPair } from '../../../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../../../firmware-bridge/pn532/reader.ts';
import { type Card, failed, ok } from '../../../../firmware-bridge/ports.ts';
import { createPeople, listedPeople, type Person } from '../../../../sim/card/people.ts';
import type { ContactFace } from '../../../../sim/card/ssc/combined.ts';
import type { Target } from '../../../../sim/card/target.ts';
import { createField } from '../../../../sim/chip/field.ts';
import { attachToLink } from '../../../../sim/chip/on-link.ts';
import { createVirtualPn532 } from '../../../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../../../sim/chip/timing.ts';
import { createVirtualHsm } from '../../../../sim/hsm/server.ts';
import { createVirtualPsam } from '../../../../sim/sam/psam.ts';
import { SSC_SAM } from '../../../../sim/sam/ssc.ts';
import { readingDeps } from '../../../controller/kiosk/paper-card.ts';
import { feature } from '../../../kit/feature.ts';

const agreement = feature('sim card ssc and the kiosk agree');
const TODAY = '20260701';
const TEST_MS = 60_000;

const READER: LaneConfig['reader'] = {
  ...{ kind: 'serial', path: '', usb: {}, name: '', baud: 115_200 },
  ...{ poll_pause_ms: 20, heartbeat_ms: 1_000, rf_cycle_s: 60 },
  ...{ ack_timeout_ms: 50, card_timeout_ms: 800 },
};

type Keys = 'psam' | 'hsm' | 'none';

/** Under the key that lists of dead cards use: the beginning of SM3 over the card id. */
const deadCards: DeadCards = {
  check(key): Answer {
    const found = listedPeople().find(({ cardId }) =>
      createHash('sm3').update(cardId).digest().subarray(0, 10).equals(key),
    );
    return found ? { kind: 'listed', reason: found.reason } : { kind: 'clear' };
  },
  health: () => ({ kind: 'good' }),
};

function inSlot(face: ContactFace): Card {
  return {
    uid: Buffer.alloc(0),
    ats: face.atr,
    async transceive(command) {
      const { answer } = face.exchange(command);
      return answer.length > 0 ? ok(answer) : failed('card-mute', 'unknown', 'silence');
    },
    present: async () => ok(true),
    async release() {},
  };
}

/** Before the real driver, on the virtual chip. */
async function onAntenna(target: Target, body: (card: Card) => Promise<void>): Promise<void> {
  const clock = systemClock;
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: NO_TIMING });
  const { near, far } = createMemoryLinkPair('reader');
  attachToLink(chip, far);
  const reader = createPn532Reader({
    openLink: async () => ok(near),
    clock,
    config: READER,
  });
  try {
    const started = await reader.start();
    assert.ok(started.ok);
    field.enter(target);
    const found = await reader.detect();
    if (!found.ok || found.value.kind !== 'card') throw new Error('no card found');
    await body(found.value.card);
  } finally {
    await reader.close();
    chip.power(false);
  }
}

async function withKeys(keys: Keys, body: (deps: ReadingDeps) => Promise<void>): Promise<void> {
  const deps = readingDeps({ deadCards });
  if (keys === 'none') return body(deps);
  if (keys === 'psam') {
    const slot = createVirtualPsam(systemClock, { timed: false, getResponse: true, ssc: SSC_SAM });
    const crypto = createSscPsam(slot, deps.ssc.psam);
    await body({ ...deps, crypto });
    return crypto.close();
  }
  const hsm = createVirtualHsm({ clock: systemClock });
  const port = await hsm.listen(0);
  const line = { address: '127.0.0.1', port, tls: null, clock: systemClock, timeout_ms: 2_000 };
  const crypto = createSscHsm(createLinePeer(line), deps.ssc.hsm);
  try {
    await body({ ...deps, crypto });
  } finally {
    await crypto.close();
    await hsm.close();
  }
}

/** Reads it and returns what the kiosk makes of it; a silent card gives no report. */
async function reports(person: Person, deps: ReadingDeps): Promise<(CardReport | null)[]> {
  const list: (CardReport | null)[] = [];
  const take = async (card: Card, face: 'contact' | 'contactless') => {
    const told = await readCard(card, face, deps);
    list.push(told.ok ? told.value : null);
  };
  if (person.contact) await take(inSlot(person.contact), 'contact');
  person.contact?.powerDown();
  const { contactless } = person;
  if (contactless) await onAntenna(contactless, (card) => take(card, 'contactless'));
  return list;
}

for (const keys of ['psam', 'hsm', 'none'] as const) {
  agreement.test(
    `GIVEN keys: ${keys} WHEN everybody comes by THEN the kiosk sees what is expected`,
    () =>
      withKeys(keys, async (deps) => {
        for (const person of createPeople(TODAY)) {
          for (const report of await reports(person, deps)) check(person, report, keys);
        }
      }),
    TEST_MS,
  );
}

function check({ id, expected }: Person, report: CardReport | null, keys: Keys): void {
  const where = `${id} ${report?.face}`;
  assert.is(report?.kind ?? 'silent', expected.kind, where);
  assert.is(report?.ssc?.validity.state, expected.validity, where);
  if (!report?.ssc || expected.validity === 'locked') return;
  const { ssc } = report;
  const third = ssc.generation === 3;
  const free = !third || id === 'open-3';
  if (keys !== 'none' && expected.counterfeit) assert.is(ssc.genuine, 'counterfeit', where);
  // A PSAM keeps SM4 keys or those of older cards, not both.
  else if (keys === 'hsm' || (keys === 'psam' && third)) assert.is(ssc.genuine, 'genuine', where);
  else assert.is(ssc.genuine, 'unchecked', where);
  const readable = free || (keys !== 'none' && !expected.counterfeit);
  if (readable && expected.holder) assert.is(ssc.holder?.name, expected.holder, where);
  if (keys === 'hsm' && expected.holder) assert.ok(ssc.photo, where);
}

agreement.test(
  'WHEN numbers, dates and serial are odd THEN warned, not refused',
  () =>
    withKeys('psam', async (deps) => {
      const told = new Map<string, readonly string[]>();
      for (const person of createPeople(TODAY)) {
        for (const report of await reports(person, deps))
          told.set(person.id, report?.warnings ?? []);
      }
      const odd = [...told].filter(([, warnings]) => warnings.length > 0);
      assert.equal(Object.fromEntries(odd), {
        'bad-numbers-3': ['card-number-check', 'citizen-number-check'],
        'other-city-3': ['serial-mismatch'],
        'bad-dates-2': ['bad-date'],
      });
    }),
  TEST_MS,
);

agreement.test('GIVEN an adult card THEN purse, trips and bank are read as they were issued', () =>
  withKeys('hsm', async (deps) => {
    for (const report of await reports(personOf('adult-3'), deps)) {
      assert.is(report?.purse?.balance_fen, 4_250);
      assert.is(report?.purse?.records.length, 10);
      assert.equal(report?.purse?.records[0], {
        kind: 'purchase',
        amount_fen: 200,
        at: '2025-12-28 08:15:00',
        terminal: '332099000077',
      });
      assert.is(report?.bank?.label, 'PBOC DEBIT');
      assert.match(report?.bank?.maskedAccount ?? '', /^629999\*+9999$/);
      assert.is(report?.bank?.expires, '2033-06');
      assert.is(report?.ssc?.photo?.type, 'jpeg');
    }
  }),
);

function personOf(id: string): Person {
  const found = createPeople(TODAY).find((person) => person.id === id);
  if (!found) throw new Error(`no person ${id}`);
  return found;
}

function cardOf(id: string): Card {
  const { contact } = personOf(id);
  if (!contact) throw new Error(`${id} has no contacts`);
  return inSlot(contact);
}

const TRIES: readonly (readonly [id: string, pin: string, verdict: PinVerdict])[] = [
  ['adult-3', '123456', { kind: 'right' }],
  ['adult-3', '000000', { kind: 'wrong', left: 2 }],
  ['pin-last-try-3', '123456', { kind: 'last-try' }],
  ['pin-locked-3', '123456', { kind: 'locked' }],
  ['fine-2', '123456', { kind: 'right' }],
];

for (const [id, pin, verdict] of TRIES) {
  agreement.test(`GIVEN ${id} WHEN ${pin} is typed THEN ${verdict.kind}`, async () => {
    const deps = readingDeps();
    const told = await verifyPin(cardOf(id), { pin: Buffer.from(pin), lastTryAgreed: false }, deps);
    assert.equal(told.ok && told.value, verdict);
  });
}

agreement.test('GIVEN the right PIN THEN addresses and insurance are read as issued', async () => {
  const deps = readingDeps();
  const card = cardOf('adult-3');
  assert.equal(await readInsurance(card, deps), ok([]), 'nothing without it');
  await verifyPin(card, { pin: Buffer.from('123456'), lastTryAgreed: false }, deps);
  const told = await readInsurance(card, deps);
  const values = new Map(told.ok ? told.value.map(({ code, value }) => [code, value]) : []);
  assert.is(values.get('household-address'), '虚构省模拟市测试路0号(虚构地址)');
  assert.is(values.get('phone'), '00000000000');
  assert.is(values.get('insured-region'), '宁波市 330200');
  assert.is(values.get('account-opened'), '2020-01-01');
});

agreement.run();
