/**
 * A configuration file and what it extends, laid over each other: the part of loading that lanes
 * and kiosks share. Nothing here throws; an error is one line that says where and what.
 */

import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { type Environment, type Override, readOverrides } from './overrides.ts';
import { check, type Origin, originOf, shapeOf } from './report.ts';
import { type Layer, type Parsed, type Path, parseLayer, type Section } from './yaml.ts';

const SHIPPED = 'shipped:';
const LARGEST_BYTES = 262_144;
const MOST_ERRORS = 50;

/** What became of a file; the errors are one line each, and say where. */
export type Loaded<C> =
  | { readonly ok: true; readonly config: C; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

export interface Sources {
  /** The file, what it extends and the environment, not checked yet. */
  readonly value: Section;
  readonly origin: Origin;
  /** What is wrong with variables of the environment. */
  readonly overrideErrors: readonly string[];
  /** A path that the value at `path` names, seen from the file that names it. */
  near(path: Path, target: string): string;
}

/**
 * @param path the YAML file
 * @param env holds overrides such as `TAPWAY__SITE__NAME`; usually `process.env`
 */
export function openSources(
  path: string,
  env: Environment,
  schema: z.ZodType,
): Sources | { readonly errors: readonly string[] } {
  const chain = readChain(path);
  const { overrides, errors } = readOverrides(env, shapeOf(schema));
  if ('error' in chain) return { errors: [chain.error, ...errors] };
  const { layers } = chain;
  const variables = new Map(overrides.map((each) => [each.path.join('.'), each.variable]));
  const origin = originOf(layers, variables);
  return {
    value: withOverrides(layers, overrides),
    origin,
    overrideErrors: errors,
    near: (at, target) => follow(target, namerOf(at, layers, origin)),
  };
}

/**
 * Where the files shipped with the product lie: this folder in a checkout, `config` beside the
 * bundle in a build, which is CommonJS and so has no `import.meta.url`.
 */
export function shippedDirectory(): string {
  const url: string | undefined = import.meta.url;
  return url === undefined ? join(__dirname, 'config') : dirname(fileURLToPath(url));
}

/** The file and what it extends, nearest first. */
function readChain(path: string): { layers: readonly Layer[] } | { error: string } {
  const layers: Layer[] = [];
  const seen = new Set<string>();
  for (let next = path, blame = ''; ; ) {
    const parsed = readLayer(next, blame);
    if (!parsed.ok) return parsed;
    const { layer } = parsed;
    const where = `${layer.at(['extends'], 'value')}: extends: `;
    const real = resolve(next);
    if (seen.has(real)) return { error: `${blame}${next} extends itself; break the circle` };
    seen.add(real);
    layers.push(layer);
    const base = layer.value.extends;
    if (base === undefined) return { layers };
    if (typeof base !== 'string' || base === '')
      return { error: `${where}write the path of a YAML file` };
    next = follow(base, layer.name);
    blame = where;
  }
}

/** One file for each locale, checked. The errors of all of them. */
export function perLocale<S extends z.ZodType>(options: {
  readonly locales: readonly string[];
  /** Of the file that names `site.locales`. */
  readonly origin: Origin;
  readonly folder: string;
  readonly schema: S;
}): { value: Record<string, z.output<S>> } | { errors: readonly string[] } {
  const { locales, origin, folder, schema } = options;
  const found: [string, z.output<S>][] = [];
  const errors: string[] = [];
  for (const [index, locale] of locales.entries()) {
    const named = origin.prefix(['site', 'locales', index], 'value');
    const parsed = readLayer(join(folder, `${locale}.yaml`), named);
    if (!parsed.ok) {
      errors.push(parsed.error);
      continue;
    }
    const result = check(schema, parsed.layer.value, originOf([parsed.layer]));
    if ('errors' in result) errors.push(...result.errors);
    else found.push([locale, result.value]);
  }
  return errors.length > 0 ? { errors } : { value: Object.fromEntries(found) };
}

/** @param blame what the error line begins with when the file cannot be read at all */
export function readLayer(path: string, blame: string): Parsed {
  const refuse = (what: string): Parsed => ({
    ok: false,
    error: `${blame || `${path}:1:1: `}${what}`,
  });
  const named = blame === '' ? 'the file' : path.replace(/\p{C}/gu, '?');
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return refuse(`${named} is a directory; name a YAML file`);
    if (!stat.isFile()) return refuse(`${named} is not a plain file; name a YAML file`);
    if (stat.size > LARGEST_BYTES) return refuse(`${named} is larger than ${LARGEST_BYTES} bytes`);
    const bytes = readFileSync(path);
    if (!isUtf8(bytes)) return { ok: false, error: notUtf8(path, bytes) };
    return parseLayer(path, bytes.toString('utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ENOENT') return refuse(`${named} does not exist`);
    if (code === 'EACCES') return refuse(`${named} may not be read by this user; see its rights`);
    return refuse(`${named} cannot be read (${code})`);
  }
}

function notUtf8(path: string, bytes: Buffer): string {
  const before = bytes.toString('utf8').split('\uFFFD', 1)[0] ?? '';
  const lines = before.split('\n');
  return `${path}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}: not UTF-8; save it as UTF-8`;
}

/** The file whose value stands; for a default the lane's own; '' (here) for the environment. */
function namerOf(path: Path, layers: readonly Layer[], origin: Origin): string {
  if (origin.prefix(path, 'value').startsWith('TAPWAY__')) return '';
  return (layers.find((each) => each.has(path)) ?? layers[0])?.name ?? '';
}

/** `shipped:` names a file of the product; anything else is relative to the file that names it. */
function follow(target: string, namer: string): string {
  if (target.startsWith(SHIPPED)) return join(shippedDirectory(), target.slice(SHIPPED.length));
  return isAbsolute(target) ? normalize(target) : join(dirname(namer), target);
}

/** Sections are laid over each other; everything else is replaced as a whole. */
function withOverrides(layers: readonly Layer[], overrides: readonly Override[]): Section {
  const files = layers.map((each) => each.value).reduceRight((base, over) => overlay(base, over));
  const { extends: _, ...merged } = files;
  return overrides.reduce<Section>((whole, { path, value }) => {
    const branch = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    return overlay(whole, branch as Section);
  }, merged);
}

function overlay(base: Section, over: Section): Section {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    return [key, isSection(below) && isSection(value) ? overlay(below, value) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function errorsOf(result: object): readonly string[] {
  return 'errors' in result ? (result.errors as readonly string[]) : [];
}

export function refused(errors: readonly string[]) {
  const more = errors.length - MOST_ERRORS;
  const shown = more > 0 ? [...errors.slice(0, MOST_ERRORS), `… and ${more} more`] : errors;
  return { ok: false, errors: shown } as const;
}
