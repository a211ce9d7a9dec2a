/** Says each prompt once, when its scene begins, in the language of the moment. */

import { promptId } from './speaker.ts';
import type { KioskView } from './view.ts';
import { type Prompt, wordsIn } from './words.ts';

export interface Announcer {
  /** What belongs to the scene; null: nothing is said, and nothing is taken back. */
  scene(prompt: Prompt | null, locale: string): void;
  /** The present prompt is said once more at the next scene. */
  again(): void;
  readonly says: KioskView['says'];
}

export function createAnnouncer(): Announcer {
  let saidFor = '';
  let count = 0;
  let says: KioskView['says'] = null;
  return {
    scene(prompt, locale) {
      const id = prompt === null ? '' : promptId(locale, prompt);
      if (id === saidFor) return;
      saidFor = id;
      count += 1;
      says = prompt && { id: `${id}.${count}`, prompt: wordsIn(locale).prompts[prompt] };
    },
    again() {
      saidFor = '';
    },
    get says() {
      return says;
    },
  };
}
