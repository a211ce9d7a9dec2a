/** What came over the page's WebSocket, checked strictly before the kiosk hears of it. */

import type { KioskCommand } from '../view.ts';

/** A command, or what is wrong with the text, in words for whoever sent it. */
export type Parsed =
  | { readonly ok: true; readonly command: KioskCommand }
  | { readonly ok: false; readonly error: string };

type Field = (value: unknown) => boolean;
type Rest<T> = Readonly<Record<Exclude<keyof T, 'type'>, Field>>;
/** Every command with the check of each of its fields: the compiler misses none. */
type Shapes = { readonly [C in KioskCommand as C['type']]: Rest<C> };

const id: Field = (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,40}$/.test(value);
const flag: Field = (value) => typeof value === 'boolean';
const oneOf =
  (...words: readonly string[]): Field =>
  (value) =>
    typeof value === 'string' && words.includes(value);

const slip = oneOf('information', 'balance', 'validity', 'receipt');

const SHAPES: Shapes = {
  language: { locale: id },
  elder: { on: flag },
  contrast: { high: flag },
  sound: { on: flag },
  guide: { id },
  service: { service: oneOf('information', 'balance', 'validity', 'insurance', 'pay') },
  reveal: { on: flag },
  preview: { what: slip, full: flag },
  print: { what: slip, full: flag },
  pay: { item: id },
  key: { key: oneOf(...'0123456789', 'clear', 'enter') },
  confirm: {},
  back: {},
  finish: {},
  stay: {},
  staff: {},
};

/** Never throws, and never repeats what was sent: it may be a PIN. */
export function parseCommand(text: string): Parsed {
  const value = jsonOf(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('send one object as JSON, such as {"type":"finish"}');
  }
  const { type, ...fields } = value as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) {
    return refuse(`"type" is one of: ${Object.keys(SHAPES).join(', ')}`);
  }
  const shape = Object.entries<Field>(SHAPES[type as keyof Shapes]);
  for (const [name, good] of shape) {
    if (!Object.hasOwn(fields, name)) return refuse(`"${type}" wants "${name}"`);
    if (!good(fields[name])) return refuse(`"${name}" of "${type}" is not allowed`);
  }
  if (Object.keys(fields).length > shape.length) {
    return refuse(
      `"${type}" has ${shape.map(([name]) => `"${name}"`).join(' and ') || 'no field'}`,
    );
  }
  return { ok: true, command: value as KioskCommand };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(why: string): Parsed {
  return { ok: false, error: `command refused: ${why}` };
}
