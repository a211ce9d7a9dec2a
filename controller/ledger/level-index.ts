/** The summaries of finished segments in LevelDB. Opened for one question at a time. */

import type { SummaryStore } from './summaries.ts';

const CODECS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

type Level = import('level').Level<Uint8Array, Uint8Array>;

/**
 * Its calls throw when LevelDB is missing or cannot open the directory, and LevelDB may abort the
 * process over damaged files: `Summaries` guards against both.
 */
export function levelIndex(directory: string): SummaryStore {
  return {
    directory,
    load: () =>
      using(directory, async (db) => {
        const values = new Map<number, Buffer>();
        for await (const [key, value] of db.iterator()) {
          if (key.length === 4) values.set(Buffer.from(key).readUInt32BE(0), Buffer.from(value));
        }
        return values;
      }),
    save: (segment, value) => using(directory, (db) => db.put(keyOf(segment), value)),
    forget: (segment) => using(directory, (db) => db.del(keyOf(segment))),
  };
}

async function using<T>(directory: string, work: (db: Level) => Promise<T>): Promise<T> {
  const { Level } = await import('level');
  const db: Level = new Level<Uint8Array, Uint8Array>(directory, CODECS);
  await db.open();
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

function keyOf(segment: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(segment, 0);
  return key;
}
