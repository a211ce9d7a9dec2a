/** What the operating guide tells an installer to write, and where it says a test is. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { scratch } from '../commands/programs.ts';
import { feature } from '../kit/feature.ts';

const guide = feature('operating guide');
const TEXT = readFileSync('docs/operating.md', 'utf8');

guide.test('GIVEN the lane of the guide WHEN loaded THEN nothing is wrong or doubtful', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(TEXT) ?? [];
  const file = join(scratch(), 'north.yaml');
  writeFileSync(file, example);
  const loaded = loadConfig(file, {});
  assert.equal(loaded.ok ? loaded.warnings : loaded.errors, []);
  if (loaded.ok) assert.is(loaded.config.far_reader?.usb.path, '1-1.3');
});

guide.test(
  'GIVEN the troubles that others had THEN each of the sixteen has tests, which exist',
  () => {
    const table = TEXT.slice(TEXT.indexOf('## Troubles that others had'));
    const rows = table
      .split('\n')
      .filter((line) => /^\| [A-Za-z]/.test(line) && line.includes('`'));
    assert.is(rows.length, 16);
    let folder = '';
    for (const row of rows) {
      const tests =
        row
          .split('|')
          .at(-2)
          ?.match(/`[^`]+`/g) ?? [];
      assert.ok(tests.length > 0, row);
      for (const name of tests.map((each) => each.slice(1, -1))) {
        const path = name.startsWith('…') ? `${folder}${name.slice(1)}` : name;
        folder = path.slice(0, path.lastIndexOf('/'));
        assert.ok(existsSync(join('test', path)), `${path}: ${row}`);
      }
    }
  },
);

guide.test('every key that the guide names exists in the schema', () => {
  const schema = readFileSync('config/schema.json', 'utf8');
  const keys =
    TEXT.match(/`(reader|sam|barrier|lists|lane|supervise|site|ledger)\.[a-z_.]+`/g) ?? [];
  assert.ok(keys.length > 30);
  for (const key of keys) {
    for (const part of key.slice(1, -1).split('.')) assert.match(schema, `"${part}"`);
  }
});

guide.run();
