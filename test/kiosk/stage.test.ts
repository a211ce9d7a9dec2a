import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { shippedDirectory } from '../../config/load.ts';
import { loadKiosk } from '../../config/load-kiosk.ts';
import type { Screen } from '../../controller/kiosk/view.ts';
import { openKiosk, type WiredKiosk } from '../../controller/kiosk-main.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { createPeople, listedPeople, type Person } from '../../sim/card/people.ts';
import { parseStageCommand } from '../../sim/kiosk/command.ts';
import { createEquipment, type Equipment } from '../../sim/kiosk/equipment.ts';
import { createStage, type Stage } from '../../sim/kiosk/stage.ts';
import { issueBlacklist, trustOffice } from '../../sim/lane/office.ts';
import { linesOf } from '../../sim/printer/paper.ts';
import { feature } from '../kit/feature.ts';
import { realClock, until } from '../page/fake-world.ts';

const stage = feature('the kiosk on its stage');

interface Set {
  readonly stage: Stage;
  readonly equipment: Equipment;
  readonly kiosk: WiredKiosk['kiosk'];
  readonly people: readonly Person[];
  screen(): Screen;
}

/** The whole kiosk of `tapway-sim kiosk` but its pages: real drivers, books, HSM; no timing. */
async function withStage(body: (set: Set) => Promise<void>): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'tapway-stage-'));
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const base = { ...trustOffice(loaded.config), data_dir: data };
  const clock = realClock;
  const equipment = await createEquipment({ config: base, clock, timed: false });
  const hsm = { ...base.ssc.hsm, address: '127.0.0.1', port: equipment.hsmPort, tls: false };
  const config = { ...base, ssc: { ...base.ssc, keys: 'hsm' as const, hsm } };
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const io = { out: silent, err: silent, write: async () => {}, env: {}, disk: systemDisk, clock };
  const stopped = new Promise<void>(silent);
  const devices = equipment.devices;
  const opened = await openKiosk({ io, config, log, stopped, devices });
  if (!opened.ok) throw new Error(opened.fault.detail);
  const { kiosk, stores, close } = opened.value;
  try {
    const lines = listedPeople().map(({ cardId, reason }) => `${cardId.toString('hex')},${reason}`);
    const { blacklist } = stores;
    const issued = await issueBlacklist({ disk: systemDisk, clock, config, blacklist, lines });
    if (!issued.ok) throw new Error(issued.fault.detail);
    const today = new Date(clock.wall_ms()).toISOString().slice(0, 10).replaceAll('-', '');
    const people = createPeople(today);
    const parts = { people, equipment, clock, settled: silent, kiosk: 'http://127.0.0.1:1/' };
    await kiosk.start();
    const set = createStage({ ...parts, site: config.site.name });
    await body({ stage: set, equipment, kiosk, people, screen: () => kiosk.desk.view().screen });
  } finally {
    await close();
    await equipment.stop();
    rmSync(data, { recursive: true });
  }
}

stage.test(
  'GIVEN everybody of the tray WHEN each puts the card in THEN each gets what belongs to it',
  () =>
    withStage(async (set) => {
      const { stage, kiosk, people, screen } = set;
      for (const person of people.filter(({ contact, contactless }) => contact ?? contactless)) {
        await until(() => screen().kind === 'welcome');
        const place = person.contact ? 'slot' : 'pad';
        stage.command({ type: 'put', person: person.id, place });
        await until(() => !['welcome', 'reading'].includes(screen().kind));
        if (person.expected.kind === 'silent') assert.is(screen().kind, 'unreadable', person.id);
        else expectCard(person, set);
        stage.command({ type: 'put', person: person.id, place: 'tray' });
        kiosk.desk.command({ type: 'finish' });
      }
    }),
  120_000,
);

function expectCard({ id, expected }: Person, { kiosk, screen }: Set): void {
  kiosk.desk.command({ type: 'reveal', on: true });
  const shown = screen();
  if (shown.kind !== 'card') throw new Error(`${id}: ${shown.kind}`);
  const { card } = shown;
  assert.is(card.kind, expected.kind, id);
  if (expected.holder) assert.is(card.holder?.name, expected.holder, id);
  // A card of the first generation works; its holder is sent to a bank all the same.
  const old = card.generation === 1 && expected.validity === 'valid';
  if (expected.validity) assert.is(card.validity?.state, old ? 'unsure' : expected.validity, id);
}

stage.test('GIVEN a card on the pad WHEN torn in the debit THEN once, and a receipt', () =>
  withStage(async ({ stage, equipment, kiosk, people, screen }) => {
    const adult = people.find(({ id }) => id === 'adult-3');
    const before_fen = adult?.card?.purse?.balance_fen ?? 0;
    stage.command({ type: 'put', person: 'adult-3', place: 'pad' });
    await until(() => screen().kind === 'card');
    stage.command({ type: 'tear', on: true });
    kiosk.desk.command({ type: 'pay', item: 'registration' });
    await until(() => screen().kind === 'confirm-pay');
    kiosk.desk.command({ type: 'confirm' });
    await until(() => {
      const shown = screen();
      return shown.kind === 'paying' && shown.state === 'tap-again';
    });
    assert.is(stage.state().people.find(({ id }) => id === 'adult-3')?.place, 'tray');
    assert.is(stage.state().tears, false);
    stage.command({ type: 'put', person: 'adult-3', place: 'pad' });
    await until(() => screen().kind === 'paid');
    assert.is(adult?.card?.purse?.balance_fen, before_fen - 500);
    kiosk.desk.command({ type: 'print', what: 'receipt', full: false });
    await until(() => screen().kind === 'printed');
    const text = linesOf(equipment.printer.paper).map((line) => line.text);
    assert.match(text.join('\n'), /挂号费/);
    assert.match(stage.paper(), /^<svg/);
  }),
);

stage.test('GIVEN faults WHEN switched on and off THEN the kiosk goes on with what is left', () =>
  withStage(async ({ stage, kiosk, screen }) => {
    const canPrint = () => kiosk.desk.view().canPrint;
    await until(canPrint);
    stage.command({ type: 'put', person: 'adult-3', place: 'slot' });
    await until(() => screen().kind === 'card');
    stage.command({ type: 'fault', fault: 'cover-open', on: true });
    kiosk.desk.command({ type: 'print', what: 'information', full: false });
    await until(() => kiosk.desk.view().notice?.code === 'printer-broken');
    stage.command({ type: 'fault', fault: 'cover-open', on: false });
    stage.command({ type: 'put', person: 'adult-3', place: 'tray' });
    await until(() => screen().kind === 'welcome');
    stage.command({ type: 'fault', fault: 'hsm-off', on: true });
    stage.command({ type: 'put', person: 'adult-3', place: 'slot' });
    await until(() => screen().kind === 'card');
    const shown = screen();
    assert.is(shown.kind === 'card' && shown.card.holderState, 'locked');
    stage.command({ type: 'fault', fault: 'slot-unplugged', on: true });
    await until(() => screen().kind === 'welcome');
    stage.command({ type: 'fault', fault: 'pad-unplugged', on: true });
    await until(() => screen().kind === 'out-of-service');
    stage.command({ type: 'fault', fault: 'pad-unplugged', on: false });
    await until(() => screen().kind === 'welcome');
  }),
);

const COMMANDS: readonly [text: string, good: boolean][] = [
  ['{"type":"put","person":"adult-3","place":"slot"}', true],
  ['{"type":"fault","fault":"paper-out","on":true}', true],
  ['{"type":"tear","on":false}', true],
  ['{"type":"tidy"}', true],
  ['{"type":"put","person":"adult-3","place":"moon"}', false],
  ['{"type":"fault","fault":"rain","on":true}', false],
  ['{"type":"tidy","now":1}', false],
  ['nonsense', false],
];

for (const [text, good] of COMMANDS) {
  stage.test(`GIVEN ${text} WHEN parsed THEN it is ${good ? 'taken' : 'refused in words'}`, () => {
    const parsed = parseStageCommand(text);
    assert.is(parsed.ok, good);
    if (parsed.ok) assert.equal(parsed.command, JSON.parse(text));
    else assert.match(parsed.error, /^command refused: ./);
  });
}

stage.run();
