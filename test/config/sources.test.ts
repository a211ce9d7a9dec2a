import { symlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../config/schema.ts';
import { feature } from '../kit/feature.ts';
import { FARE, LANE, type Workspace, workspace } from './workspace.ts';

const config = feature('configuration sources');
const files = workspace();
config.after(files.remove);

function loaded(from: Workspace, env?: Record<string, string>, name?: string): LaneConfig {
  const result = from.load(env, name);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.config;
}

function fresh(lane = LANE): void {
  files.write('fare.yaml', FARE);
  files.write('lane.yaml', lane);
}

config.test('GIVEN three files that extend each other THEN the nearest value holds', () => {
  files.write('deep/fare.yaml', FARE);
  files.write(
    'deep/base.yaml',
    `${LANE}purse: { algorithms: { 01: des } }\nlog: { level: warn }\n`,
  );
  files.write('middle.yaml', 'extends: deep/base.yaml\nlane: { id: M01, direction: out }\n');
  files.write('top.yaml', 'extends: middle.yaml\nlane:\n  id: T01\nsite: { locales: [en] }\n');
  const { lane, site, purse, fare, log } = loaded(files, {}, 'top.yaml');
  assert.equal([lane.id, lane.direction, lane.kind], ['T01', 'out', 'flat']);
  assert.equal([site.name, site.locales, log.level], ['Test city', ['en'], 'warn']);
  assert.equal(purse.algorithms, { '01': 'des' });
  assert.is(fare.name, 'Test fares');
});

config.test('GIVEN a wrong value in an extended file THEN the error names that file', () => {
  fresh();
  files.write('site.yaml', LANE.replace('metro', 'tram').replace('  id: F01\n', ''));
  files.write('on-site.yaml', 'extends: site.yaml\nlane:\n  place: "1"\n');
  assert.equal(files.errors({}, 'on-site.yaml'), [
    'site.yaml:5:13: site.industry: "tram" is not allowed; one of: metro, bus, ferry, taxi, ' +
      'parking, coach, suburban-rail',
    'on-site.yaml:2:1: lane: add "id" (letters, digits and hyphens, at most 16)',
    'on-site.yaml:3:10: lane.place: "1" is not allowed; line and station: 8 digits in quotes',
  ]);
});

const CHAINS: readonly [string, string, string][] = [
  [
    'itself',
    'extends: lane.yaml\n',
    'lane.yaml:1:10: extends: lane.yaml extends itself; break the circle',
  ],
  ['no file', 'extends: none.yaml\n', 'lane.yaml:1:10: extends: none.yaml does not exist'],
  ['a number', 'extends: 7\n', 'lane.yaml:1:10: extends: write the path of a YAML file'],
  ['a folder', 'extends: .\n', 'lane.yaml:1:10: extends: . is a directory; name a YAML file'],
  ['nothing', 'extends:\n', 'lane.yaml:1:1: extends: write the path of a YAML file'],
];

for (const [what, content, expected] of CHAINS)
  config.test(`GIVEN a file that extends ${what} THEN the line says so`, () => {
    files.write('lane.yaml', content);
    const errors = files.errors().map((line) => line.replace(files.root, '.'));
    assert.equal(errors, [expected]);
  });

config.test('GIVEN two files that extend each other THEN the circle is refused', () => {
  files.write('a.yaml', 'extends: b.yaml\n');
  files.write('b.yaml', '\nextends: a.yaml\n');
  assert.equal(files.errors({}, 'a.yaml'), [
    'b.yaml:2:10: extends: a.yaml extends itself; break the circle',
  ]);
});

config.test('GIVEN a circle behind a linked directory THEN loading still ends', () => {
  symlinkSync('.', `${files.root}/again`);
  files.write('loop.yaml', 'extends: again/loop.yaml\n');
  assert.is(files.errors({}, 'loop.yaml').length, 1);
});

config.test('GIVEN overrides THEN they stand above the file, texts kept as written', () => {
  fresh();
  const { lane, site, purse, reader, production, fare } = loaded(files, {
    TAPWAY__LANE__ID: '007',
    TAPWAY__LANE__PLACE: '00010002',
    TAPWAY__LANE__PASSBACK_MINUTES: '1.5',
    TAPWAY__LANE__BLOCK_LISTED_CARDS: 'false',
    TAPWAY__SITE__ACQUIRER: '00000000000012E4',
    TAPWAY__SITE__INDUSTRY_CODES__metro: '2',
    TAPWAY__SITE__LOCALES: '[en]',
    TAPWAY__PURSE__KEY_INDEXES: '[01, 0a, 41]',
    TAPWAY__PURSE__ALGORITHMS__03: 'sm4',
    TAPWAY__READER__PATH: '/dev/tty: #1',
    TAPWAY__READER__BAUD: '921600',
    TAPWAY__PRODUCTION: 'true',
    TAPWAY__FARE: `${files.root}/fare.yaml`,
    TAPWAY_SAM_PASSPHRASE: 'is no override',
    PATH: '/bin',
  });
  assert.equal(
    [lane.id, lane.place, lane.passback_minutes, lane.block_listed_cards],
    ['007', '00010002', 1.5, false],
  );
  assert.equal(
    [site.acquirer, site.industry_codes, site.locales],
    ['00000000000012E4', { metro: 2 }, ['en']],
  );
  assert.equal([purse.key_indexes, purse.algorithms], [['01', '0A', '41'], { '03': 'sm4' }]);
  assert.equal([reader.path, reader.baud], ['/dev/tty: #1', 921_600]);
  assert.equal([production, fare.flat_fen], [true, 200]);
});

const VARIABLES: readonly [string, string, string][] = [
  ['LANE__KIND', 'flatt', '"flatt" is not allowed; one of: flat, entry, exit'],
  ['LANE__IDD', 'x', 'there is no such setting; did you mean "ID"?'],
  ['LANE', '{}', 'this is a section; set one value, such as TAPWAY__LANE__ID'],
  ['LANE__ID__X', 'x', 'there is no such setting'],
  [
    'EXTENDS',
    'x.yaml',
    'there is no such setting; allowed: PRODUCTION, DATA_DIR, SITE, LANE, READER, FAR_READER, ' +
      'SAM, PURSE, LISTS, LEDGER, FARE, BARRIER, SUPERVISE, LOG',
  ],
  [
    '',
    'x',
    'there is no such setting; allowed: PRODUCTION, DATA_DIR, SITE, LANE, READER, FAR_READER, ' +
      'SAM, PURSE, LISTS, LEDGER, FARE, BARRIER, SUPERVISE, LOG',
  ],
  ['LANE__PASSBACK_MINUTES', '', 'an empty value is not allowed; a number from 0 to 120'],
  ['LANE__PASSBACK_MINUTES', '[', '"[" is not readable as YAML'],
  ['LANE__PASSBACK_MINUTES', '{ a: 1 }', 'a section is not allowed; a number from 0 to 120'],
  ['PURSE__KEY_INDEXES', '[41, zz]', '"zz" is not allowed; key index: 2 hex digits in quotes'],
  ['PURSE__KEY_INDEXES', '41', '41 is not allowed; a list of 1 or more'],
  ['PURSE__ALGORITHMS__7', 'sm4', 'algorithm byte: 2 upper-case hex digits'],
  ['SITE__INDUSTRY_CODES____proto__', '1', 'there is no such setting'],
  ['FARE', '/nowhere/fare.yaml', '/nowhere/fare.yaml does not exist'],
  ['LANE__PLACE', '3', '"3" is not allowed; line and station: 8 digits in quotes'],
];

for (const [name, value, expected] of VARIABLES)
  config.test(`GIVEN TAPWAY__${name}=${value} THEN the error names the variable`, () => {
    fresh();
    assert.equal(files.errors({ [`TAPWAY__${name}`]: value }), [`TAPWAY__${name}: ${expected}`]);
  });

config.test('GIVEN settings that are allowed but doubtful THEN they load with warnings', () => {
  fresh(LANE.replace('kind: flat', 'kind: exit'));
  const confession = 'I accept that the purchase keys lie on this disk';
  const result = files.load({
    TAPWAY__PRODUCTION: 'true',
    TAPWAY__SAM__KIND: 'software',
    TAPWAY__SAM__SOFTWARE_IN_PRODUCTION: confession,
  });
  assert.equal(result.ok && result.warnings, [
    'lane.yaml:6:1: lane.direction: an exit lane that opens inwards; write "out" if passengers ' +
      'leave here',
    'TAPWAY__SAM__KIND: the purchase keys of this production lane lie on its disk',
    'lane.yaml:1:1: lists.trusted_keys: nobody may sign a blacklist for this lane: lost and ' +
      'stolen cards pass',
  ]);
});

config.test('GIVEN a locale without texts THEN the error names the file that lacks', () => {
  fresh(LANE.replace('metro', 'metro\n  locales: [en, fr]'));
  assert.match(
    files.errors().join('\n'),
    /^lane\.yaml:6:17: site\.locales\.1: \S+\/config\/locales\/fr\.yaml does not exist$/,
  );
});

config.test('GIVEN a byte-order mark and Windows line ends THEN the file loads', () => {
  files.write('fare.yaml', FARE);
  files.write('lane.yaml', `\uFEFF${LANE.replaceAll('\n', '\r\n')}`);
  assert.is(loaded(files).lane.id, 'F01');
});

config.run();
