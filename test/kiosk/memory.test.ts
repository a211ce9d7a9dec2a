/**
 * A real `tapway kiosk` as the unit file starts it, with a reader and a printer on serial lines and
 * an HSM in the network, all of them in this process. A person comes, and goes; then the memory of
 * the kiosk is searched for her, byte by byte.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import type { KioskCommand, KioskView } from '../../controller/kiosk/view.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { personOnTray } from '../../sim/card/people.ts';
import { createField } from '../../sim/chip/field.ts';
import { serveOnPty } from '../../sim/chip/on-pty.ts';
import { createVirtualPn532 } from '../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../sim/chip/timing.ts';
import { createVirtualHsm } from '../../sim/hsm/server.ts';
import { runVirtualPrinter } from '../../sim/printer/run.ts';
import { createPty } from '../../sim/pty.ts';
import { bundle, killAll, scratch, start } from '../commands/programs.ts';
import { feature } from '../kit/feature.ts';
import { searchMemory } from './memory.ts';

const memory = feature('nothing of a person stays in the memory of the kiosk');
memory.after(killAll);
const DEADLINE_MS = 120_000;

/** A wrong PIN of many digits, then the right one: what was tried must not be found either. */
const WRONG_PIN = '7391824650';
const RIGHT_PIN = '123456';
/** The holder of `adult-3`, as her card has it (sim/card/people-drafts.ts). Synthetic. */
const NAME = { text: '测试甲', gb18030: Buffer.from('B2E2CAD4BCD7', 'hex') };
const CITIZEN_NUMBER = '000000198506150038';
const CARD_NUMBER = 'ZNB000017';
const ADDRESS = { text: '虚构省模拟市', gb18030: Buffer.from('D0E9B9B9CAA1C4A3C4E2CAD0', 'hex') };

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const PERSON: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['name, UTF-8', Buffer.from(NAME.text)],
  ['name, UTF-16', utf16(NAME.text)],
  ['name, GB 18030', NAME.gb18030],
  ['citizen number', Buffer.from(CITIZEN_NUMBER)],
  ['citizen number, UTF-16', utf16(CITIZEN_NUMBER)],
  ['card number', Buffer.from(CARD_NUMBER)],
  ['card number, UTF-16', utf16(CARD_NUMBER)],
  ['address, UTF-16', utf16(ADDRESS.text)],
  ['address, GB 18030', ADDRESS.gb18030],
];
const PIN: typeof PERSON = [
  ['PIN', Buffer.from(WRONG_PIN)],
  ['PIN, UTF-16', utf16(WRONG_PIN)],
  ['PIN, BCD', Buffer.from(WRONG_PIN, 'hex')],
  ['command with the right PIN', Buffer.from(`0020000003${RIGHT_PIN}`, 'hex')],
];

/** How the board starts it. */
function unit(): { flags: string[]; env: Record<string, string> } {
  const text = readFileSync('config/board/tapway-kiosk@.service', 'utf8');
  const [, flags = ''] = /^ExecStart=\S+node (.*?)\s*\/opt/m.exec(text) ?? [];
  const variables = Array.from(text.matchAll(/^Environment=(\w+)=(.*)$/gm), ([, name, value]) => [
    name,
    value,
  ]);
  return { flags: flags.split(' '), env: Object.fromEntries(variables) };
}

/** The world of one kiosk, and its page. */
async function withKiosk(body: (stage: Stage) => Promise<void>): Promise<void> {
  const field = createField();
  const pad = createPty();
  serveOnPty(createVirtualPn532({ clock: systemClock, field, timing: NO_TIMING }), pad);
  const hsm = createVirtualHsm({ clock: systemClock });
  const printer = runVirtualPrinter({ clock: systemClock, columns: 48, speed_mm_s: 10_000 });
  const port = await hsm.listen(0);
  const file = `${scratch()}/kiosk.yaml`;
  writeFileSync(
    file,
    'extends: shipped:sites/ningbo.yaml\nguides: shipped:sites/ningbo-guides\n' +
      "kiosk: { id: K01, place: '00019001' }\ndata_dir: data\n" +
      // On a busy machine this process answers late.
      `contactless: { kind: serial, path: ${pad.path}, ack_timeout_ms: 2000 }\n` +
      `ssc: { keys: hsm, timeout_ms: 9000, hsm: { port: ${port}, tls: false } }\n` +
      `printer: { kind: serial, path: ${printer.path}, flow: none }\n` +
      'speech: { enabled: false }\nscreen: { port: 0 }\n',
  );
  const { flags, env } = unit();
  const kiosk = start([...flags, ...bundle()], ['kiosk', '--config', file], { env });
  const url = await kiosk.until(/http:\/\/127\.0\.0\.1:\d+\//);
  const page = new WebSocket(`${url.replace('http', 'ws')}live`);
  let view: KioskView | undefined;
  page.on('message', (data) => {
    view = JSON.parse(String(data));
  });
  const card = personOnTray('adult-3', systemClock.wall_ms()).contactless;
  if (!card) throw new Error('her card has a contactless face');
  try {
    await body({
      pid: kiosk.pid,
      said: () => `${kiosk.said().out}${kiosk.said().err}`,
      lay: () => field.enter(card),
      lift: () => field.leave(card),
      ask: (command) => page.send(JSON.stringify(command)),
      async until(what, true_of) {
        for (let tries = 0; tries < 800; tries += 1) {
          if (view && true_of(view)) return view;
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
        throw new Error(`${what} never came, but ${view?.screen.kind}: ${kiosk.said().out}`);
      },
    });
  } finally {
    page.terminate();
    kiosk.kill('SIGTERM');
    await kiosk.ended;
    printer.close();
    pad.close();
    await hsm.close();
  }
}

interface Stage {
  readonly pid: number;
  said(): string;
  lay(): void;
  lift(): void;
  ask(command: KioskCommand): void;
  until(what: string, true_of: (view: KioskView) => boolean): Promise<KioskView>;
}

const screenIs = (kind: KioskView['screen']['kind']) => (view: KioskView) =>
  view.screen.kind === kind;

function type({ ask }: Stage, digits: string): void {
  for (const key of digits) ask({ type: 'key', key: key as '0' });
  ask({ type: 'key', key: 'enter' });
}

/** Everything that a person can see of herself, and her slip. */
async function visit(stage: Stage): Promise<void> {
  const { ask, until } = stage;
  stage.lay();
  await until('card', screenIs('card'));
  ask({ type: 'reveal', on: true });
  ask({ type: 'service', service: 'insurance' });
  await until('PIN', screenIs('pin'));
  type(stage, WRONG_PIN);
  await until('a wrong PIN', ({ screen }) => screen.kind === 'pin' && screen.wrong);
  type(stage, RIGHT_PIN);
  const opened = await until('insurance', screenIs('card'));
  assert.match(JSON.stringify(opened.screen), ADDRESS.text);
  ask({ type: 'preview', what: 'information', full: true });
  await until('preview', ({ preview }) => preview?.full === true);
  ask({ type: 'print', what: 'information', full: true });
  await until('slip', screenIs('printed'));
  stage.lift();
  ask({ type: 'finish' });
  await until('welcome', screenIs('welcome'));
}

const found = async (pid: number, patterns: typeof PERSON) =>
  (await searchMemory(pid, new Map(patterns))).map(({ what, where }) => `${what}: ${where}`);

memory.test(
  'GIVEN a person with PIN, preview and slip WHEN she has gone THEN no byte of her is found',
  () =>
    withKiosk(async (stage) => {
      const { pid, until } = stage;
      await until('welcome', ({ screen, canPrint }) => screen.kind === 'welcome' && canPrint);
      // The search sees what is there: her card, as long as she looks at it.
      stage.lay();
      await until('card', screenIs('card'));
      stage.ask({ type: 'reveal', on: true });
      await until('name', ({ screen }) => screen.kind === 'card' && screen.card.revealed);
      const present = (await found(pid, PERSON)).join('\n');
      for (const what of ['name, UTF-16', 'name, GB 18030', 'citizen number', 'card number'])
        assert.match(present, new RegExp(`^${what}: `, 'm'));
      stage.lift();
      await until('welcome', ({ screen, canPrint }) => screen.kind === 'welcome' && canPrint);
      await visit(stage);
      assert.equal(await found(pid, PIN), [], 'at once');
      // The kiosk collects its garbage a second after.
      let left = await found(pid, PERSON);
      for (let tries = 0; left.length > 0 && tries < 10; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        left = await found(pid, PERSON);
      }
      assert.equal(left, []);
      for (const text of [NAME.text, CITIZEN_NUMBER, CARD_NUMBER, WRONG_PIN, ADDRESS.text])
        assert.not.match(stage.said(), text);
    }),
  DEADLINE_MS,
);

memory.test(
  'GIVEN a PIN in memory WHEN it is searched for THEN the search would find it',
  async () => {
    const kept = PIN.map(([, bytes]) => Buffer.from(bytes));
    const seen = await found(process.pid, PIN);
    for (const [what] of PIN)
      assert.ok(
        seen.some((each) => each.startsWith(`${what}: `)),
        what,
      );
    assert.is(kept.length, PIN.length);
  },
);

memory.run();
