/** What the page knows, and its one connection to the simulated lane. */

import { signal } from '@preact/signals';
import type { Chart } from '../chart.ts';
import type { PanelCommand, PanelState } from '../state.ts';

/** Null until the first state has come. */
export const state = signal<PanelState | null>(null);
export const connected = signal(false);
/** The last command that was refused, in the server's words. */
export const refusal = signal<string | null>(null);
export const charts = signal<readonly Chart[]>([]);
/** Ledger rows above this came while somebody was looking, and flash. */
export const seenSeq = signal(Number.POSITIVE_INFINITY);

const RETRY_MIN_MS = 400;
const RETRY_MAX_MS = 3_000;
let socket: WebSocket | null = null;

export function send(command: PanelCommand): void {
  refusal.value = null;
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

/** Connects, and again for as long as the page is open. */
export function connect(retry_ms = RETRY_MIN_MS): void {
  const live = new WebSocket(`ws://${location.host}/live`);
  let next_ms = Math.min(retry_ms * 2, RETRY_MAX_MS);
  socket = live;
  live.onopen = () => {
    next_ms = RETRY_MIN_MS;
    connected.value = true;
    void loadCharts();
  };
  live.onmessage = ({ data }) => receive(JSON.parse(String(data)));
  live.onclose = () => {
    connected.value = false;
    window.setTimeout(() => connect(next_ms), retry_ms);
  };
}

function receive(message: PanelState | { error: string }): void {
  if ('error' in message) {
    refusal.value = message.error;
    return;
  }
  if (state.value === null) seenSeq.value = message.ledger[0]?.seq ?? 0;
  state.value = message;
}

/** The server may have been started anew with other machines. */
async function loadCharts(): Promise<void> {
  const response = await fetch('/charts.json').catch(() => null);
  if (response?.ok) charts.value = await response.json();
}
