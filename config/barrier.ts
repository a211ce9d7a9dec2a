/**
 * The `barrier` section: which gate this lane has, and how its Modbus-RTU I/O board is wired. All
 * addresses are zero-based, as they travel on the wire (coil 1 of a manual is address 0 here).
 */

import { z } from 'zod';

const ADDRESS = 'a zero-based address from 0 to 65535, or null: not wired';
const wire = z.int(ADDRESS).min(0, ADDRESS).max(65_535, ADDRESS).nullable().default(null);
const wired = z.int().min(0).max(65_535);
const level = z.literal([0, 1]);

/** Discrete inputs that one request can fetch, so that they fit together in time. */
const INPUT_SPAN = 64;

const inputs = z.strictObject({
  open: wire.describe(`leaves stand open; ${ADDRESS}`),
  closed: wire.describe(`leaves are shut; ${ADDRESS}`),
  beams: z
    .array(wired)
    .max(8)
    .default([])
    .describe('light beams across the passage, 2 to 8, from the near (unpaid) to the far side'),
  safety: z
    .array(wired)
    .max(8)
    .default([])
    .describe('those of the beams that must be free before the leaves close; none: all inner ones'),
  height: wire.describe(`somebody taller than a child, at the middle beam; ${ADDRESS}`),
  fire: wire.describe(`fire alarm; ${ADDRESS}`),
  service_key: wire.describe(`service key; ${ADDRESS}`),
});

const outputs = z.strictObject({
  open_in: wire.describe(`open inwards, as long as it is 1; ${ADDRESS}`),
  open_out: wire.describe(`open outwards, as long as it is 1; ${ADDRESS}`),
  close: wire.describe(`close; null: leaves close when no open output is 1; ${ADDRESS}`),
  near_green: wire.describe(`lamp at the near end; ${ADDRESS}`),
  near_red: wire.describe(`lamp at the near end; ${ADDRESS}`),
  far_green: wire.describe(`lamp at the far end; ${ADDRESS}`),
  far_red: wire.describe(`lamp at the far end; ${ADDRESS}`),
  concession: wire.describe(`lamp that tells staff of a concession; ${ADDRESS}`),
  buzzer: wire.describe(ADDRESS),
});

const watchdog = z.strictObject({
  register: wire.describe(`holding register; the board opens when it is not written; ${ADDRESS}`),
  value: z.int().min(1).max(65_535).default(20).describe('written at each refresh'),
  refresh_ms: z.int().min(100).max(10_000).default(500),
});

const block = z.strictObject({
  kind: z
    .enum(['none', 'simulated', 'modbus'])
    .default('none')
    .describe('none: a validator post without leaves, whoever has paid counts as passed'),
  path: z.string().min(1).default('/dev/ttyUSB1').describe('modbus: the device path'),
  baud: z.literal([9_600, 19_200, 38_400, 57_600, 115_200]).default(19_200),
  parity: z.enum(['none', 'even', 'odd']).default('even'),
  stop_bits: z.literal([1, 2]).default(1),
  unit: z.int().min(1).max(247).default(1).describe('address of the board on its line'),
  poll_ms: z
    .int()
    .min(10)
    .max(80)
    .default(40)
    .describe('how often the inputs are read; fire is acted upon within 200 ms'),
  timeout_ms: z.int().min(15).max(60).default(40).describe('the board answers within this'),
  inputs: inputs.prefault({}),
  levels: z
    .strictObject({
      beam: level.default(1).describe('the input value that means: beam broken'),
      fire: level.default(0).describe('the value that means fire; 0: so does a broken wire'),
    })
    .prefault({}),
  outputs: outputs.prefault({}),
  watchdog: watchdog.prefault({}),
  walk: z
    .strictObject({
      flicker_ms: z.int().min(1).max(200).default(20).describe('shorter changes are noise'),
      follow_gap_ms: z
        .int()
        .min(0)
        .max(2_000)
        .default(250)
        .describe('whoever follows sooner than this belongs to the one before (trolley)'),
      children_free: z
        .boolean()
        .default(true)
        .describe('with a height sensor: a child passes on the right of the adult with it'),
    })
    .prefault({}),
  on_stop: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('how the leaves stay when the controller stops in order'),
});

type Block = z.output<typeof block>;
type Report = (path: readonly (string | number)[], message: string) => void;

export const barrierSchema = block.superRefine((barrier, context) => {
  if (barrier.kind !== 'modbus') return;
  const report: Report = (path, message) => {
    context.addIssue({ code: 'custom', path: [...path], message });
  };
  checkInputs(barrier, report);
  checkOutputs(barrier, report);
});

function checkInputs({ inputs }: Block, report: Report): void {
  const { beams, safety, ...single } = inputs;
  if (beams.length < 2) report(['inputs', 'beams'], 'name 2 to 8 beams: they tell who passed');
  for (const [index, address] of safety.entries()) {
    if (beams.includes(address)) continue;
    report(['inputs', 'safety', index], `${address} is none of inputs.beams`);
  }
  const all = [
    ...beams.map((address, index) => ({ path: ['inputs', 'beams', index], address })),
    ...named('inputs', single),
  ];
  reportDoubles(all, 'input', report);
  const addresses = all.map(({ address }) => address);
  const span = Math.max(...addresses) - Math.min(...addresses) + 1;
  if (span <= INPUT_SPAN) return;
  const advice = `wire them within ${INPUT_SPAN} addresses: one request reads all`;
  report(['inputs'], `lie ${span} apart; ${advice}`);
}

function checkOutputs({ outputs, watchdog, on_stop }: Block, report: Report): void {
  reportDoubles(named('outputs', outputs), 'coil', report);
  if (outputs.open_in === null && outputs.open_out === null) {
    report(['outputs'], 'add "open_in" or "open_out": nothing here can open the leaves');
  }
  if (on_stop === 'closed' && watchdog.register !== null) {
    report(['on_stop'], 'a board with a watchdog opens without its controller; write "open"');
  }
}

interface Use {
  readonly path: readonly (string | number)[];
  readonly address: number;
}

function named(section: string, wires: Readonly<Record<string, number | null>>): Use[] {
  return Object.entries(wires).flatMap(([name, address]) =>
    address === null ? [] : [{ path: [section, name], address }],
  );
}

function reportDoubles(uses: readonly Use[], what: string, report: Report): void {
  for (const [index, { path, address }] of uses.entries()) {
    const first = uses.findIndex((each) => each.address === address);
    if (first === index) continue;
    const taken = uses[first]?.path.join('.');
    report(path, `${what} ${address} already serves ${taken}; give each its own address`);
  }
}
