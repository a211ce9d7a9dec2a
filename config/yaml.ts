/**
 * One YAML file as plain values that remember where they stand. Refuses what a configuration does
 * not need and what would make positions or sizes lie: aliases, tags, several documents.
 */

import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';

export type Path = readonly PropertyKey[];
export type Section = Readonly<Record<string, unknown>>;

export interface Layer {
  readonly name: string;
  readonly value: Section;
  has(path: Path): boolean;
  /** `name:line:column` of the value, or of its key, at `path`; null where there is none. */
  at(path: Path, what: 'key' | 'value'): string | null;
  /** A scalar as it was written, without quotes. */
  written(path: Path): string | null;
}

export type Parsed =
  | { readonly ok: true; readonly layer: Layer }
  | { readonly ok: false; readonly error: string };

/** So narrow that no line of a file that is secret, and no configuration, reaches the screen. */
const KEY = /^[\p{L}\p{N}_.-]{1,64}$/u;

/** Never throws. `error` is one line that starts with `name:line:column`. */
export function parseLayer(name: string, text: string): Parsed {
  const lines = new LineCounter();
  const refuse = (offset: number, what: string): Parsed => {
    const { line, col } = lines.linePos(offset);
    return { ok: false, error: `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${what}` };
  };
  try {
    const doc = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: (a, b) => isScalar(a) && isScalar(b) && a.source === b.source,
    });
    const broken = [...doc.errors, ...doc.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
    if (broken) return refuse(broken.pos[0], plainWords(broken.code, broken.message));
    const foreign = firstForeign(doc);
    if (foreign) return refuse(...foreign);
    if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null))
      return refuse(0, 'the file is empty; see config/lanes for examples');
    if (!isMap(doc.contents)) return refuse(start(doc.contents), 'write "key: value" lines');
    return { ok: true, layer: layerOf(name, doc, lines) };
  } catch (error) {
    return refuse(0, plainWords('', oneLine(error)));
  }
}

/** A value given outside a file; null when it is not YAML. Scalars keep `source`. */
export function parseValue(text: string): Document.Parsed | null {
  try {
    const doc = parseDocument(text, { prettyErrors: false });
    return doc.errors.length + doc.warnings.length > 0 || firstForeign(doc) ? null : doc;
  } catch {
    return null;
  }
}

function layerOf(name: string, doc: Document.Parsed, lines: LineCounter): Layer {
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const at: Layer['at'] = (path, what) => {
    const node = path.length === 0 ? doc.contents : doc.getIn(path, true);
    const key = keyNode(doc, path);
    const nothing = isScalar(node) && node.value === null && key !== null;
    if (isNode(node) && !nothing && (what === 'value' || key === null))
      return position(start(node));
    return key === null ? null : position(start(key));
  };
  return {
    name,
    value: doc.toJS({ maxAliasCount: 0 }) as Section,
    has: (path) => path.length === 0 || doc.hasIn(path),
    at,
    written: (path) => {
      const node = doc.getIn(path, true);
      return isScalar(node) ? (node.source ?? null) : null;
    },
  };
}

function keyNode(doc: Document.Parsed, path: Path): Scalar | null {
  const parent = path.length < 2 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  if (path.length === 0 || !isMap(parent)) return null;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  return isScalar(pair?.key) ? pair.key : null;
}

/**
 * The first thing that has no place in a configuration, as offset and text. On the way keys become
 * their written text, so that `01: sm4` is the key "01" and not the number 1.
 */
function firstForeign(doc: Document.Parsed): [number, string] | null {
  let found: [number, string] | null = null;
  const stop = (node: unknown, what: string) => {
    found = [start(node), what];
    return visit.BREAK;
  };
  visit(doc, {
    Alias: (_, node) => stop(node, `write the value out; aliases (*${node.source}) are not used`),
    Pair(_, { key }) {
      const word = isScalar(key) ? (key.source ?? '') : '';
      if (!isScalar(key) || !KEY.test(word) || word === '__proto__')
        return stop(key, 'a key must be one plain word, such as "lane"');
      key.value = word;
      return undefined;
    },
    Node(_, node) {
      if (isCollection(node) || isScalar(node)) {
        if (node.anchor) return stop(node, `anchors (&${node.anchor}) are not used; remove it`);
        if (node.tag !== undefined) return stop(node, 'tags (!name) are not used; remove it');
      }
      return undefined;
    },
  });
  return found;
}

function start(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function plainWords(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces, not with tabs';
  if (code === 'DUPLICATE_KEY') return 'this key is written twice; keep one';
  if (code === 'MULTIPLE_DOCS') return 'one document to a file; remove "---"';
  if (code === 'TAG_RESOLVE_FAILED') return 'tags (!name) are not used; remove it';
  if (message.includes('call stack')) return 'nested too deeply';
  return `not readable as YAML: ${oneLine(message)}`;
}

function oneLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).replace(/\s+/g, ' ');
}
