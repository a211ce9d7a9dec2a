/** One lane's tap runner over scripted cards, a scripted PSAM and a ledger in memory. */

import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../../config/load.ts';
import type { LaneConfig } from '../../../../config/schema.ts';
import type { Answer } from '../../../../controller/blacklist/blacklist.ts';
import { createNetwork } from '../../../../controller/gate/network.ts';
import type { Message } from '../../../../controller/gate/outcome.ts';
import { createTapRunner, type TapResult } from '../../../../controller/gate/tap/runner.ts';
import { openLedger } from '../../../../controller/ledger/ledger.ts';
import type { LedgerRecord } from '../../../../controller/ledger/records.ts';
import { createPsam } from '../../../../controller/sam/psam.ts';
import { ok } from '../../../../firmware-bridge/ports.ts';
import { createApduScript } from '../../../kit/apdu-script.ts';
import { createFakeClock } from '../../../kit/fake-clock.ts';
import { MemoryDisk } from '../../../kit/memory-disk.ts';
import { SAM_START } from './wire.ts';

/** One presentation of a card. */
export interface Presented {
  /** The transcript on the card's side. */
  readonly card: readonly string[];
  readonly told: Message;
  /** Passes before the tap, on both clocks. */
  readonly after_s?: number;
  /** Somebody walked through on the latest story. */
  readonly walked?: boolean;
}

export interface Scene {
  readonly lane?: 'flat' | 'entry' | 'exit';
  readonly config?: (config: LaneConfig) => LaneConfig;
  readonly listed?: Answer;
  readonly taps: readonly Presented[];
  /** The transcript on the SAM's side, over all taps, its start left out. */
  readonly sam?: readonly string[];
  /** Every record of the ledger, as `inShort` tells it. */
  readonly records?: readonly string[];
}

const CONFIGS = { flat: load('flat'), entry: load('entry'), exit: load('exit') };

/** The shipped example of a lane. */
export function laneConfig(kind: keyof typeof CONFIGS): LaneConfig {
  return CONFIGS[kind];
}

function load(kind: string): LaneConfig {
  const path = fileURLToPath(new URL(`../../../../config/lanes/${kind}.yaml`, import.meta.url));
  const loaded = loadConfig(path, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

/** Plays the scene; any deviation from its transcripts, messages or records fails. */
export async function play(scene: Scene): Promise<TapResult[]> {
  const {
    lane = 'flat',
    listed = { kind: 'clear' },
    config = (given: LaneConfig) => given,
  } = scene;
  const clock = createFakeClock();
  const opened = await openLedger({ disk: new MemoryDisk(), directory: '/ledger' });
  if (!opened.ok) throw new Error(opened.fault.detail);
  const ledger = opened.value;
  const written: string[] = [];
  let latest = 0;
  ledger.onAppend(({ seq, record }) => {
    if (record.type === 'intent') latest = seq;
    written.push(inShort(record));
  });
  const script = createApduScript([...SAM_START, ...(scene.sam ?? [])]);
  const sam = createPsam(
    {
      name: 'script',
      reset: async () => ok(Buffer.from('3B', 'hex')),
      close: async () => {},
      ...script,
    },
    { timeout_ms: 1_000, application: hex('8011'), lockKeyUsage: 0x45, lockKeyVersion: 0x01 },
  );
  assert.ok((await sam.start()).ok);
  const settings = config(laneConfig(lane));
  const runner = createTapRunner({
    ...{ config: settings, clock, sam, ledger, network: createNetwork(settings.site) },
    blacklist: { check: () => listed },
    samSession: { ref: null },
  });

  const results: TapResult[] = [];
  for (const { card, told, after_s = 0, walked } of scene.taps) {
    if (walked) await ledger.append({ type: 'passage', ref: latest });
    await clock.advance(after_s * 1_000);
    const wire = createApduScript(card);
    const result = await runner.run(onWire(wire));
    wire.ensureEmpty();
    assert.is(result.message, told, result.detail);
    assert.is(runner.state, 'idle');
    results.push(result);
  }
  script.ensureEmpty();
  await ledger.close();
  assert.equal(written, scene.records ?? []);
  return results;
}

/** What matters of a record for money, in one line. */
export function inShort(record: LedgerRecord): string {
  switch (record.type) {
    case 'intent': {
      const { kind, amount_fen, balance_before_fen, counter, fare_rule, opens } = record;
      const money = `${amount_fen} of ${balance_before_fen}`;
      const words = `intent ${kind} ${money} n${counter} ${fare_rule}`;
      return opens ? words : `${words} shut`;
    }
    case 'authorised':
      return `authorised ${record.ref} ${record.term_seq}`;
    case 'debited':
      return `debited ${record.ref} ${record.by} ${record.tac} ${record.mac2}`;
    case 'outcome':
      return `outcome ${record.ref} ${record.status}`;
    case 'passage':
      return `passage ${record.ref}`;
    case 'free-passage':
      return `free passage ${record.phase}, ${record.passed} passed`;
    case 'sighting':
      return `sighting ${record.reason} ${record.blocked ? 'blocked' : 'not blocked'}`;
    case 'retired':
      return `retired ${record.first_seq} to ${record.last_seq}`;
  }
}

function onWire({ transceive }: Pick<ReturnType<typeof createApduScript>, 'transceive'>) {
  return {
    uid: hex('04112233445566'),
    ats: hex('7880'),
    transceive,
    present: async () => ok(true),
    release: async () => {},
  };
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}
