/** Plays what the kiosk says, once for each new prompt; a new one cuts the old one short. */

import { effect, signal } from '@preact/signals';
import { view } from './live.ts';

/** What is being said, for tests and for a person who wonders whether the sound works. */
const playing = signal<string | null>(null);

export function followSpeech(): void {
  const player = new Audio();
  let last: string | null = null;
  player.onended = () => {
    playing.value = null;
  };
  effect(() => {
    const now = view.value;
    const said = now?.sound ? now.says : null;
    const id = said?.id ?? null;
    const prompt = said && `${said.id} ${said.prompt}`;
    if (prompt === last) return;
    last = prompt;
    playing.value = id;
    player.pause();
    if (id === null) return;
    player.src = `/speech/${encodeURIComponent(id)}`;
    // No speech installed, or none wanted by the browser: the caption says the same.
    player.play().catch(() => {
      playing.value = null;
    });
  });
}
