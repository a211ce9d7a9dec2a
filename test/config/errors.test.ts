import { mkdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { FARE, LANE, workspace } from './workspace.ts';

const config = feature('configuration errors');
const files = workspace();
config.after(files.remove);

/** What is replaced in the lane file, by what, and the one error expected. */
const LANE_CASES: readonly [string, string, string][] = [
  [
    'kind: flat',
    'kind: flat\n  directon: in',
    'lane.yaml:9:3: lane.directon: there is no such key; did you mean "direction"?',
  ],
  [
    'kind: flat',
    'kind: flatt',
    'lane.yaml:8:9: lane.kind: "flatt" is not allowed; one of: flat, entry, exit',
  ],
  [
    "place: '00010001'",
    'place: 00010001',
    'lane.yaml:9:10: lane.place: write it in quotes, "00010001": line and station: 8 ' +
      'digits in quotes',
  ],
  [
    "place: '00010001'",
    "place: '0001000A'",
    'lane.yaml:9:10: lane.place: "0001000A" is not allowed; line and station: 8 digits in quotes',
  ],
  ['  id: F01\n', '', 'lane.yaml:6:1: lane: add "id" (letters, digits and hyphens, at most 16)'],
  [
    '  id: F01',
    '  id:',
    'lane.yaml:7:3: lane.id: an empty value is not allowed; letters, digits and hyphens, ' +
      'at most 16',
  ],
  [
    'reader:\n  path: /dev/ttyUSB0\n',
    '',
    'lane.yaml:1:1: add "reader" (a section of "key: value" lines)',
  ],
  [
    'reader:\n  path: /dev/ttyUSB0',
    'reader: usb',
    'lane.yaml:10:9: reader: "usb" is not allowed; a section of "key: value" lines',
  ],
  [
    'path: /dev/ttyUSB0',
    'path: x\n  baud: 9600',
    'lane.yaml:12:9: reader.baud: 9600 is not allowed; one of: 115200, 230400, 460800, 921600',
  ],
  [
    'kind: psam',
    'kind: psam\n  mac2_fail_limit: 0',
    'lane.yaml:14:20: sam.mac2_fail_limit: 0 is not allowed; a whole number from 1 to 100',
  ],
  [
    'kind: psam',
    'kind: psam\n  timeout_ms: 1.5',
    'lane.yaml:14:15: sam.timeout_ms: 1.5 is not allowed; a whole number from 1 to 600000',
  ],
  [
    'kind: flat',
    'kind: flat\n  block_listed_cards: yes',
    'lane.yaml:9:23: lane.block_listed_cards: "yes" is not allowed; true or false',
  ],
  [
    'industry: metro',
    'industry: metro\n  locales: []',
    'lane.yaml:6:12: site.locales: a list is not allowed; a list of 1 or more',
  ],
  [
    'industry: metro',
    'industry: metro\n  locales: [en, ../x]',
    'lane.yaml:6:17: site.locales.1: "../x" is not allowed; a BCP 47 name such as en',
  ],
  [
    'industry: metro',
    'industry: bus\n  industry_codes: { metro: 1 }',
    'lane.yaml:5:13: site.industry: "bus" has no code in site.industry_codes, which has metro',
  ],
  [
    'industry: metro',
    'industry: metro\n  locales: [en, en]',
    'lane.yaml:6:17: site.locales.1: "en" is named twice',
  ],
  [
    'fare: fare.yaml',
    'fare: fare.yaml\npurse: { algorithms: { x: sm4 } }',
    'lane.yaml:15:24: purse.algorithms.x: algorithm byte: 2 upper-case hex digits',
  ],
  [
    'fare: fare.yaml',
    'fare: fare.yaml\nfroboz: 1',
    'lane.yaml:15:1: froboz: there is no such key; allowed: extends, production, ' +
      'data_dir, site, lane, reader, far_reader, sam, purse, lists, ledger, fare, barrier, ' +
      'supervise, log',
  ],
  ['fare: fare.yaml', 'fare: fares.yaml', 'lane.yaml:14:7: fare: fares.yaml does not exist'],
  ['fare: fare.yaml', 'fare: "a\\nb"', 'lane.yaml:14:7: fare: a?b does not exist'],
  [
    'fare: fare.yaml',
    'fare: 7',
    'lane.yaml:14:7: fare: write it in quotes, "7": path of the fare table, relative to ' +
      'the file that names it, or shipped:fares/…',
  ],
  [
    'kind: psam',
    'kind: software\nproduction: true',
    'lane.yaml:13:9: sam.kind: a production lane wants "psam"; to run on a software SAM ' +
      'all the same, add under sam: software_in_production: I accept that the purchase ' +
      'keys lie on this disk',
  ],
  [
    'kind: psam',
    'kind: software\n  software_in_production: true',
    'lane.yaml:14:27: sam.software_in_production: true is not allowed; only: I accept ' +
      'that the purchase keys lie on this disk',
  ],
  [
    'kind: psam',
    'kind: psam\nproduction: true\nbarrier: { kind: simulated }',
    'lane.yaml:15:18: barrier.kind: a simulated barrier holds nobody back; a production ' +
      'lane wants "none"',
  ],
  [
    'kind: flat',
    'kind: flat\n  reentry_window_s: 5',
    'lane.yaml:9:21: lane.reentry_window_s: must be 0 (never) or outlast ' +
      'passage_timeout_ms: 8 or more',
  ],
  [
    'path: /dev/ttyUSB0',
    'path: x\n  ack_timeout_ms: 800',
    'lane.yaml:12:19: reader.ack_timeout_ms: must be below card_timeout_ms (800)',
  ],
  [
    'path: /dev/ttyUSB0',
    'path: /dev/a\nfar_reader:\n  path: /dev/a',
    'lane.yaml:13:9: far_reader.path: must differ from reader.path: it is another device',
  ],
  [
    'path: /dev/ttyUSB0',
    'kind: hid\n  usb: { serial: A }\nfar_reader: { kind: hid, usb: { serial: A } }',
    'lane.yaml:13:31: far_reader.usb: must differ from reader.usb: it is another device',
  ],
  [
    "kind: flat\n  place: '00010001'",
    "kind: exit\n  place: '00010009'",
    'lane.yaml:9:10: lane.place: "00010009" is no station of "Test fares"; one of: ' +
      '00010001, 00010002',
  ],
  [
    'fare: fare.yaml',
    'fare: fare.yaml\npurse: { fare_max_fen: 100 }',
    'fare.yaml:2:11: flat_fen: 200 is above purse.fare_max_fen (100): every such tap ' +
      'would be refused',
  ],
];

for (const [from, to, expected] of LANE_CASES)
  config.test(
    `GIVEN ${JSON.stringify(to)} in a lane file THEN one error names place and cure`,
    () => {
      files.write('fare.yaml', FARE);
      files.write('lane.yaml', LANE.replace(from, to));
      assert.equal(files.errors(), [expected]);
    },
  );

const FARE_CASES: readonly [string, string, string][] = [
  ['flat_fen: 200\n', '', 'fare.yaml:1:1: add "flat_fen": lane F01 is a flat lane'],
  [
    'flat_fen: 200',
    'flat_fen: 2.5',
    'fare.yaml:2:11: flat_fen: 2.5 is not allowed; a whole number from 0 to 100000',
  ],
  [
    'flat_fen: 200',
    'flat_fen: -1',
    'fare.yaml:2:11: flat_fen: -1 is not allowed; a whole number from 0 to 100000',
  ],
  [
    'pays_percent: 0',
    'pays_percent: 101',
    'fare.yaml:13:56: concessions.0.pays_percent: 101 is not allowed; a whole number from 0 to 100',
  ],
  [
    "card_types: ['01']",
    'card_types: [1]',
    'fare.yaml:13:35: concessions.0.card_types.0: write it in quotes, "1": card type ' +
      '(EF15 byte 28): 2 hex digits in quotes',
  ],
  [
    "card_types: ['01']",
    "card_types: ['01', '01']",
    `fare.yaml:13:41: concessions.0.card_types.1: card type "01" already belongs to a class above`,
  ],
  [
    'name: elderly',
    'name: 老人',
    'fare.yaml:13:13: concessions.0.name: "老人" is not allowed; lower-case letters, ' +
      'digits and hyphens, at most 24',
  ],
  [
    '- { fare_fen: 300 }',
    '- { up_to_km: 9, fare_fen: 300 }',
    'fare.yaml:9:19: distance.bands.1.up_to_km: the last band holds for every longer ' +
      'trip; remove up_to_km',
  ],
  [
    '- { fare_fen: 300 }',
    '- { fare_fen: 300 }\n    - { fare_fen: 300 }',
    'fare.yaml:9:7: distance.bands.1: add "up_to_km"; only the last band has none',
  ],
  [
    '- { fare_fen: 300 }',
    '- { up_to_km: 2, fare_fen: 300 }\n    - { fare_fen: 300 }',
    'fare.yaml:9:19: distance.bands.1.up_to_km: 2 must be above 2, the band before it',
  ],
  [
    '- { fare_fen: 300 }',
    '- { fare_fen: 100 }',
    'fare.yaml:9:19: distance.bands.1.fare_fen: 100 is below 200: a longer trip must not cost less',
  ],
  [
    '- { fare_fen: 300 }',
    '- { fare_fen: 400 }',
    'fare.yaml:9:19: distance.bands.1.fare_fen: 400 is above max_fen (300)',
  ],
  [
    'km: 3 }',
    'km: 0 }',
    'fare.yaml:6:49: distance.stations.1.km: 0 must be above 0, the station before it',
  ],
  [
    "place: '00010002'",
    "place: '00010001'",
    'fare.yaml:6:16: distance.stations.1.place: "00010001" is already a station above',
  ],
  [
    'max_minutes: 120',
    'max_minutes: 120\n  overtime: surcharge',
    'fare.yaml:12:13: distance.overtime: "surcharge" needs overtime_surcharge_fen above 0',
  ],
  [
    'max_minutes: 120',
    'max_minutes: 120\n  overtime_surcharge_fen: 5',
    'fare.yaml:12:27: distance.overtime_surcharge_fen: has no effect with "overtime: ' +
      'max"; write "overtime: surcharge" or remove it',
  ],
  [
    'max_fen: 300',
    'max_fn: 300',
    'fare.yaml:10:3: distance.max_fn: there is no such key; did you mean "max_fen"?',
  ],
];

for (const [from, to, expected] of FARE_CASES)
  config.test(`GIVEN ${JSON.stringify(to)} in a fare table THEN the error names its place`, () => {
    files.write('fare.yaml', FARE.replace(from, to));
    files.write('lane.yaml', LANE);
    assert.ok(files.errors().includes(expected), files.errors().join('\n'));
    if (!to.includes('max_fn')) assert.is(files.errors().length, 1);
  });

config.test('GIVEN an exit lane WHEN the table has no distances THEN it says what to add', () => {
  files.write('fare.yaml', 'name: Flat only\nflat_fen: 200\n');
  files.write('lane.yaml', LANE.replace('kind: flat', 'kind: exit'));
  assert.equal(files.errors(), ['fare.yaml:1:1: add "distance": lane F01 is an exit lane']);
});

/** Files that are no configuration at all. */
const BROKEN: readonly [string, string | Buffer, string][] = [
  ['an empty file', '', 'lane.yaml:1:1: the file is empty; see config/lanes for examples'],
  [
    'comments alone',
    '# nothing\n',
    'lane.yaml:1:1: the file is empty; see config/lanes for examples',
  ],
  ['a list', '- a\n- b\n', 'lane.yaml:1:1: write "key: value" lines'],
  ['a text', '\n\nhello\n', 'lane.yaml:3:1: write "key: value" lines'],
  ['a key twice', `${LANE}fare: x\n`, 'lane.yaml:15:1: this key is written twice; keep one'],
  ['a tab', 'lane:\n\tid: F01\n', 'lane.yaml:2:1: indent with spaces, not with tabs'],
  ['an alias', 'a: &x [1]\nb: [*x, *x]\n', 'lane.yaml:1:7: anchors (&x) are not used; remove it'],
  ['a tag', 'a: !!binary x\n', 'lane.yaml:1:13: tags (!name) are not used; remove it'],
  ['two documents', 'a: 1\n---\nb: 2\n', 'lane.yaml:2:1: one document to a file; remove "---"'],
  [
    'a key that is a list',
    '[a]: 1\n',
    'lane.yaml:1:1: a key must be one plain word, such as "lane"',
  ],
  [
    'a prototype',
    '__proto__: { a: 1 }\n',
    'lane.yaml:1:1: a key must be one plain word, such as "lane"',
  ],
  [
    'the lines of a secret file',
    'root:$6$salt$hash:1:\n',
    'lane.yaml:1:1: a key must be one plain word, such as "lane"',
  ],
  [
    'Latin letters of 1990',
    Buffer.from('lane:\n  id: caf\xE9\n', 'latin1'),
    'lane.yaml:2:10: not UTF-8; save it as UTF-8',
  ],
  ['too much', '#'.repeat(262_145), 'lane.yaml:1:1: the file is larger than 262144 bytes'],
];

for (const [what, content, expected] of BROKEN)
  config.test(`GIVEN ${what} THEN one clear line and no throw`, () => {
    files.write('lane.yaml', content);
    assert.equal(files.errors(), [expected]);
  });

config.test('GIVEN a nest deeper than the stack THEN one clear line and no throw', () => {
  files.write('lane.yaml', `a: ${'['.repeat(200_000)}`);
  assert.match(files.errors().join('\n'), /^lane\.yaml:1:\d+: nested too deeply$/);
});

config.test('GIVEN a needed key is misspelt THEN both what is missing and what is near', () => {
  files.write('fare.yaml', FARE);
  files.write('lane.yaml', LANE.replace('kind: flat', 'knd: flat'));
  assert.equal(files.errors(), [
    'lane.yaml:6:1: lane: add "kind" (one of: flat, entry, exit)',
    'lane.yaml:8:3: lane.knd: there is no such key; did you mean "kind"?',
  ]);
});

config.test('GIVEN no file, a directory or a device THEN one clear line', () => {
  mkdirSync(`${files.root}/folder`);
  assert.equal(files.errors({}, 'nowhere.yaml'), ['nowhere.yaml:1:1: the file does not exist']);
  assert.equal(files.errors({}, 'folder'), [
    'folder:1:1: the file is a directory; name a YAML file',
  ]);
  assert.equal(files.errors({}, '../../dev/null').length, 1);
});

config.test('GIVEN a hundred wrong keys THEN fifty are told and the rest counted', () => {
  files.write('fare.yaml', FARE);
  files.write('lane.yaml', LANE + Array.from({ length: 100 }, (_, i) => `x${i}: 1\n`).join(''));
  assert.is(files.errors().length, 51);
  assert.is(files.errors().at(-1), '… and 50 more');
});

config.run();
