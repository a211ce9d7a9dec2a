import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { z } from 'zod';
import { schemaFiles } from '../../config/json-schema.ts';
import { loadConfig, shippedDirectory } from '../../config/load.ts';
import { textsSchema } from '../../config/schema.ts';
import { GRANTED, IDLE, REFUSED, TROUBLED } from '../../controller/gate/outcome.ts';
import { feature } from '../kit/feature.ts';
import { FARE, LANE, workspace } from './workspace.ts';

const shipped = feature('shipped configuration');
const files = workspace();
shipped.after(files.remove);
const root = shippedDirectory();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const FOLDERS = ['lanes', 'kiosks', 'sites', 'sites/ningbo-guides', 'fares', 'locales'];
const yamlFiles = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);

for (const lane of ['flat', 'entry', 'exit'])
  shipped.test(`GIVEN config/lanes/${lane}.yaml THEN it loads without a warning`, () => {
    const result = loadConfig(join(root, `lanes/${lane}.yaml`), {});
    if (!result.ok) throw new Error(result.errors.join('\n'));
    assert.equal(result.warnings, []);
    assert.is(result.config.lane.kind, lane);
    assert.is(result.config.site.city_code, '3320');
  });

shipped.test('GIVEN an installer copies a lane file elsewhere THEN it still loads', () => {
  files.write('lane.yaml', read('lanes/flat.yaml'));
  assert.equal(files.errors(), []);
});

shipped.test('every fare table loads', () => {
  for (const path of yamlFiles.filter((each) => each.startsWith('fares/')))
    for (const kind of ['flat', 'exit']) {
      files.write('lane.yaml', LANE.replace('kind: flat', `kind: ${kind}`));
      const errors = files.errors({ TAPWAY__FARE: join(root, path) });
      assert.not.ok(
        errors.some((line) => !/: add "(flat_fen|distance)"/.test(line)),
        path,
      );
    }
});

shipped.test('every locale says something for every outcome, and nothing else', () => {
  const messages = [...GRANTED, ...REFUSED, ...TROUBLED, ...IDLE].sort();
  assert.equal(textsSchema.keyType.options.toSorted(), messages);
  for (const name of readdirSync(join(root, 'locales'))) {
    const texts = textsSchema.parse(parse(read(`locales/${name}`)));
    assert.equal(Object.keys(texts).sort(), messages, name);
    for (const [code, { title, advice }] of Object.entries(texts)) {
      assert.ok(title.length <= (name.startsWith('zh') ? 12 : 28), `${name} ${code}: ${title}`);
      assert.ok(advice.length > 0 && advice.length <= 48, `${name} ${code}: ${advice}`);
    }
  }
});

shipped.test('each reason of the blacklist has a text of its own', () => {
  for (const name of readdirSync(join(root, 'locales'))) {
    const texts = textsSchema.parse(parse(read(`locales/${name}`)));
    const advice = Object.entries(texts).filter(([code]) => code.startsWith('listed-'));
    assert.is(new Set(advice.map(([, text]) => text.title + text.advice)).size, 5);
  }
});

shipped.test('GIVEN the committed JSON Schemas THEN they are what the schemas say today', () => {
  for (const [name, text] of Object.entries(schemaFiles()))
    assert.is(read(name), text, `${name} is stale: run \`npm run config:schema\``);
});

shipped.test(
  'GIVEN an editor with the JSON Schemas THEN shipped files pass, mistakes do not',
  () => {
    for (const path of yamlFiles) {
      const name = /\$schema=(?:\.\.\/)+(\S+)/.exec(read(path).split('\n', 1)[0] ?? '')?.[1] ?? '';
      assert.ok(name in schemaFiles(), `${path} does not name its schema in its first line`);
      const schema = z.fromJSONSchema(JSON.parse(read(name)));
      const value = parse(read(path));
      assert.ok(schema.safeParse(value).success, path);
      assert.not.ok(schema.safeParse({ ...value, froboz: 1 }).success, path);
    }
    const lane = z.fromJSONSchema(JSON.parse(read('schema.json')));
    for (const wrong of [
      { lane: { place: '0001000A' } },
      { site: { city_code: '33200' } },
      { purse: { algorithms: { '4': 'sm4' } } },
      { reader: { baud: 9_600 } },
    ])
      assert.not.ok(lane.safeParse(wrong).success, JSON.stringify(wrong));
  },
);

shipped.test('GIVEN a CommonJS bundle beside its config folder THEN a lane loads from it', () => {
  files.write('fare.yaml', FARE);
  files.write('lane.yaml', LANE);
  files.write(
    'main.ts',
    `import { loadConfig, shippedDirectory } from '${root}/load.ts';
    const result = loadConfig('${files.root}/lane.yaml', {});
    process.stdout.write(JSON.stringify([shippedDirectory(), result]));`,
  );
  const outfile = join(files.root, 'dist/tapway.cjs');
  buildSync({
    entryPoints: [join(files.root, 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  cpSync(join(root, 'locales'), join(files.root, 'dist/config/locales'), { recursive: true });
  const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
  assert.is(stderr, '');
  const [directory, result] = JSON.parse(stdout);
  assert.is(directory, join(files.root, 'dist/config'));
  assert.is(result.ok, true);
  assert.equal(Object.keys(result.config.texts), ['zh-CN', 'en']);
});

shipped.run();
