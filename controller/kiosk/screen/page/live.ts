/** The newest view, and the page's one connection to the kiosk. Nothing is kept when it breaks. */

import { computed, signal } from '@preact/signals';
import type { KioskCommand, KioskView } from '../../view.ts';

/** Null until the first view has come, and again as soon as the line is cut: no person stays. */
export const view = signal<KioskView | null>(null);
export const locale = computed(() => view.value?.locale ?? 'zh-CN');

const RETRY_MIN_MS = 300;
const RETRY_MAX_MS = 3_000;
let socket: WebSocket | null = null;

export function send(command: KioskCommand): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

/** Connects, and again for as long as the page is open. */
export function connect(retry_ms = RETRY_MIN_MS): void {
  const live = new WebSocket(`ws://${location.host}/live`);
  let next_ms = Math.min(retry_ms * 2, RETRY_MAX_MS);
  socket = live;
  live.onopen = () => {
    next_ms = RETRY_MIN_MS;
  };
  live.onmessage = ({ data }) => {
    const message: KioskView | { readonly error: string } = JSON.parse(String(data));
    if ('screen' in message) view.value = message;
  };
  live.onclose = () => {
    view.value = null;
    window.setTimeout(() => connect(next_ms), retry_ms);
  };
}
