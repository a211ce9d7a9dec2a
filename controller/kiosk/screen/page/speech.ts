/** Plays what the kiosk says, once for each new prompt; a new one cuts the old one short. */

import { effect } from '@preact/signals';
import { view } from './live.ts';

export function followSpeech(): void {
  const player = new Audio();
  let last: string | null = null;
  effect(() => {
    const now = view.value;
    const id = now?.sound ? (now.says?.id ?? null) : null;
    if (id === last) return;
    last = id;
    player.pause();
    if (id === null) return;
    player.defaultPlaybackRate = now?.pace ?? 1;
    player.src = `/speech/${encodeURIComponent(id)}`;
    // No speech installed, or none wanted by the browser: the caption says the same.
    player.play().catch(() => {});
  });
}
