/** What came over the WebSocket, checked strictly before the simulated lane hears of it. */

import { z } from 'zod';
import type { PanelCommand } from './state.ts';

const commandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('tap'), card: z.string().min(1).max(64) }),
  z.strictObject({ type: z.literal('fire'), on: z.boolean() }),
  z.strictObject({ type: z.literal('maintenance'), on: z.boolean() }),
  z.strictObject({ type: z.literal('walk'), through: z.boolean() }),
  z.strictObject({ type: z.literal('skip'), minutes: z.int().min(1).max(60) }),
]);

/** A command, or what is wrong with the text, in words for whoever sent it. */
export type Parsed =
  | { readonly ok: true; readonly command: PanelCommand }
  | { readonly ok: false; readonly error: string };

/** Never throws. `cards` are the ids of the tray; a tap of any other card is refused. */
export function parseCommand(text: string, cards: readonly string[]): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('not JSON; send one command, such as {"type":"fire","on":true}');
  }
  const result = commandSchema.safeParse(json);
  if (!result.success) return refuse(z.prettifyError(result.error));
  const command = result.data;
  if (command.type === 'tap' && !cards.includes(command.card)) {
    return refuse(`no such card in the tray; choose one of: ${cards.join(', ')}`);
  }
  return { ok: true, command };
}

function refuse(why: string): Parsed {
  return { ok: false, error: `command refused: ${why}` };
}
