/** Our PC/SC driver on the real pcscd: card and PSAM at once, and everything that goes wrong. */

import * as assert from 'uvu/assert';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createPcscReader } from '../../../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../../../firmware-bridge/pcsc/slot.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, SELECT_PURSE, upper } from '../../sim/card/hand.ts';
import { CARD_SLOT, PCSCD, pause, SAM_SLOT, until } from './daemon.ts';
import {
  atDesk,
  buy,
  type Desk,
  eventually,
  nextCard,
  outcome,
  readerConfig,
  startedSam,
  TIMEOUT_MS,
} from './kit.ts';

const pcsc = feature('pcsc driver on pcscd');
const TEST_MS = 40_000;
/**
 * No hand is faster, and pcscd looks every 400 ms: a card that hung, and is out and in again
 * between two looks, pcscd 1.9.9 may take for absent until it is taken out once more.
 */
const HAND_MS = 700;
const SELECT = bytes(SELECT_PURSE);

function desk(title: string, body: (desk: Desk) => Promise<void>, options?: object): void {
  pcsc.testWith(PCSCD, title, () => atDesk(body, options), TEST_MS);
}

/** Service is back when a whole purchase goes through. */
async function purchaseWorks(on: Desk): Promise<void> {
  const sam = await startedSam(on);
  const card = await nextCard(on);
  assert.is(await buy(card, sam), 'verified');
  await card.release();
}

for (const face of ['contactless', 'contact'] as const) {
  desk(
    `GIVEN a ${face} card and a PSAM WHEN a passenger pays THEN MAC1 and MAC2 hold`,
    async (on) => {
      const sam = await startedSam(on);
      assert.is(upper(sam.identity.serial), '33209900000000000001');
      const card = await nextCard(on);
      const contactless = face === 'contactless';
      assert.is(upper(card.uid), contactless ? '04112233445566' : '');
      assert.is(upper(card.ats), contactless ? '3B80800101' : '3B600000');
      assert.is(await buy(card, sam), 'verified');
      assert.is(on.purse.balance_fen, 4_800);
      assert.equal(await card.present(), { ok: true, value: true });
      await card.release();
      assert.is(outcome(await card.transceive(SELECT, TIMEOUT_MS)), 'card-gone none');
      const again = await nextCard(on);
      assert.is(await buy(again, sam), 'verified', 'detected anew without being taken out');
      assert.is(
        outcome(await card.transceive(SELECT, TIMEOUT_MS)),
        'card-gone none',
        'the old one',
      );
    },
    { face },
  );
}

desk(
  'GIVEN empty slots THEN none, and sam-absent; WHEN filled THEN a purchase',
  async (on) => {
    await eventually(async () => assert.is(outcome(await on.reader.recover()), 'ok'));
    assert.equal(await on.reader.detect(), { ok: true, value: { kind: 'none' } });
    await eventually(async () => assert.match(whyNot(await on.slot.reset()), /slot is empty/));
    assert.is(outcome(await on.slot.transceive(SELECT, TIMEOUT_MS)), 'sam-absent none');
    await Promise.all([on.card.insert(), on.psam.insert()]);
    await purchaseWorks(on);
  },
  { empty: true },
);

desk('GIVEN a reset of the SAM THEN it is a cold one: power off, then on', async (on) => {
  const sam = await startedSam(on);
  const before = on.psam.counts().power;
  assert.is(outcome(await sam.start()), 'ok');
  assert.is(outcome(await on.slot.probe()), 'ok');
  assert.ok(on.psam.counts().power >= before + 2, `${before} → ${on.psam.counts().power}`);
});

desk(
  'GIVEN a held SAM THEN other programs are kept out, and idle time leaves it up',
  async (on) => {
    const sam = await startedSam(on);
    const { power } = on.psam.counts();
    await pause(6_000);
    assert.is(on.psam.counts().power, power, 'the daemon left it alone');
    const card = await nextCard(on);
    assert.is(await buy(card, sam), 'verified');
  },
);

desk(
  'GIVEN a card pulled mid-command THEN a named fault, unknown, and service heals',
  async (on) => {
    const card = await nextCard(on);
    on.card.mute(true);
    const pending = card.transceive(SELECT, 3_000);
    await pause(100);
    on.card.remove();
    const begun = performance.now();
    assert.is(outcome(await pending), 'card-gone unknown');
    assert.ok(performance.now() - begun < 3_000, 'before the deadline');
    await eventually(async () => assert.equal(await card.present(), { ok: true, value: false }));
    assert.is(outcome(await card.transceive(SELECT, TIMEOUT_MS)), 'card-gone none');
    on.card.mute(false);
    await on.card.insert();
    await purchaseWorks(on);
  },
);

desk('GIVEN a mute card THEN its process is replaced at the deadline, and heals', async (on) => {
  const card = await nextCard(on);
  on.card.mute(true);
  const begun = performance.now();
  assert.is(outcome(await card.transceive(SELECT, 500)), 'card-mute unknown');
  const waited = performance.now() - begun;
  assert.ok(waited >= 499 && waited < 2_500, `${waited} ms`);
  assert.is((await card.present()).ok, false, 'nobody knows whether it still lies there');
  const sam = await startedSam(on);
  assert.ok(sam.identity, 'the PSAM did not notice');
  assert.is(on.slot.counters().processes, 1);
  on.card.remove();
  on.card.mute(false);
  await pause(HAND_MS);
  await on.card.insert();
  await purchaseWorks(on);
  assert.ok((on.reader.counters().processes ?? 0) >= 2);
  assert.is(on.reader.counters().timeouts, 1);
});

desk('GIVEN a mute PSAM THEN sam-mute at the deadline; reseated it serves', async (on) => {
  const sam = await startedSam(on);
  on.psam.mute(true);
  assert.is(outcome(await on.slot.transceive(SELECT, 500)), 'sam-mute unknown');
  assert.match(outcome(await sam.start()), /^sam-(mute|absent) none$/);
  on.psam.remove();
  on.psam.mute(false);
  await pause(HAND_MS);
  await on.psam.insert();
  await purchaseWorks(on);
});

desk('GIVEN a late answer of a mute card THEN it answers no later command', async (on) => {
  const card = await nextCard(on);
  on.card.mute(true);
  assert.is(outcome(await card.transceive(bytes('00B095001E'), 300)), 'card-mute unknown');
  on.card.mute(false);
  const fresh = await nextCard(on);
  const answer = await fresh.transceive(SELECT, TIMEOUT_MS);
  assert.ok(answer.ok && upper(answer.value).startsWith('6F'), 'the answer to SELECT');
  await fresh.release();
  await purchaseWorks(on);
});

desk('GIVEN a card out and in within 50 ms THEN it is another card', async (on) => {
  const card = await nextCard(on);
  assert.is(outcome(await card.transceive(SELECT, TIMEOUT_MS)), 'ok');
  on.card.remove();
  await pause(50);
  await on.card.insert();
  const reply = await card.transceive(SELECT, TIMEOUT_MS);
  assert.match(outcome(reply), /^card-gone/);
  assert.is(outcome(await card.transceive(SELECT, TIMEOUT_MS)), 'card-gone none');
  await purchaseWorks(on);
});

desk('GIVEN the daemon is killed and comes back THEN named faults, then service', async (on) => {
  await startedSam(on);
  const card = await nextCard(on);
  await on.daemon.kill();
  const broken = await card.transceive(SELECT, TIMEOUT_MS);
  assert.match(outcome(broken), /^(link-lost|card-gone)/);
  await until('noticed', () => !sameSession(on), 2_000);
  assert.match(outcome(await on.reader.recover()), /^link-(lost|absent) none$/);
  assert.match(outcome(await on.reader.detect()), /^link-(lost|absent) none$/);
  assert.is(outcome(await on.slot.reset()), 'sam-absent none');
  await on.daemon.start();
  const begun = performance.now();
  await purchaseWorks(on);
  assert.ok(performance.now() - begun < 10_000);

  function sameSession({ reader }: Desk): boolean {
    return reader.counters().processes === 1;
  }
});

desk(
  'GIVEN no daemon at the start THEN link-absent with the cure; it comes, service',
  async (on) => {
    await on.daemon.kill();
    assert.match(await complaint(CARD_SLOT, /not running/), /pcscd is not running; start it/);
    await on.daemon.start();
    await purchaseWorks(on);
  },
);

desk('GIVEN a daemon that hangs THEN probe tells in time, and service comes back', async (on) => {
  await nextCard(on);
  await on.reader.recover();
  on.daemon.freeze(true);
  const card = await on.reader.detect();
  assert.is(outcome(card), 'link-lost none');
  assert.is(outcome(await on.reader.recover()), 'link-absent none');
  on.daemon.freeze(false);
  await purchaseWorks(on);
});

desk('GIVEN a pattern for several or no slots THEN a fault that lists them', async () => {
  const several = await complaint('*', /matches/);
  assert.match(several, `'*' matches '${CARD_SLOT}', `);
  assert.match(several, `'${SAM_SLOT}'`);
  const none = await complaint('Omnikey*', /matches/);
  assert.match(none, `'Omnikey*' matches none of '${CARD_SLOT}', `);
});

function whyNot(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : reply.fault.detail;
}

/** What a reader with that pattern says once it has come up. */
async function complaint(pattern: string, expected: RegExp): Promise<string> {
  const reader = createPcscReader({ config: readerConfig(pattern), clock: systemClock });
  try {
    return await eventually(async () => {
      const reply = await reader.recover();
      assert.is(outcome(reply), 'link-absent none');
      const detail = reply.ok ? '' : reply.fault.detail;
      assert.match(detail, expected);
      return detail;
    });
  } finally {
    await reader.close();
  }
}

desk(
  'GIVEN two patterns for one slot THEN the second says so, until the first ends',
  async (on) => {
    await nextCard(on);
    const clock = systemClock;
    const rival = createPcscSamSlot({ pattern: 'ACS*PICC 00 00', clock, timeout_ms: TIMEOUT_MS });
    try {
      await eventually(async () => {
        const refused = await rival.reset();
        assert.is(outcome(refused), 'sam-absent none');
        const detail = refused.ok ? '' : refused.fault.detail;
        assert.match(detail, /'ACS\*PICC 00 00' and '.*' both match/);
      });
      await on.reader.close();
      await eventually(async () => assert.is(outcome(await rival.reset()), 'ok'));
    } finally {
      await rival.close();
    }
  },
);

desk(
  'GIVEN close in the middle of a command THEN a fault at once, and nothing left',
  async (on) => {
    const card = await nextCard(on);
    on.card.mute(true);
    const pending = card.transceive(SELECT, 30_000);
    await pause(50);
    const begun = performance.now();
    await on.reader.close();
    assert.ok(performance.now() - begun < 2_000);
    assert.is(outcome(await pending), 'link-lost unknown');
    assert.is(outcome(await on.reader.recover()), 'link-lost none');
    assert.is(outcome(await on.reader.detect()), 'link-lost none');
  },
);

pcsc.run();
