/** Sounds that somebody recorded: `<folder>/<locale>/<name>.wav`. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const WAV_MAX_BYTES = 6_000_000;

/** The file, or null where there is none that is a WAV. @param name plain word, no path */
export async function preparedSound(
  folder: string,
  locale: string,
  name: string,
): Promise<Buffer | null> {
  try {
    const wav = await readFile(join(folder, locale, `${name}.wav`));
    const good = wav.length <= WAV_MAX_BYTES && wav.toString('latin1', 0, 4) === 'RIFF';
    return good ? wav : null;
  } catch {
    return null;
  }
}
