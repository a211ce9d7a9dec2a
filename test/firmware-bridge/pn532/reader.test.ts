import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { type Card, ok } from '../../../firmware-bridge/ports.ts';
import { createField } from '../../../sim/chip/field.ts';
import { attachToLink } from '../../../sim/chip/on-link.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../../sim/chip/timing.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { wire } from '../../kit/link-script.ts';
import { createTestCard } from '../../sim/chip/bench.ts';
import {
  answer,
  bench,
  CARD,
  CONFIG,
  CONFIGURE,
  fence,
  MUTE,
  ONE_CARD,
  started,
  verdict,
  WAKE,
  withCard,
} from './reader-bench.ts';

const readers = feature('PN532 reader');

readers.test('GIVEN a fresh chip WHEN started THEN it is configured and named', async () => {
  const { reader, clock, verify } = bench({ scripts: [[...WAKE, ...CONFIGURE]] });
  assert.equal(await clock.until(reader.start()), { ok: true, value: 'PN532 1.6' });
  verify();
  assert.is(clock.timers(), 0);
});

readers.test('GIVEN a fresh chip WHEN 921600 baud are wanted THEN the rate is raised', async () => {
  const raise = [...answer('1007', '11'), '> ack'];
  const script = [...MUTE, ...WAKE, ...fence('00000000'), ...raise, ...CONFIGURE];
  const { reader, clock, bauds, verify } = bench({ baud: 921_600, scripts: [script] });
  assert.is(verdict(await clock.until(reader.start())), 'ok');
  verify();
  assert.equal(bauds, [921_600, 115_200, 921_600]);
});

readers.test(
  'GIVEN a chip that kept 921600 baud WHEN started THEN it answers at once',
  async () => {
    const scripts = [[...WAKE, ...CONFIGURE]];
    const { reader, clock, bauds, verify } = bench({ baud: 921_600, scripts });
    assert.is(verdict(await clock.until(reader.start())), 'ok');
    verify();
    assert.equal(bauds, [921_600]);
  },
);

readers.test('GIVEN a chip left at 460800 WHEN 115200 is wanted THEN it is found', async () => {
  const lower = [...answer('1004', '11'), '> ack'];
  const script = [...MUTE, ...MUTE, ...WAKE, ...fence('00000000'), ...lower, ...CONFIGURE];
  const { reader, clock, bauds, verify } = bench({ scripts: [script] });
  assert.is(verdict(await clock.until(reader.start())), 'ok');
  verify();
  assert.equal(bauds, [115_200, 921_600, 460_800, 115_200]);
});

readers.test('GIVEN no device WHEN used before and after start THEN link-absent', async () => {
  const { reader, clock } = bench({ scripts: [[]] });
  assert.is(verdict(await reader.probe()), 'link-absent none');
  await clock.until(reader.start());
  assert.is(verdict(await reader.recover()), 'link-absent none');
  assert.is(verdict(await reader.detect()), 'link-absent none');
});

for (const [what, targets, expected, released] of [
  ['an empty field', '00', { kind: 'none' }, false],
  ['two cards', `02${CARD}02${CARD.slice(2)}`, { kind: 'several' }, true],
  ['a Mifare Classic', '010100040804deadbeef', { kind: 'unsupported', sak: 0x08 }, true],
  ['two Mifare', '010004 0804deadbeef 0200040804deadbeee', { kind: 'several' }, true],
] as const) {
  readers.test(`GIVEN ${what} WHEN detecting THEN ${expected.kind}`, async () => {
    const list = what === 'two Mifare' ? `02${targets.replaceAll(' ', '')}` : targets;
    const release = released ? answer('5200', '5300') : [];
    const { reader, verify } = await started(...answer('4a0200', `4b${list}`), ...release);
    assert.equal(await reader.detect(), { ok: true, value: expected });
    verify();
  });
}

readers.test('GIVEN a card WHEN detected THEN UID and ATS are its own', async () => {
  const { card } = await withCard();
  assert.is(card.uid.toString('hex'), '04a1b2c3d4e5f6');
  assert.is(card.ats.toString('hex'), '067577810280');
});

readers.test('GIVEN SAK 28 (not 20) WHEN detecting THEN it is a card all the same', async () => {
  const { reader } = await started(...answer('4a0200', '4b0101000428041122334401'));
  const found = await reader.detect();
  assert.is(found.ok && found.value.kind, 'card');
});

readers.test(
  'GIVEN a malformed ATS WHEN detecting THEN card-garbled, and it is let go',
  async () => {
    const script = [...answer('4a0200', '4b010100042804112233440278'), ...answer('5200', '5300')];
    const { reader, verify } = await started(...script);
    assert.is(verdict(await reader.detect()), 'card-garbled none');
    verify();
  },
);

readers.test('GIVEN a card WHEN it answers THEN the whole answer comes back', async () => {
  const { card, verify } = await withCard(...answer('400100a40000', '41006f009000'));
  const reply = await card.transceive(Buffer.from('00a40000', 'hex'), 500);
  assert.ok(reply.ok);
  assert.is(reply.value.toString('hex'), '6f009000');
  verify();
});

readers.test('GIVEN 600 bytes each way WHEN exchanged THEN chained both ways', async () => {
  const command = Buffer.from(Array.from({ length: 600 }, (_, i) => i & 0xff));
  const part = (from: number, to?: number) => command.subarray(from, to).toString('hex');
  const { card, verify } = await withCard(
    ...answer(`4041${part(0, 262)}`, '4100'),
    ...answer(`4041${part(262, 524)}`, '4100'),
    ...answer(`4001${part(524)}`, `4140${part(0, 262)}`),
    ...answer('4001', `4140${part(262, 524)}`),
    ...answer('4001', `4100${part(524)}`),
  );
  const reply = await card.transceive(command, 500);
  assert.ok(reply.ok);
  assert.equal(reply.value, command);
  verify();
});

readers.test('a command of exactly one frame is not chained', async () => {
  const command = Buffer.alloc(262, 1);
  const { card, verify } = await withCard(...answer(`4001${command.toString('hex')}`, '41009000'));
  assert.is(verdict(await card.transceive(command, 500)), 'ok');
  verify();
});

/** What becomes of a debit; `then` is what the chip does after the command was sent. */
const TROUBLE: readonly [string, string[], string][] = [
  ['the chip never acknowledges', ['> ack'], 'chip-mute unknown'],
  ['the card stays silent', ['< ack', '> ack'], 'card-mute unknown'],
  ['the RF times out', ['< ack', '< d54101'], 'card-gone unknown'],
  ['the RF answer is broken', ['< ack', '< d54102'], 'card-garbled unknown'],
  ['the chip refuses the context', ['< ack', '< d54127'], 'chip-refused none'],
  ['the chip refuses the syntax', ['< ack', '< error'], 'chip-refused none'],
  ['the card answers one byte', ['< ack', '< d5410090'], 'card-garbled unknown'],
  ['the cable is pulled', ['< ack', '! unplug'], 'link-lost unknown'],
  [
    'the chip refuses to give the rest of an answer',
    ['< ack', '< d5414090', ...answer('4001', '4127')],
    'chip-refused unknown',
  ],
];
for (const [what, then, expected] of TROUBLE) {
  readers.test(`GIVEN a debit WHEN ${what} THEN ${expected}`, async () => {
    const { card, clock, verify } = await withCard('> d440018054', ...then);
    const reply = await clock.until(card.transceive(Buffer.from('8054', 'hex'), 500));
    assert.is(verdict(reply), expected);
    verify();
    assert.is(clock.timers(), 0);
  });
}

readers.test(
  'GIVEN a chained debit WHEN its first part fails THEN the rest is not sent',
  async () => {
    const command = Buffer.alloc(300, 5);
    const first = command.subarray(0, 262).toString('hex');
    const { card, verify } = await withCard(...answer(`4041${first}`, '4101'));
    assert.is(verdict(await card.transceive(command, 500)), 'card-gone unknown');
    verify();
  },
);

readers.test('GIVEN endless chaining WHEN time is over THEN card-mute, unknown', async () => {
  const { card, clock, far } = await withCard();
  let asked = 0;
  far.listen({
    data() {
      asked += 1;
      const reply = Buffer.from(wire('< ack') + wire('< d5414044'), 'hex');
      clock.setTimeout(() => far.write(reply), 9);
    },
    lost() {},
  });
  const reply = await clock.until(card.transceive(Buffer.from('8054', 'hex'), 200));
  assert.is(verdict(reply), 'card-mute unknown');
  assert.ok(asked > 20, `${asked} exchanges`);
});

readers.test('present and release use the card’s own commands', async () => {
  const { card, verify } = await withCard(
    ...answer('0006', '0100'),
    ...answer('0006', '0101'),
    ...answer('5201', '5300'),
  );
  assert.equal(await card.present(), { ok: true, value: true });
  assert.equal(await card.present(), { ok: true, value: false });
  await card.release();
  await card.release();
  assert.equal(await card.present(), { ok: true, value: false });
  verify();
});

/** A card that nobody released is let go before the next search, which it would not answer. */
const LET_GO = answer('5200', '5300');

/** The driver on the virtual chip. */
async function onVirtualChip() {
  const clock = createFakeClock();
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: NO_TIMING });
  const openLink = async () => {
    const { near, far } = createMemoryLinkPair('reader');
    attachToLink(chip, far);
    return ok(near);
  };
  const reader = createPn532Reader({ openLink, clock, config: CONFIG });
  await clock.until(reader.start());
  return { clock, field, chip, reader };
}

readers.test('GIVEN a search whose card nobody took WHEN searching again THEN found', async () => {
  const { clock, field, reader } = await onVirtualChip();
  field.enter(createTestCard());
  for (const _ of [1, 2, 3]) {
    const found = await clock.until(reader.detect());
    assert.is(found.ok && found.value.kind, 'card');
  }
  await reader.close();
});

readers.test(
  'GIVEN a chip that answers well and hears no card any more THEN a minute later it does',
  async () => {
    const { clock, field, chip, reader } = await onVirtualChip();
    chip.hangFrontEnd();
    field.enter(createTestCard());
    const look = async () => {
      const found = await clock.until(reader.detect());
      return found.ok && found.value.kind;
    };
    for (let round = 0; round < 3; round += 1) {
      assert.is(await look(), 'none');
      assert.is((await clock.until(reader.probe())).ok, true, 'no probe sees it');
      await clock.advance(CONFIG.rf_cycle_s * 250);
    }
    await clock.advance(CONFIG.rf_cycle_s * 250);
    assert.is(await look(), 'card');
    await reader.close();
  },
);

readers.test('GIVEN a minute without a card THEN off, on, and not again at once', async () => {
  const cycle = [...answer('320100', '33'), ...answer('320101', '33')];
  const empty = answer('4a0200', '4b00');
  const lines = [...empty, ...cycle, ...empty, ...empty];
  const { reader, clock, verify } = await started(...lines);
  await clock.until(reader.detect());
  await clock.advance(CONFIG.rf_cycle_s * 1_000);
  for (const _ of [1, 2]) await clock.until(reader.detect());
  verify();
});

for (const [what, end] of [
  ['was released', (card: Card) => card.release()],
  ['was replaced by a later detection', undefined],
] as const) {
  readers.test(`GIVEN a card that ${what} WHEN used THEN nothing is sent`, async () => {
    const next = end ? answer('5201', '5300') : [...LET_GO, ...ONE_CARD];
    const { card, reader, verify } = await withCard(...next);
    await (end ? end(card) : reader.detect());
    assert.is(verdict(await card.transceive(Buffer.from('8054', 'hex'), 500)), 'card-gone none');
    verify();
  });
}

readers.test(
  'GIVEN two detections at once WHEN both find a card THEN only the last lives',
  async () => {
    const { reader } = await started(...ONE_CARD, ...LET_GO, ...ONE_CARD);
    const [first] = await Promise.all([reader.detect(), reader.detect()]);
    assert.ok(first.ok && first.value.kind === 'card');
    const reply = await first.value.card.transceive(Buffer.from('8054', 'hex'), 500);
    assert.is(verdict(reply), 'card-gone none');
  },
);

readers.test(
  'GIVEN half a command sent WHEN detecting anew THEN the rest is not sent',
  async () => {
    const command = Buffer.alloc(300, 5);
    const first = command.subarray(0, 262).toString('hex');
    const sent = answer(`4041${first}`, '4100');
    const { card, reader, verify } = await withCard(...sent, ...LET_GO, ...ONE_CARD);
    const reply = card.transceive(command, 500);
    await reader.detect();
    assert.is(verdict(await reply), 'card-gone unknown');
    verify();
  },
);

readers.test('GIVEN a mute chip WHEN recovered THEN abort, wake-up, configuration', async () => {
  const { reader, clock, script, verify } = await started('> d402', '> ack');
  assert.is(verdict(await clock.until(reader.probe())), 'chip-mute none');
  const [speed = '', ...rest] = CONFIGURE;
  script.play('> ack', ...WAKE, ...fence('00000000'), speed, ...rest);
  assert.is(verdict(await clock.until(reader.recover())), 'ok');
  verify();
});

readers.test(
  'GIVEN a chip dead for good WHEN recovered THEN mute; next time a new link',
  async () => {
    const dead = ['> ack', ...MUTE, ...MUTE, ...MUTE, ...MUTE];
    const scripts = [
      [...WAKE, ...CONFIGURE, ...dead],
      [...WAKE, ...CONFIGURE],
    ];
    const { reader, clock, verify } = bench({ scripts });
    await clock.until(reader.start());
    assert.is(verdict(await clock.until(reader.recover())), 'chip-mute none');
    assert.is(verdict(await reader.detect()), 'chip-mute none');
    assert.is(verdict(await clock.until(reader.recover())), 'ok');
    verify();
    assert.is(reader.counters().timeouts, 4);
  },
);

readers.test(
  'GIVEN a lost link WHEN recovered THEN a new one, and old cards stay dead',
  async () => {
    const scripts = [
      [...WAKE, ...CONFIGURE, ...ONE_CARD],
      [...WAKE, ...CONFIGURE],
    ];
    const { reader, clock, far, verify } = bench({ scripts });
    await clock.until(reader.start());
    const found = await reader.detect();
    assert.ok(found.ok && found.value.kind === 'card');
    far.unplug();
    await clock.advance(1);
    const both = await Promise.all([reader.probe(), reader.detect()]);
    assert.equal(both.map(verdict), ['link-lost none', 'link-lost none']);
    assert.is(verdict(await clock.until(reader.recover())), 'ok');
    const reply = await found.value.card.transceive(Buffer.from('8054', 'hex'), 500);
    assert.is(verdict(reply), 'card-gone none');
    verify();
  },
);

readers.test('GIVEN a running recovery WHEN asked again THEN both share it', async () => {
  const { reader, clock, verify } = bench({ scripts: [[...WAKE, ...CONFIGURE]] });
  const both = await clock.until(Promise.all([reader.start(), reader.recover()]));
  assert.equal(both.map(verdict), ['ok', 'ok']);
  verify();
});

readers.test('GIVEN a debit under way WHEN closed THEN it ends with unknown', async () => {
  const { reader, card, clock } = await withCard('> d440018054', '< ack');
  const reply = card.transceive(Buffer.from('8054', 'hex'), 500);
  await clock.advance(1);
  await reader.close();
  await reader.close();
  assert.is(verdict(await reply), 'link-lost unknown');
  assert.is(verdict(await reader.recover()), 'link-lost none');
  assert.is(clock.timers(), 0);
});

readers.run();
