/**
 * The shape of a kiosk's configuration. Site, reader, SAM, purse, lists and ledger are those of a
 * lane (schema.ts); a kiosk adds its till, screen, speech and service code.
 */

import { z } from 'zod';
import type { SiteGuides } from './guides.ts';
import { printerSchema } from './printer.ts';
import * as lane from './schema.ts';
import { sscSchema } from './ssc.ts';
import { superviseSchema } from './supervise.ts';

const item = z.strictObject({
  id: lane.word(24),
  name: z.record(z.string(), z.string().min(1).max(40)).describe('its name in each locale'),
  price_fen: lane.fen.min(1),
});

const till = z.strictObject({
  items: z.array(item).max(12).default([]).describe('what can be paid here; none: no till'),
  again_minutes: z
    .int()
    .min(0)
    .max(1_440)
    .default(15)
    .describe('who pays the same thing with the same card within this time is asked once more'),
  torn_wait_s: z
    .int()
    .min(10)
    .max(300)
    .default(60)
    .describe('how long the screen waits for a card that left during the debit'),
  settle_hours: z
    .int()
    .min(1)
    .max(24)
    .default(24)
    .describe('how long a torn payment is settled by its card before a new one may be made'),
});

const screen = z.strictObject({
  host: z.literal('127.0.0.1').default('127.0.0.1').describe('the page is for this machine alone'),
  port: z.int().min(0).max(65_535).default(8_740),
  idle_s: z.int().min(10).max(600).default(40).describe('untouched for so long: a warning'),
  warn_s: z.int().min(5).max(120).default(15).describe('from the warning until all is cleared'),
  elder_factor: z
    .number()
    .min(1)
    .max(5)
    .default(2)
    .describe('适老: all that runs out, so much later'),
});

const speech = z.strictObject({
  enabled: z.boolean().default(true),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe('prepared sounds <locale>/<prompt>.wav, relative to the file that names it'),
  espeak: z.string().min(1).default('espeak-ng').describe('the program that speaks the rest'),
  words_per_minute: z.int().min(80).max(300).default(150),
  elder_pace: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.8)
    .describe('适老: this share of the ordinary speed, recorded sounds as well'),
});

const maintenance = z.strictObject({
  code: z
    .string()
    .regex(/^scrypt\$[0-9]+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/, 'what `tapway kiosk code` prints')
    .describe('what `tapway kiosk code` prints; without it the service page stays shut')
    .optional(),
});

export const kioskSchema = z.strictObject({
  extends: z
    .string()
    .optional()
    .describe('file whose values are defaults for this one: relative, or shipped:sites/….yaml'),
  production: z.boolean().default(false),
  data_dir: z
    .string()
    .min(1)
    .default('data')
    .describe('where ledger and blacklist lie, relative to the file that names it'),
  site: lane.site,
  kiosk: z.strictObject({
    id: lane.name,
    place: lane.place,
    service_url: z.url().optional().describe('where the QR code of a slip leads'),
  }),
  contact: z
    .strictObject({ name: lane.pattern })
    .optional()
    .describe('the contact slot, a PC/SC reader; left out: none'),
  contactless: lane.reader.optional().describe('the contactless pad; left out: none'),
  ssc: sscSchema.prefault({}),
  printer: printerSchema.prefault({}),
  sam: lane.sam.optional().describe('the purchase SAM of the till; left out: no till'),
  purse: lane.purse.prefault({}),
  lists: lane.lists.prefault({}),
  ledger: lane.ledger.prefault({}),
  till: till.prefault({}),
  screen: screen.prefault({}),
  speech: speech.prefault({}),
  maintenance: maintenance.prefault({}),
  guides: z
    .string()
    .min(1)
    .describe('folder with one <locale>.yaml each: relative, or shipped:sites/…-guides'),
  supervise: superviseSchema.prefault({}),
  log: lane.log.prefault({}),
});

export type KioskSettings = z.output<typeof kioskSchema>;
export type KioskConfig = Omit<KioskSettings, 'extends' | 'guides'> & {
  /** Locale → guides and advice. */
  readonly guides: Readonly<Record<string, SiteGuides>>;
  /** Texts of the sign by locale and message, those of the till laid over them. */
  readonly texts: lane.Texts;
};
