/** Sounds that somebody recorded: `<folder>/<locale>/<name>.wav`. */

import type { Disk } from '../ports.ts';

const WAV_MAX_BYTES = 6_000_000;

export interface Recording {
  readonly folder: string;
  readonly locale: string;
  /** One plain word, no path. */
  readonly name: string;
}

/** The file, or null where there is none that is a WAV. */
export async function recordedSound(
  disk: Disk,
  { folder, locale, name }: Recording,
): Promise<Buffer | null> {
  try {
    const file = await disk.open(`${folder}/${locale}/${name}.wav`, 'read');
    try {
      const size = await file.size();
      if (size > WAV_MAX_BYTES) return null;
      const wav = await file.read(0, size);
      return wav.toString('latin1', 0, 4) === 'RIFF' ? wav : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
