/** Where a lane's own files lie, wherever the program was started. */

import * as assert from 'uvu/assert';
import { FARE, LANE, type Workspace, workspace } from '../config/workspace.ts';
import { feature } from '../kit/feature.ts';

const paths = feature('paths in a configuration');

const files: Workspace = workspace();
paths.after(files.remove);

function placesOf(name: string, env?: Record<string, string>): readonly string[] {
  const loaded = files.load(env, name);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const { data_dir, sam } = loaded.config;
  return [data_dir, sam.key_file].map((path) => path.replace(files.root, '.'));
}

files.write('fare.yaml', FARE);
files.write('lane.yaml', LANE);
files.write('site/base.yaml', `data_dir: books\n${LANE.replace('fare.yaml', '../fare.yaml')}`);
files.write('on-site.yaml', 'extends: site/base.yaml\nsam: { key_file: keys/one }\n');
files.write('absolute.yaml', 'extends: lane.yaml\ndata_dir: /var/lib/tapway\n');

const TABLE: readonly [string, string, Record<string, string>, readonly string[]][] = [
  ['defaults', 'lane.yaml', {}, ['./data', './sam.keys']],
  ['names in two files', 'on-site.yaml', {}, ['./site/books', './keys/one']],
  ['an absolute path', 'absolute.yaml', {}, ['/var/lib/tapway', './sam.keys']],
  [
    'the environment',
    'on-site.yaml',
    { TAPWAY__DATA_DIR: 'here', TAPWAY__SAM__KEY_FILE: '/run/keys' },
    ['here', '/run/keys'],
  ],
];

for (const [what, name, env, expected] of TABLE)
  paths.test(`GIVEN ${what} THEN each path starts at what names it`, () => {
    assert.equal(placesOf(name, env), expected);
  });

paths.test('GIVEN an empty path THEN it is refused where it stands', () => {
  files.write('empty.yaml', `extends: lane.yaml\ndata_dir: ''\n`);
  assert.match(files.errors({}, 'empty.yaml').join('\n'), /^empty\.yaml:2:11: data_dir: /);
});

paths.run();
