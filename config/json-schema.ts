/** Writes the JSON Schemas that editors read beside the YAML files: `npm run config:schema`. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { guidesSchema } from './guides.ts';
import { kioskSchema } from './kiosk.ts';
import { configSchema, fareSchema, textsSchema } from './schema.ts';

/** File name → its text. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return {
    'schema.json': text(configSchema, 'part'),
    'fare.schema.json': text(fareSchema, 'whole'),
    'locale.schema.json': text(textsSchema, 'whole'),
    'kiosk.schema.json': text(kioskSchema, 'part'),
    'guides.schema.json': text(guidesSchema, 'whole'),
  };
}

/** A `part` requires no key: what a lane's file leaves out may stand in the file it extends. */
function text(schema: z.ZodType, extent: 'part' | 'whole'): string {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (extent === 'part') delete jsonSchema.required;
    },
  });
  return `${JSON.stringify(json, null, 2).replace(/^( *.*)\[\n([^[\]{}]*?)\n *\]/gm, onOneLine)}\n`;
}

/** As the formatter of this repository writes a short list. */
function onOneLine(whole: string, before: string, items: string): string {
  const line = `${before}[${items.trim().replace(/\n */g, ' ')}]`;
  return line.length < 100 ? line : whole;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, content] of Object.entries(schemaFiles()))
    writeFileSync(join(import.meta.dirname, name), content);
