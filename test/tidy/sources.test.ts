/** House rules that no linter knows. Each message names what to use instead. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';

const tidy = feature('tidy sources');

const LINES_MAX = 400;
const FUNCTION_MAX = 60;
const COLUMNS_MAX = 100;
const PARAMETERS_MAX = 3;

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  .toString()
  .split('\n')
  .filter((path) => path !== '');
const sources = tracked.filter((path) =>
  /^(firmware-bridge|controller|config|sim)\/.*\.tsx?$/.test(path),
);
const tests = tracked.filter((path) => /^test\/.*\.ts$/.test(path));
/** Pages are told of by the README of the folder above them. */
const page = /\/page\//;

interface Ban {
  readonly token: RegExp;
  readonly instead: string;
  /** Files that own the thing. */
  readonly owners: RegExp;
}

/** Below the mains a Disk; the simulator keeps its own few files. */
const FILE_OWNERS = [
  'firmware-bridge/(disk|board|link/usblp)',
  'config/',
  'controller/(gate-main|cli|kiosk/screen/assets)',
  'sim/',
];

const BANS: readonly Ban[] = [
  {
    token: /\bDate\.now\(|\bnew Date\(\)/,
    instead: 'a Clock (ports.ts)',
    owners: /^(firmware-bridge\/clock\.ts|sim\/panel\/page\/)/,
  },
  {
    token: /(?<![.\w])(setTimeout|setInterval)\(/,
    instead: 'a Clock (ports.ts)',
    owners: /^(firmware-bridge\/(clock|ports)\.ts|sim\/panel\/page\/)/,
  },
  { token: /\bMath\.random\(/, instead: 'a seeded chance (sim/lane/chance.ts)', owners: /^$/ },
  {
    token: /\bprocess\.exit\(/,
    instead: 'process.exitCode, or an error to the cli',
    owners: /cli\.ts$/,
  },
  { token: /\bconsole\./, instead: 'ops/log.ts, or process.stdout in a command', owners: /^$/ },
  {
    token: /from 'node:fs(\/promises)?'/,
    instead: 'a Disk (ports.ts)',
    owners: new RegExp(`^(${FILE_OWNERS.join('|')})`),
  },
  { token: /\bas any\b|: any\b|<any>/, instead: '`unknown` and a check', owners: /^$/ },
  { token: /@ts-(ignore|expect-error|nocheck)/, instead: 'a type that fits', owners: /^$/ },
  { token: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'doing it, or an issue', owners: /^test\/tidy\// },
];

for (const { token, instead, owners } of BANS) {
  tidy.test(`${token.source} is not used outside its owners; use ${instead}`, () => {
    const found = sources.flatMap((path) => (owners.test(path) ? [] : linesWith(path, token)));
    assert.equal(found, []);
  });
}

tidy.test(`no file has more than ${LINES_MAX} lines: split it by reason to change`, () => {
  const long = [...sources, ...tests].filter((path) => linesOf(path).length > LINES_MAX);
  assert.equal(long, []);
});

tidy.test(`no line is longer than ${COLUMNS_MAX} columns, and none ends in a blank`, () => {
  const found = [...sources, ...tests]
    .filter((path) => !/\.d\.ts$/.test(path))
    .flatMap((path) =>
      linesOf(path)
        .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
        .filter(({ line }) => width(line) > COLUMNS_MAX || /\s$/.test(line))
        .map(({ place }) => place),
    );
  assert.equal(found, []);
});

tidy.test(`no function has more than ${FUNCTION_MAX} lines of its own: name its parts`, () => {
  assert.equal(sources.flatMap(longFunctions), []);
});

tidy.test(`no function has more than ${PARAMETERS_MAX} parameters: make them one object`, () => {
  // Others made what a `.d.ts` describes.
  const held = sources.filter((path) => !path.endsWith('.d.ts'));
  assert.equal(held.flatMap(manyParameters), []);
});

tidy.test('every test file runs its features: a forgotten run() passes silently', () => {
  const files = tests.filter((path) => path.endsWith('.test.ts'));
  assert.ok(files.length > 0);
  for (const path of files) {
    const text = readFileSync(path, 'utf8');
    const made = text.match(/= feature\(/g)?.length ?? 0;
    const run = text.match(/^\w+\.run\(\);$/gm)?.length ?? 0;
    assert.ok(made > 0 && made === run, `${path}: ${made} features, ${run} calls of run()`);
  }
});

tidy.test('no test is skipped, singled out or written with a bare uvu test', () => {
  const bad = /(?<!clock)\.(skip|only)\(|from 'uvu'/;
  const found = tests.flatMap((path) =>
    /^test\/(kit|tidy)\//.test(path) ? [] : linesWith(path, bad),
  );
  assert.equal(found, []);
});

tidy.test('every folder of sources has a README with one H1', () => {
  const folders = new Set(sources.map((path) => path.slice(0, path.lastIndexOf('/'))));
  for (const folder of folders) {
    if (page.test(`${folder}/`)) continue;
    const readme = `${folder}/README.md`;
    assert.ok(tracked.includes(readme), `${readme} is missing`);
  }
  for (const path of tracked.filter((each) => each.endsWith('.md'))) {
    const prose = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    const headings = prose.match(/^# /gm)?.length ?? 0;
    assert.is(headings, 1, `${path} has ${headings} H1 headings`);
  }
});

tidy.test('no file names a machine path or a registry host', () => {
  const bad = /(^|[^A-Za-z.])\/(work|root|home)\/|\.\.\/shared|registry\.npmjs|deb\.debian/;
  const texts = tracked.filter(
    (path) => !/\.(png|json)$/.test(path) && !path.startsWith('test/tidy/'),
  );
  assert.equal(
    texts.flatMap((path) => linesWith(path, bad)),
    [],
  );
});

tidy.run();

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
}

function linesWith(path: string, token: RegExp): string[] {
  return linesOf(path)
    .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
    .filter(({ line }) => token.test(line) && !/^\s*(\/\/|\*|\/\*\*)/.test(line))
    .map(({ place, line }) => `${place}: ${line.trim()}`);
}

/** Wide (Chinese) characters take two columns. */
function width(line: string): number {
  return [...line].reduce((sum, char) => sum + (/[\u2E80-\uFFEF]/.test(char) ? 2 : 1), 0);
}

function parsed(path: string): ts.SourceFile {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true, kind);
}

function manyParameters(path: string): string[] {
  const file = parsed(path);
  const found: string[] = [];
  visit(file);
  return found;

  function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) && node.parameters.length > PARAMETERS_MAX) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${path}:${line + 1}: ${node.parameters.length} parameters`);
    }
    ts.forEachChild(node, visit);
  }
}

/** Counts a function's own lines: what nested functions take is theirs. */
function longFunctions(path: string): string[] {
  const file = parsed(path);
  const found: string[] = [];
  visit(file);
  return found;

  /** Returns the lines taken by functions at or below this node. */
  function visit(node: ts.Node): number {
    let nested = 0;
    ts.forEachChild(node, (child) => {
      nested += visit(child);
    });
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return nested;
    const lines = lineAt(node.getEnd()) - lineAt(node.getStart()) + 1;
    if (lines - nested > FUNCTION_MAX)
      found.push(`${path}:${lineAt(node.getStart()) + 1}: ${lines - nested} lines`);
    return lines;
  }

  function lineAt(position: number): number {
    return file.getLineAndCharacterOfPosition(position).line;
  }
}
