/**
 * Single values from the environment: `TAPWAY__LANE__ID=G07` stands above `lane: { id: … }` in any
 * file. Two underscores separate levels; keys of tables (`industry_codes`) keep their case.
 */

import { isScalar, isSeq } from 'yaml';
import { type Shape, suggestion } from './report.ts';
import { parseValue } from './yaml.ts';

const PREFIX = 'TAPWAY__';
const UNREADABLE = Symbol('unreadable');

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Reads every `TAPWAY__…` variable, in alphabetical order. */
export function readOverrides(
  env: Environment,
  shape: Shape,
): { readonly overrides: readonly Override[]; readonly errors: readonly string[] } {
  const overrides: Override[] = [];
  const errors: string[] = [];
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable];
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const target = settingOf(variable, shape);
    const value = typeof target === 'string' ? target : read(text, target.shape);
    if (typeof target === 'string') errors.push(`${variable}: ${target}`);
    else if (value === UNREADABLE)
      errors.push(`${variable}: ${JSON.stringify(text)} is not readable as YAML`);
    else overrides.push({ variable, path: target.path, value });
  }
  return { overrides, errors };
}

function settingOf(variable: string, root: Shape): { path: string[]; shape: Shape } | string {
  const path: string[] = [];
  let shape = root;
  for (const part of variable.slice(PREFIX.length).split('__')) {
    const keys = Object.keys(shape.properties ?? {}).filter((key) => key !== 'extends');
    const key = keys.find((each) => each === part.toLowerCase());
    const next = key === undefined ? shape.additionalProperties : shape.properties?.[key];
    if (!next || part === '' || part === '__proto__')
      return keys.length === 0
        ? 'there is no such setting'
        : `there is no such setting; ${suggestion(
            part,
            keys.map((each) => each.toUpperCase()),
          )}`;
    path.push(key ?? part);
    shape = next;
  }
  if (shape.type !== 'object') return { path, shape };
  const inside = Object.keys(shape.properties ?? {})[0]?.toUpperCase() ?? 'KEY';
  return `this is a section; set one value, such as ${variable}__${inside}`;
}

/** A text stays as it is, whatever it looks like; anything else is read as YAML. */
function read(text: string, shape: Shape): unknown {
  if (shape.type === 'string') return text;
  const doc = parseValue(text);
  if (!doc) return UNREADABLE;
  if (!isSeq(doc.contents) || shape.items?.type !== 'string') return doc.toJS();
  return doc.contents.items.map((item) => (isScalar(item) ? (item.source ?? '') : null));
}
