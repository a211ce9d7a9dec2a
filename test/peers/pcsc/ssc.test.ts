/**
 * A Social Security Card and its PSAM in slots of the real pcscd, read by `tapway card read` as a
 * user runs it; and the card drawn at every command. All persons are synthetic.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readInsurance, verifyPin } from '../../../controller/kiosk/reading/insurance.ts';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import type { CardReport } from '../../../controller/kiosk/report.ts';
import type { SscCrypto } from '../../../controller/sam/ssc-keys.ts';
import { createSscPsam } from '../../../controller/sam/ssc-psam.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createPcscReader } from '../../../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../../../firmware-bridge/pcsc/slot.ts';
import type { Card, Reply } from '../../../firmware-bridge/ports.ts';
import { createPeople } from '../../../sim/card/people.ts';
import { contactInSlot, psamInSlot } from '../../../sim/pcsc/cards.ts';
import { createVpcdSlot } from '../../../sim/pcsc/vpcd.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { SSC_SAM } from '../../../sim/sam/ssc.ts';
import { killAll, run, SOURCE, scratch } from '../../commands/programs.ts';
import { readingDeps } from '../../controller/kiosk/paper-card.ts';
import { feature } from '../../kit/feature.ts';
import { CARD_SLOT, createDaemon, type Daemon, PCSCD, pause, SAM_SLOT } from './daemon.ts';
import { nextCard, readerConfig } from './kit.ts';

const ssc = feature('social security card on pcscd');
ssc.after(killAll);

const clock = systemClock;
const TODAY = '20260701';
/** No hand is faster, and pcscd looks every 400 ms. */
const HAND_MS = 700;
const SAM_MS = 2_000;

function personOf(id: string) {
  const person = createPeople(TODAY).find((one) => one.id === id);
  if (!person?.contact) throw new Error(`no person ${id} with a contact card`);
  return person.contact;
}

async function withDaemon(body: (daemon: Daemon) => Promise<void>): Promise<void> {
  const daemon = await createDaemon();
  try {
    await body(daemon);
  } finally {
    await daemon.end();
  }
}

/** The shipped kiosk, with our two slots. */
function kioskFile(): string {
  const file = join(scratch(), 'kiosk.yaml');
  const lines = [
    'extends: shipped:kiosks/ningbo.yaml',
    `contact: { name: '${CARD_SLOT}' }`,
    `ssc: { keys: psam, psam: { slot: '${SAM_SLOT}' } }`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

ssc.testWith(
  PCSCD,
  'GIVEN card and PSAM in their slots WHEN tapway card read THEN the holder, masked unless in full',
  () =>
    withDaemon(async ({ ports }) => {
      const inCard = contactInSlot(personOf('adult-3'));
      const virtual = createVirtualPsam(clock, { timed: false, getResponse: true, ssc: SSC_SAM });
      const card = createVpcdSlot({ port: ports.card, clock, card: inCard });
      const psam = createVpcdSlot({ port: ports.sam, clock, card: await psamInSlot(virtual) });
      try {
        await Promise.all([card.insert(), psam.insert()]);
        const args = ['card', 'read', '--config', kioskFile(), '--wait', '10'];
        const plain = await run(SOURCE, args);
        assert.is(plain.code, 0, plain.err);
        assert.match(plain.out, /^holder +测＊＊$/m);
        assert.match(plain.out, /^genuine +genuine$/m);
        assert.match(plain.out, /^balance +¥42\.50$/m);
        assert.not.match(plain.out, /测试甲|ZNB/);
        const full = await run(SOURCE, [...args, '--json', '--full']);
        assert.is(full.code, 0, full.err);
        const report = JSON.parse(full.out) as CardReport;
        assert.is(report.ssc?.holder?.name, '测试甲');
        assert.is(report.ssc?.generation, 3);
        assert.is(report.purse?.records.length, 10);
        assert.match(String(report.ssc?.photo?.bytes), /^\/9j\//, 'base64 of a JPEG');
        const without = await run(SOURCE, ['card', 'read', '--reader', CARD_SLOT, '--wait', '5']);
        assert.match(without.out, /^holder +locked$/m, 'no keys, no holder');
      } finally {
        card.close();
        psam.close();
      }
    }),
  60_000,
);

/** Every nth command; 1 in a long run: `DRAWN_EVERY=1 npm run unit -- pcsc/ssc`. */
const DRAWN_EVERY = Number(process.env.DRAWN_EVERY ?? 5);

type Work = (card: Card, crypto: SscCrypto) => Promise<Reply<unknown>>;

/** What is done with a card, whose it is, and how many commands that is at least. */
const WORKS: readonly (readonly [string, string, number, Work])[] = [
  [
    'a card of generation 2 without keys',
    'fine-2',
    20,
    (card) => readCard(card, 'contact', readingDeps()),
  ],
  [
    'holder, photo, purse and bank of generation 3, both sides authenticated by a PSAM',
    'adult-3',
    40,
    (card, crypto) => readCard(card, 'contact', readingDeps({ crypto })),
  ],
  ['PIN and insurance', 'adult-3', 8, pinAndInsurance],
];

async function pinAndInsurance(card: Card): Promise<Reply<unknown>> {
  const entry = { pin: Buffer.from('123456'), lastTryAgreed: false };
  const verdict = await verifyPin(card, entry, readingDeps());
  if (verdict.ok) assert.is(verdict.value.kind, 'right');
  return verdict.ok ? readInsurance(card, readingDeps()) : verdict;
}

for (const [what, person, least, work] of WORKS)
  ssc.testWith(
    PCSCD,
    `GIVEN ${what} WHEN the card is drawn at any command THEN card-gone, and the next one serves`,
    () =>
      withDaemon(async ({ ports }) => {
        const inCard = contactInSlot(personOf(person));
        let left = Number.POSITIVE_INFINITY;
        const transceive: typeof inCard.transceive = async (command) => {
          left -= 1;
          if (left === 0) card.remove();
          return inCard.transceive(command);
        };
        const card = createVpcdSlot({ port: ports.card, clock, card: { ...inCard, transceive } });
        const virtual = createVirtualPsam(clock, { timed: false, getResponse: true, ssc: SSC_SAM });
        const psam = createVpcdSlot({ port: ports.sam, clock, card: await psamInSlot(virtual) });
        const reader = createPcscReader({ config: readerConfig(CARD_SLOT), clock });
        const slot = createPcscSamSlot({ pattern: SAM_SLOT, clock, timeout_ms: SAM_MS });
        const crypto = createSscPsam(slot, readingDeps().ssc.psam);
        try {
          await psam.insert();
          const present = async (drawnAt: number) => {
            left = Number.POSITIVE_INFINITY;
            await card.insert();
            const met = await nextCard({ reader });
            left = drawnAt;
            const before = card.counts().commands;
            const told = await work(met, crypto);
            const commands = card.counts().commands - before;
            await met.release();
            card.remove();
            await pause(HAND_MS);
            return { told, commands };
          };
          const whole = await present(Number.POSITIVE_INFINITY);
          assert.ok(whole.told.ok);
          assert.ok(whole.commands > least, `${whole.commands} commands`);
          for (let at = 1; at <= whole.commands; at += DRAWN_EVERY) {
            const { told } = await present(at);
            if (told.ok) throw new Error(`command ${at}: a result of a card that was drawn`);
            assert.is(told.fault.code, 'card-gone', `command ${at}: ${told.fault.detail}`);
          }
          const again = await present(Number.POSITIVE_INFINITY);
          assert.ok(again.told.ok);
          assert.is(again.commands, whole.commands, 'nothing of what was cut short lives on');
        } finally {
          await Promise.all([reader.close(), slot.close()]);
          card.close();
          psam.close();
        }
      }),
    240_000,
  );

ssc.run();
