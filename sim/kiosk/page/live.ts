/** What the page knows, and its one connection to the stage. */

import { signal } from '@preact/signals';
import type { StageCommand, StageState } from '../state.ts';

/** Null until the first state has come. */
export const state = signal<StageState | null>(null);
export const locale = signal<'zh-CN' | 'en'>(navigator.language.startsWith('zh') ? 'zh-CN' : 'en');

const RETRY_MS = 600;
let socket: WebSocket | null = null;

export function send(command: StageCommand): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

/** Connects, and again for as long as the page is open. */
export function connect(): void {
  const live = new WebSocket(`ws://${location.host}/live`);
  socket = live;
  live.onmessage = ({ data }) => {
    const message: StageState | { error: string } = JSON.parse(String(data));
    if (!('error' in message)) state.value = message;
  };
  live.onclose = () => {
    window.setTimeout(connect, RETRY_MS);
  };
}
