/** What came over the stage's WebSocket, checked strictly. */

import { z } from 'zod';
import { FAULTS, type StageCommand } from './state.ts';

const schema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('put'),
    person: z.string().min(1).max(64),
    place: z.enum(['tray', 'slot', 'pad']),
  }),
  z.strictObject({ type: z.literal('fault'), fault: z.enum(FAULTS), on: z.boolean() }),
  z.strictObject({ type: z.literal('tear'), on: z.boolean() }),
  z.strictObject({ type: z.literal('tidy') }),
]);

export type Parsed =
  | { readonly ok: true; readonly command: StageCommand }
  | { readonly ok: false; readonly error: string };

/** Never throws. */
export function parseStageCommand(text: string): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('not JSON; send one command, such as {"type":"tidy"}');
  }
  const result = schema.safeParse(json);
  return result.success
    ? { ok: true, command: result.data }
    : refuse(z.prettifyError(result.error));
}

function refuse(why: string): Parsed {
  return { ok: false, error: `command refused: ${why}` };
}
