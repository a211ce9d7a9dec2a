import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';

const privacy = feature('nothing of a person survives the session');

/** What the child plants. */
const PLANTED = [
  ['the name', '骊骉骁'],
  ['the citizen number', '33020319660909771X'],
  ['the PIN', '7391824650'],
  ['the photo', Buffer.from('PLANTEDPLANTEDPLANTED').toString('base64').slice(0, 20)],
] as const;
const CONTROL = ['骊骀', 'CONTROL-7'];

/** A heap snapshot is JSON in ASCII. */
function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(
      /[^ -~]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    );
}

privacy.test(
  'GIVEN a planted person WHEN the card has gone THEN neither log, books nor heap know of him',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'tapway-privacy-'));
    try {
      const file = join(directory, 'heap.heapsnapshot');
      const said = execFileSync(
        'node',
        ['--expose-gc', '--import', 'tsx', 'test/kiosk/privacy-child.ts', file],
        { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      );
      assert.match(said, /kept 1/);
      const heap = readFileSync(file);
      const found = (text: string) => heap.includes(text) || heap.includes(escaped(text));
      for (const text of CONTROL) assert.ok(found(text), `the search misses ${text}`);
      for (const [what, text] of PLANTED) {
        assert.is(said.includes(text), false, `${what} is in log, books or view`);
        assert.is(found(text), false, `${what} is in the heap`);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

privacy.run();
