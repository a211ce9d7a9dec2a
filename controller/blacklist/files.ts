/** Whole files by way of the `Disk` port. All throw Node's own errors. */

import type { Disk } from '../../firmware-bridge/ports.ts';

/** Hashing one takes well under a millisecond: a lane may do it between two taps. */
const CHUNK_BYTES = 64 * 1024;
const SMALL_MAX_BYTES = 16 * 1024 * 1024;

/** A chunk is valid until the next one is asked for: all lie in one Buffer. */
export async function* chunksOf(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (let offset = 0; ; ) {
      const chunk = await file.read(offset, CHUNK_BYTES, bytes);
      if (chunk.length === 0) return;
      yield chunk;
      offset += chunk.length;
    }
  } finally {
    await file.close();
  }
}

/** A file that is small by its nature. */
export async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(disk, path)) {
    size += chunk.length;
    if (size > SMALL_MAX_BYTES) throw new Error(`${path} is larger than it can be`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** Replaces the content, durably but for the directory entry. */
export async function writeFile(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const file = await disk.open(path, 'append');
  try {
    await file.truncate(0);
    await file.write(0, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A durable copy, but for the directory entry. */
export async function copyFile(disk: Disk, from: string, to: string): Promise<void> {
  const file = await disk.open(to, 'append');
  try {
    await file.truncate(0);
    let offset = 0;
    for await (const chunk of chunksOf(disk, from)) {
      await file.write(offset, chunk);
      offset += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, 'append');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
