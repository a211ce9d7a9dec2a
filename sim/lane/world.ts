/** The simulated lane as the page sees and commands it. */

import type { LaneConfig } from '../../config/schema.ts';
import { signalFor } from '../../controller/gate/feedback.ts';
import { gateMachines } from '../../controller/gate/machines.ts';
import type { TapResult } from '../../controller/gate/tap/runner.ts';
import { describeFault, type Sign } from '../../firmware-bridge/ports.ts';
import type { TrayEntry } from '../card/tray.ts';
import type { PanelCommand, PanelState, PanelWorld, TapView, TrayCard } from '../panel/state.ts';
import type { Books } from './books.ts';
import { present } from './passenger.ts';
import type { SkippingClock } from './skipping-clock.ts';
import type { Station } from './station.ts';

const TAPS_SHOWN = 20;
/** Long enough for a torn tap to run into its deadline. */
const PATIENCE_MS = 5_000;

const HONESTY = [
  {
    en: 'Time on the wire, in card and PSAM is a model; radio itself is not modelled.',
    'zh-CN': '线路、卡片和 PSAM 的时间来自模型；射频本身未模拟。',
  },
  {
    en: 'Cards, keys and people are synthetic. Driver, ledger, blacklist and rules are real.',
    'zh-CN': '卡片、密钥和人员均为虚构；驱动、账本、黑名单和规则是真实的。',
  },
  {
    en: 'The barrier follows a timetable: nobody is measured by a beam.',
    'zh-CN': '闸门按时间表动作，没有真实的光束检测。',
  },
];

export interface WorldParts {
  readonly config: LaneConfig;
  readonly clock: SkippingClock;
  readonly station: Station;
  readonly tray: readonly TrayEntry[];
  readonly books: Books;
  /** Mutable, because the station asks it at every opening. */
  readonly manners: { walk: boolean };
  /** Called after each tap, to keep what cards and PSAM remember. */
  readonly settled: () => void;
}

export interface World extends PanelWorld {
  changed(): void;
}

export function createWorld(parts: WorldParts): World {
  const { config, clock, station, tray, books, manners } = parts;
  const { gate, barrier, stores } = station;
  const listeners = new Set<() => void>();
  let taps: TapView[] = [];
  let inField: string | null = null;
  let fire = false;
  let maintenance = false;
  let tapped = 0;

  gate.onChange(changed);
  barrier.onChange(changed);
  return {
    machines: gateMachines(),
    state,
    changed,
    command,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  function changed(): void {
    for (const listener of listeners) listener();
  }

  function command(asked: PanelCommand): void {
    switch (asked.type) {
      case 'tap':
        void tap(asked.card);
        return;
      case 'fire':
        fire = asked.on;
        barrier.fire(fire);
        break;
      case 'maintenance':
        maintenance = asked.on;
        gate.maintenance(maintenance);
        break;
      case 'walk':
        manners.walk = asked.through;
        break;
      case 'skip':
        clock.skip(asked.minutes * 60_000);
        break;
    }
    changed();
  }

  async function tap(id: string): Promise<void> {
    const entry = tray.find((card) => card.id === id);
    if (!entry || inField !== null) return;
    inField = id;
    changed();
    // A card without a contactless interface: the field stays empty and nothing will ever happen.
    const told =
      entry.targets.length === 0
        ? null
        : await present(station, clock, { ...gestureOf(entry), patience_ms: PATIENCE_MS });
    inField = null;
    taps = [told ? viewOf(entry, told) : unseen(entry), ...taps].slice(0, TAPS_SHOWN);
    parts.settled();
    changed();
  }

  /** The card that is taken away too soon is torn once and held the next time. */
  function gestureOf(entry: TrayEntry) {
    const torn = entry.purse && stores.ledger.openStory(entry.purse.serial);
    const tear =
      entry.gesture === 'tear' && !torn ? ({ ins: 0x54, moment: 'after' } as const) : undefined;
    return tear ? { targets: entry.targets, tear } : { targets: entry.targets };
  }

  function viewOf(entry: TrayEntry, result: TapResult): TapView {
    const { message, paid, fault, spans } = result;
    return {
      ...frameOf(entry),
      message,
      title: titleOf(message),
      ...signalFor(message),
      amount_fen: paid?.amount_fen ?? null,
      balance_fen: paid?.balance_fen ?? null,
      spans,
      fault: fault && describeFault(fault),
    };
  }

  function unseen(entry: TrayEntry): TapView {
    const title = { 'zh-CN': '读卡器感应不到', en: 'The reader sees nothing' };
    const nothing = { amount_fen: null, balance_fen: null, spans: [], fault: null };
    return { ...frameOf(entry), message: 'unseen', title, light: 'off', sound: 'none', ...nothing };
  }

  function frameOf(entry: TrayEntry) {
    tapped += 1;
    const local = new Date(clock.wall_ms() + config.site.utc_offset_minutes * 60_000);
    return { id: tapped, card: entry.id, at: local.toISOString().slice(11, 19) };
  }

  function titleOf(message: string): Record<string, string> {
    return Object.fromEntries(
      config.site.locales.map((locale) => [
        locale,
        config.texts[locale]?.[message]?.title ?? message,
      ]),
    );
  }

  function state(): PanelState {
    const { mode, tap: tapState, passage, sign } = gate.snapshot();
    return {
      site: config.site.name,
      lane: { id: config.lane.id, kind: config.lane.kind, place: config.lane.place },
      honesty: HONESTY,
      sign: sign satisfies Sign,
      barrier: { position: barrier.position, occupied: barrier.occupied },
      fire,
      maintenance,
      walk: manners.walk,
      active: { lane: [mode], tap: [tapState], passage: [passage] },
      tray: tray.map(cardOf),
      taps,
      ledger: books.rows,
      ledgerLength: stores.ledger.length,
      takings_fen: books.takings_fen,
    };
  }

  function cardOf({ id, name, note, gesture, purse }: TrayEntry): TrayCard {
    return {
      id,
      name,
      note,
      gesture,
      balance_fen: purse?.balance_fen ?? null,
      counter: purse?.counter ?? null,
      algorithm: purse?.algorithm ?? null,
      serial: purse?.serial ?? null,
      inField: inField === id,
    };
  }
}
