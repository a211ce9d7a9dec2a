/** The photo in EF08, where the card permits it: the slowest file, and the last to be read. */

import { type Response, SW_OK } from '../../card/apdu.ts';
import * as photo from '../../card/ssc/photo.ts';
import type { CardTalk } from './card-talk.ts';
import type { SscFiles } from './ssc-files.ts';
import type { Unlocking } from './unlock.ts';

/** End of the file came before the length that was asked for; what there is comes along. */
const END_OF_FILE = 0x6282;

/** Null when there is none, or it may not be read. */
export async function readPhoto(
  talk: CardTalk,
  files: SscFiles,
  unlocking: Unlocking,
): Promise<photo.Photo | null> {
  if ((await files.select(photo.PHOTO_FILE)) !== SW_OK) return null;
  let first = await talk.send(photo.readBinary(0, photo.PHOTO_CHUNK));
  if (first?.sw === 0x6982) {
    // Generations 1 and 2 keep the photo behind the key although the name is free.
    if ((await unlocking.unlock()) !== 'open') return null;
    if ((await files.select(photo.PHOTO_FILE)) !== SW_OK) return null;
    first = await talk.send(photo.readBinary(0, photo.PHOTO_CHUNK));
  }
  return photo.parsePhoto(await readOn(talk, first));
}

/** @param answer to the question for the first piece */
async function readOn(talk: CardTalk, answer: Response | null): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let piece = answer;
  for (let size = 0; piece?.sw === SW_OK || piece?.sw === END_OF_FILE; ) {
    const { sw, data } = piece;
    if (size === 0 ? !photo.beginsPicture(data) : photo.isPadding(data)) break;
    pieces.push(data);
    size += data.length;
    const length = Math.min(photo.PHOTO_CHUNK, photo.PHOTO_MAX - size);
    if (sw === END_OF_FILE || length <= 0) break;
    piece = await talk.send(photo.readBinary(size, length));
  }
  return Buffer.concat(pieces);
}
