/** What the page of the simulated lane shows and what it may ask; sent as JSON over a WebSocket. */

import type { MachineGraph } from '../../controller/ops/graph.ts';
import type { Light, Sign, Sound } from '../../firmware-bridge/ports.ts';

/** One card of the tray. */
export interface TrayCard {
  readonly id: string; // e.g. `adult`, `low-balance`, `generation-2`
  /** By locale. */
  readonly name: Readonly<Record<string, string>>;
  /** What makes it special and what to expect, by locale. */
  readonly note: Readonly<Record<string, string>>;
  /** Present while the card has a purse. */
  readonly balance_fen: number | null;
  readonly counter: number | null;
  /** `sm4`, `3des` or null. */
  readonly algorithm: string | null;
  readonly serial: string | null;
  /** How this tray entry taps by default: leaves early, two cards at once … */
  readonly gesture: 'hold' | 'tear' | 'two';
  /** In the field right now. */
  readonly inField: boolean;
}

export interface TapView {
  readonly id: number;
  readonly card: string; // tray id
  readonly at: string; // local time HH:MM:SS
  readonly message: string; // outcome code
  /** What the sign said, by locale; the page shows the code without it. */
  readonly title?: Readonly<Record<string, string>>;
  readonly light: Light;
  readonly sound: Sound;
  readonly amount_fen: number | null;
  readonly balance_fen: number | null;
  /** Stage name → start and end, ms since detection; stages may overlap. */
  readonly spans: readonly { name: string; from_ms: number; to_ms: number }[];
  readonly fault: string | null;
}

export interface LedgerRow {
  readonly seq: number;
  readonly type: string;
  /** One line in the field's words. */
  readonly text: string;
}

export interface PanelState {
  readonly site: string;
  readonly lane: { readonly id: string; readonly kind: string; readonly place: string };
  /** Shown permanently: what this simulation does not model; each line by locale. */
  readonly honesty: readonly Readonly<Record<string, string>>[];
  readonly sign: Sign;
  readonly barrier: {
    readonly position: 'closed' | 'opening' | 'open' | 'closing';
    readonly occupied: boolean;
  };
  readonly fire: boolean;
  readonly maintenance: boolean;
  /** Does the passenger walk through an open gate? Absent means yes. */
  readonly walk?: boolean;
  /** Machine name → active state paths. */
  readonly active: Readonly<Record<string, readonly string[]>>;
  readonly tray: readonly TrayCard[];
  readonly taps: readonly TapView[]; // newest first, at most 20
  readonly ledger: readonly LedgerRow[]; // newest first, at most 60
  readonly ledgerLength: number;
  readonly takings_fen: number;
}

export type PanelCommand =
  | { readonly type: 'tap'; readonly card: string }
  | { readonly type: 'fire'; readonly on: boolean }
  | { readonly type: 'maintenance'; readonly on: boolean }
  /** Does the passenger walk through an open gate (default), or stand still? */
  | { readonly type: 'walk'; readonly through: boolean }
  /** Lets the lane's clock run ahead: windows and anti-passback end sooner. */
  | { readonly type: 'skip'; readonly minutes: number };

/** What the panel's server needs from the simulated lane. */
export interface PanelWorld {
  readonly machines: readonly MachineGraph[];
  state(): PanelState;
  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  command(command: PanelCommand): void;
}

/** Element id of a state in its machine's chart, such as `state-passage-open.obstructed`. */
export function stateId(machine: string, state: string): string {
  return `state-${machine}-${state}`;
}
