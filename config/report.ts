/** Turns what zod found into one line each: where it stands, what is wrong, what is allowed. */

import { z } from 'zod';
import type { Layer, Path } from './yaml.ts';

/** The part of JSON Schema that error messages and overrides need. */
export interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | false;
  readonly items?: Shape;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
}

/** Where values came from. */
export interface Origin {
  /** `file:line:column: dotted.key: `, or `TAPWAY__DOTTED__KEY: ` for an override. */
  prefix(path: Path, what: 'key' | 'value'): string;
  /** A scalar as it was written, without quotes. */
  written(path: Path): string | null;
}

/** @param layers nearest first: the file itself, then what it extends */
export function originOf(
  layers: readonly Layer[],
  overrides: ReadonlyMap<string, string> = new Map(),
): Origin {
  return {
    prefix(path, what) {
      const variable = overrides.get(path.join('.')) ?? overrides.get(path.slice(0, -1).join('.'));
      if (variable !== undefined) return `${variable}: `;
      const dotted = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
      return `${spot(layers, path, what)}: ${dotted}`;
    },
    written: (path) => layers.find((each) => each.has(path))?.written(path) ?? null,
  };
}

/** Where a path stands, or the nearest section above it. */
function spot(layers: readonly Layer[], path: Path, what: 'key' | 'value'): string {
  const layer = layers.find((each) => each.has(path));
  if (layer) return layer.at(path, what) ?? layer.name;
  return path.length === 0 ? '' : spot(layers, path.slice(0, -1), 'key');
}

/** Checks `value` and gives it back with its defaults, or the errors. */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  origin: Origin,
): { readonly value: z.output<S> } | { readonly errors: readonly string[] } {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { value: result.data };
  const shape = shapeOf(schema);
  return { errors: result.error.issues.flatMap((issue) => describe(issue, shape, origin)) };
}

export function shapeOf(schema: z.ZodType): Shape {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as Shape;
}

/** The shape at a path; null where the schema has no such key. */
function shapeAt(shape: Shape, path: Path): Shape | null {
  let at: Shape | null = shape;
  for (const key of path) at = at && stepInto(at, key);
  return at;
}

/** `did you mean "x"?`, or the whole list where nothing is near. */
export function suggestion(wrong: string, allowed: readonly string[]): string {
  const near = allowed
    .map((key) => ({ key, distance: editDistance(wrong.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near && near.distance <= Math.max(1, near.key.length / 2))
    return `did you mean "${near.key}"?`;
  return `allowed: ${allowed.join(', ')}`;
}

function stepInto(shape: Shape, key: PropertyKey): Shape | null {
  if (typeof key === 'number') return shape.items ?? null;
  const { properties, additionalProperties } = shape;
  if (properties && Object.hasOwn(properties, key)) return properties[String(key)] ?? null;
  return additionalProperties || null;
}

function describe(issue: z.core.$ZodIssue, shape: Shape, origin: Origin): string[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = shapeAt(shape, path);
    const allowed = known?.properties ? Object.keys(known.properties) : (known?.required ?? []);
    return issue.keys.map(
      (key) =>
        `${origin.prefix([...path, key], 'key')}there is no such key; ${suggestion(key, allowed)}`,
    );
  }
  const allowed = shapeAt(shape, path) ?? {};
  if (
    issue.input === undefined &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  )
    return [
      `${origin.prefix(path.slice(0, -1), 'key')}add "${String(path.at(-1))}" (${wanted(allowed)})`,
    ];
  if (issue.code === 'invalid_key')
    return [`${origin.prefix(path, 'key')}${issue.issues[0]?.message ?? issue.message}`];
  return [`${origin.prefix(path, 'value')}${wrong(issue, allowed, origin)}`];
}

function wrong(issue: z.core.$ZodIssue, allowed: Shape, origin: Origin): string {
  const given = shown(issue.input);
  switch (issue.code) {
    case 'invalid_type': {
      const written = origin.written(issue.path);
      const scalar = typeof issue.input === 'number' || typeof issue.input === 'boolean';
      if (issue.expected === 'string' && scalar && written !== null)
        return `write it in quotes, "${written}": ${wanted(allowed)}`;
      return `${given} is not allowed; ${wanted(allowed)}`;
    }
    case 'invalid_value':
    case 'too_big':
    case 'too_small':
      return `${given} is not allowed; ${wanted(allowed)}`;
    case 'invalid_format':
      return `${given} is not allowed; ${issue.message}`;
    default:
      return issue.message;
  }
}

/** What belongs there, in words. */
function wanted(shape: Shape): string {
  if (shape.enum) return `one of: ${shape.enum.map(String).join(', ')}`;
  if (shape.const !== undefined) return `only: ${String(shape.const)}`;
  switch (shape.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${range(shape)}`;
    case 'number':
      return `a number${range(shape)}`;
    case 'array':
      return shape.minItems ? `a list of ${shape.minItems} or more` : 'a list';
    case 'object':
      return section(shape);
    default:
      return text(shape);
  }
}

function text(shape: Shape): string {
  const { minLength = 0, maxLength } = shape;
  if (maxLength !== undefined) return `a text of ${minLength} to ${maxLength} characters`;
  return shape.description ?? (minLength > 0 ? 'a text that is not empty' : 'a text');
}

function section(shape: Shape): string {
  const needed = shape.required ?? [];
  if (!shape.properties || needed.length === 0) return 'a section of "key: value" lines';
  return `a section with ${needed.join(', ')}`;
}

function range({ minimum, exclusiveMinimum, maximum = Number.MAX_SAFE_INTEGER }: Shape): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return '';
  return maximum === Number.MAX_SAFE_INTEGER
    ? ` from ${minimum}`
    : ` from ${minimum} to ${maximum}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a section';
  if (value === null) return 'an empty value';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a.slice(0, 64)].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      const swap = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
