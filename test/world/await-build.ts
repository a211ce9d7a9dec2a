/**
 * Builds the world with a hook at every await of the product: the TypeScript compiler finds them,
 * and `await X` becomes `await atAwait(X, place)`. The sources know nothing of it.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import ts from 'typescript';
import { type Bundle, workerBuild } from '../../sim/world/bundle.ts';
import { changed } from './broken.ts';
import type { Change } from './mutants.ts';

const FLOORS = ['controller', 'firmware-bridge'];

export interface AwaitBuild {
  readonly bundle: Bundle;
  /** The awaits of the files that the lane loads: `file:line:column`. */
  readonly loaded: readonly string[];
  /** How many there are in all files of both folders. */
  readonly everywhere: number;
}

export async function buildWithAwaits(change?: Change): Promise<AwaitBuild> {
  const { options, bundle } = workerBuild();
  const loaded: string[] = [];
  const entryPoints = [fileURLToPath(new URL('./await-child.ts', import.meta.url))];
  await build({ ...options, entryPoints, plugins: [hooking(loaded, change)] });
  return { bundle, loaded, everywhere: countAwaits() };
}

function hooking(loaded: string[], change?: Change): Plugin {
  const root = resolve('.').replaceAll(/[.]/g, '\\.');
  const filter = new RegExp(`^${root}/(${FLOORS.join('|')})/.*\\.ts$`);
  return {
    name: 'awaits',
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => {
        const file = relative('.', path);
        const source = readFileSync(path, 'utf8');
        const hooked = hookAwaits(file, change?.file === file ? changed(source, change) : source);
        loaded.push(...hooked.places);
        return { contents: hooked.source, loader: 'ts' };
      });
    },
  };
}

function countAwaits(): number {
  const files = execFileSync('git', ['ls-files', '--', ...FLOORS])
    .toString()
    .split('\n');
  const sources = files.filter((file) => /\.tsx?$/.test(file));
  return sources.reduce((sum, file) => {
    return sum + hookAwaits(file, readFileSync(file, 'utf8')).places.length;
  }, 0);
}

interface Hooked {
  readonly source: string;
  readonly places: readonly string[];
}

/** `await X` → `await globalThis.atAwait(X, place)`; `for await (… of X)`: `… atEach(X, …)`. */
export function hookAwaits(file: string, source: string): Hooked {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const places: string[] = [];
  const inserts: { readonly at: number; readonly text: string }[] = [];
  const hook = (name: string, node: ts.Node, operand: ts.Expression) => {
    const { line, character } = tree.getLineAndCharacterOfPosition(node.getStart());
    const place = `${file}:${line + 1}:${character + 1}`;
    places.push(place);
    inserts.push({ at: operand.getStart(), text: `globalThis.${name}(` });
    inserts.push({ at: operand.getEnd(), text: `, ${JSON.stringify(place)})` });
  };
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (ts.isAwaitExpression(node)) hook('atAwait', node, node.expression);
    if (ts.isForOfStatement(node) && node.awaitModifier) hook('atEach', node, node.expression);
  };
  visit(tree);
  return { source: inserted(source, inserts), places };
}

/** Inner insertions come before outer ones at the same place: the sort keeps their order. */
function inserted(source: string, inserts: readonly { at: number; text: string }[]): string {
  let done = '';
  let from = 0;
  for (const { at, text } of [...inserts].sort((a, b) => a.at - b.at)) {
    done += source.slice(from, at) + text;
    from = at;
  }
  return done + source.slice(from);
}
