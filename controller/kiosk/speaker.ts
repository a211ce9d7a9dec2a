/** Prompts as sound: prepared files first, else a voice; each is made once and kept in memory. */

import { describeFault, type Fault, type Reply, type Voice } from '../../firmware-bridge/ports.ts';
import type { DeviceHealth } from './view.ts';
import { PROMPTS, type Prompt, wordsIn } from './words.ts';

export interface SpeakerOptions {
  readonly locales: readonly string[];
  /** Null: silence, or prepared sounds alone. */
  readonly voice: Voice | null;
  /** WAV of a prompt that somebody recorded; null: there is none. */
  readonly prepared: (locale: string, prompt: Prompt) => Promise<Buffer | null>;
  readonly onFault: (fault: Fault) => void;
}

export interface Speaker {
  /** WAV; null when there is none. @param id see `promptId`; a number behind it counts sayings */
  sound(id: string): Promise<Buffer | null>;
  /** For staff. */
  health(): DeviceHealth;
}

/** `zh-CN.welcome`: names the sound of a prompt. */
export function promptId(locale: string, prompt: Prompt): string {
  return `${locale}.${prompt}`;
}

/** Some twenty prompts a locale, each a few hundred kilobytes: all are kept. */
export function createSpeaker(options: SpeakerOptions): Speaker {
  const { locales, voice, prepared, onFault } = options;
  const known = new Map<string, { readonly locale: string; readonly prompt: Prompt }>();
  for (const locale of locales)
    for (const prompt of PROMPTS) known.set(promptId(locale, prompt), { locale, prompt });
  const kept = new Map<string, Promise<Buffer | null>>();
  const counts = { spoken: 0, prepared: 0, failed: 0 };
  let fault: Fault | null = null;

  return {
    async sound(id) {
      const name = id.replace(/\.\d+$/, '');
      const asked = known.get(name);
      if (!asked) return null;
      const making = kept.get(name) ?? make(asked.locale, asked.prompt);
      kept.set(name, making);
      const sound = await making;
      // Nothing is kept of a failure: the voice may be there the next time.
      if (!sound) kept.delete(name);
      return sound;
    },
    health: () => ({
      ...{ name: voice?.name ?? 'recorded sounds', kind: 'voice', state: state() },
      ...{ detail: fault ? describeFault(fault) : '', counters: { ...counts } },
    }),
  };

  function state(): 'lost' | 'ready' | 'absent' {
    if (fault) return 'lost';
    return voice || counts.prepared > 0 ? 'ready' : 'absent';
  }

  async function make(locale: string, prompt: Prompt): Promise<Buffer | null> {
    const file = await prepared(locale, prompt);
    if (file) {
      counts.prepared += 1;
      return file;
    }
    if (!voice) return null;
    const spoken: Reply<Buffer> = await voice.speak(wordsIn(locale).prompts[prompt], locale);
    if (spoken.ok) {
      counts.spoken += 1;
      fault = null;
      return spoken.value;
    }
    counts.failed += 1;
    if (!fault) onFault(spoken.fault);
    fault = spoken.fault;
    return null;
  }
}
