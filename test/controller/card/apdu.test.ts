import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  type Command,
  decodeCommand,
  encodeCommand,
  exchange,
  type Response,
} from '../../../controller/card/apdu.ts';
import { describeFault, type Reply } from '../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../kit/apdu-script.ts';
import { feature } from '../../kit/feature.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const apdu = feature('apdu');

const byte = fc.integer({ min: 0, max: 255 });
const PLAIN = { noNullPrototype: true };
const head = { cla: byte, ins: byte, p1: byte, p2: byte };
const data = fc.uint8Array({ minLength: 1, maxLength: 255 }).map((raw) => Buffer.from(raw));
const le = fc.integer({ min: 1, max: 256 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record(head, PLAIN),
  fc.record({ ...head, le }, PLAIN),
  fc.record({ ...head, data }, PLAIN),
  fc.record({ ...head, data, le }, PLAIN),
);

apdu.test('any command of cases 1 to 4 survives encoding and decoding', () => {
  fc.assert(
    fc.property(commands, (command) => {
      const encoded = encodeCommand(command);
      assert.equal(decodeCommand(encoded), command);
      const body = (command.data ? 1 + command.data.length : 0) + (command.le ? 1 : 0);
      assert.is(encoded.length, 4 + body);
    }),
  );
});

apdu.test('any bytes decode to null, or to a command that encodes to the same bytes', () => {
  const raw = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 4, maxLength: 12 }).map((few) => {
      few[4] = few.length % 4;
      return few;
    }),
  );
  fc.assert(
    fc.property(raw, (few) => {
      const command = decodeCommand(Buffer.from(few));
      if (command) assert.equal(encodeCommand(command), Buffer.from(few));
    }),
  );
});

const SELECT = { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00 };
const CASES: readonly (readonly [Command, string])[] = [
  [{ cla: 0x80, ins: 0x54, p1: 1, p2: 0 }, '80540100'],
  [{ cla: 0x00, ins: 0xb0, p1: 0x95, p2: 0, le: 30 }, '00B095001E'],
  [{ cla: 0x00, ins: 0xb0, p1: 0x95, p2: 0, le: 256 }, '00B0950000'],
  [{ ...SELECT, data: bytes('A0') }, '00A4040001A0'],
  [{ ...SELECT, data: bytes('A001'), le: 256 }, '00A4040002A00100'],
];

apdu.test('GIVEN one command of each case THEN these bytes', () => {
  for (const [command, encoded] of CASES) {
    assert.is(upper(encodeCommand(command)), encoded);
    assert.equal(decodeCommand(bytes(encoded)), command);
  }
});

apdu.test('GIVEN bytes that are no short APDU THEN null', () => {
  for (const text of ['', '00', '00A404', '00A4040002A0', '00A4040000A0', '00A4040001A00000'])
    assert.is(decodeCommand(bytes(text)), null, text);
});

apdu.test('GIVEN a command that no card could take THEN it throws', () => {
  const tooMuch = { ...SELECT, data: Buffer.alloc(256) };
  for (const wrong of [{ ...SELECT, data: Buffer.alloc(0) }, tooMuch])
    assert.throws(() => encodeCommand(wrong), /short APDU takes 1 to 255/);
  for (const length of [0, 257, -1])
    assert.throws(() => encodeCommand({ ...SELECT, le: length }), /not 1 to 256/);
});

const DEBIT = { cla: 0x80, ins: 0x54, p1: 1, p2: 0, data: bytes('AA'), le: 8 };
const SENT = '=> 80540100 01 AA 08';

async function run(lines: readonly string[], command: Command = DEBIT) {
  const script = createApduScript(lines);
  const reply = await exchange(script, command, 500);
  script.ensureEmpty();
  return told(reply);
}

/** "9000 0102", or "card-gone unknown". */
function told(reply: Reply<Response>): string {
  if (!reply.ok) return `${reply.fault.code} ${reply.fault.effect}`;
  const { sw, data: got } = reply.value;
  return `${sw.toString(16).toUpperCase()} ${upper(got)}`.trim();
}

const EXCHANGES: readonly { title: string; lines: readonly string[]; end: string }[] = [
  { title: 'an answer at once', lines: [SENT, '<= 0102 9000'], end: '9000 0102' },
  { title: 'a bare status word', lines: [SENT, '<= 9302'], end: '9302' },
  {
    title: 'one GET RESPONSE',
    lines: [SENT, '<= 6108', '=> 00C0000008', '<= 0102030405060708 9000'],
    end: '9000 0102030405060708',
  },
  {
    title: 'data with 61xx, then more of it, joined in order',
    lines: [
      ...[SENT, '<= 01 6102', '=> 00C0000002', '<= 0203 6100'],
      ...['=> 00C0000000', '<= 04 6101', '=> 00C0000001', '<= 05 9000'],
    ],
    end: '9000 0102030405',
  },
  {
    title: '61xx and no data in the end',
    lines: [SENT, '<= 6101', '=> 00C0000001', '<= 6F00'],
    end: '6F00',
  },
  {
    title: '6Cxx, then the same command with that Le',
    lines: [SENT, '<= 6C04', '=> 80540100 01 AA 04', '<= 01020304 9000'],
    end: '9000 01020304',
  },
  {
    title: '6C00 means 256',
    lines: [SENT, '<= 6C00', '=> 80540100 01 AA 00', '<= 9000'],
    end: '9000',
  },
  {
    title: '6Cxx again: the second stands, there is no third try',
    lines: [SENT, '<= 6C04', '=> 80540100 01 AA 04', '<= 6C05'],
    end: '6C05',
  },
  {
    title: '6Cxx, then 61xx',
    lines: [SENT, '<= 6C04', '=> 80540100 01 AA 04', '<= 6102', '=> 00C0000002', '<= 0102 9000'],
    end: '9000 0102',
  },
  {
    title: '6Cxx to GET RESPONSE',
    lines: [SENT, '<= 6108', '=> 00C0000008', '<= 6C02', '=> 00C0000002', '<= 0102 9000'],
    end: '9000 0102',
  },
];

for (const { title, lines, end } of EXCHANGES) {
  apdu.test(`GIVEN ${title} THEN ${end}`, async () => {
    assert.is(await run(lines), end);
  });
}

apdu.test('GIVEN a card that chains for ever THEN it is given up as garbled, unknown', async () => {
  const rounds = Array.from({ length: 8 }, () => ['=> 00C0000001', '<= 00 6101']).flat();
  assert.is(await run([SENT, '<= 6101', ...rounds]), 'card-garbled unknown');
});

apdu.test('GIVEN eight rounds of GET RESPONSE that do end THEN all data counts', async () => {
  const rounds = Array.from({ length: 7 }, () => ['=> 00C0000001', '<= 00 6101']).flat();
  const last = ['=> 00C0000001', '<= FF 9000'];
  assert.is(await run([SENT, '<= 6101', ...rounds, ...last]), `9000 ${'00'.repeat(7)}FF`);
});

const FAULTS = ['card-gone none', 'card-mute unknown', 'link-lost none', 'card-garbled done'];

apdu.test('GIVEN a fault of the command itself THEN it passes as the link told it', async () => {
  for (const fault of FAULTS) assert.is(await run([SENT, `<= ! ${fault}`]), fault);
});

apdu.test('GIVEN a fault after the card answered once THEN its effect is unknown', async () => {
  for (const fault of FAULTS) {
    const unknown = `${fault.split(' ')[0]} unknown`;
    const fetching = [SENT, '<= 6108', '=> 00C0000008', `<= ! ${fault}`];
    const deep = [SENT, '<= 6108', '=> 00C0000008', '<= 01 6107', '=> 00C0000007'];
    const repeating = [SENT, '<= 6C04', '=> 80540100 01 AA 04', `<= ! ${fault}`];
    assert.is(await run(fetching), unknown);
    assert.is(await run([...deep, `<= ! ${fault}`]), unknown);
    assert.is(await run(repeating), unknown);
  }
});

apdu.test('GIVEN an answer without a status word THEN garbled, unknown', async () => {
  for (const short of ['', '90']) {
    assert.is(await run([SENT, `<= ${short}`]), 'card-garbled unknown');
    assert.is(await run([SENT, '<= 6101', '=> 00C0000001', `<= ${short}`]), 'card-garbled unknown');
  }
  const reply = await exchange(createApduScript([SENT, '<= 90']), DEBIT, 500);
  assert.match(reply.ok ? '' : describeFault(reply.fault), /answer of 1 bytes has no status word/);
});

apdu.test('any answers, however wild: it ends, and never with effect none', async () => {
  const answers = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.tuple(fc.constantFrom(0x61, 0x6c), byte).map((sw) => Uint8Array.from(sw)),
    ),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(answers, async (list) => {
      let sent = 0;
      const target = {
        async transceive() {
          sent += 1;
          return { ok: true, value: Buffer.from(list[sent % list.length] ?? []) } as const;
        },
      };
      const reply = await exchange(target, DEBIT, 500);
      assert.ok(sent <= 18, `${sent} commands`);
      if (!reply.ok) assert.is(reply.fault.effect, 'unknown');
    }),
  );
});

apdu.test('the transcript refuses what deviates from it, at once and at the end', async () => {
  const script = createApduScript([SENT, '<= 9000']);
  const wrong = () => exchange(script, { ...DEBIT, p1: 2 }, 500);
  await wrong().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /expected 8054010001AA08, got 8054020001AA08/),
  );
  assert.throws(() => script.ensureEmpty(), /expected/);
  assert.throws(() => createApduScript([SENT, '<= 9000']).ensureEmpty(), /was never sent/);
  for (const lines of [[SENT], ['<= 9000', SENT], [SENT, '<= 900'], [SENT, '<= ! card-lost none']])
    assert.throws(() => createApduScript(lines));
});

apdu.run();
