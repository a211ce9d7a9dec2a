/**
 * What a kiosk tells people in one language: guides to read, advice for every answer of a card, and
 * what it says of money. One file per site and locale; see config/sites.
 */

import { z } from 'zod';
import { MESSAGES, phrase } from './schema.ts';

/** `{phone}` stands for `site.service_phone`. */
const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^([^{}]|\{phone\})*$/, 'braces hold {phone} alone');

const advice = z
  .strictObject({ title: line.max(60), lines: z.array(line).min(1).max(6) })
  .describe('a title and one to six lines');

const guide = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,24}$/, 'lower-case letters, digits and hyphens, at most 24'),
  title: line.max(40),
  sections: z
    .array(z.strictObject({ heading: line.max(60), lines: z.array(line).min(1).max(12) }))
    .min(1)
    .max(8),
});

/** Why a card is good or not (controller/kiosk/report.ts), what else it may be, and why not now. */
const ADVICE = [
  ...['generation-3', 'no-successor', 'successor-issued', 'past-date', 'card-locked'],
  ...['reported-lost', 'list-unavailable', 'old-generation'],
  ...['medical-pooling', 'bank', 'transit', 'unknown'],
  ...['locked', 'refused', 'failed', 'counterfeit'],
  ...['unreadable', 'several-cards', 'contact-only'],
  ...['out-of-service', 'starting'],
] as const;

export const guidesSchema = z.strictObject({
  guides: z.array(guide).min(1).max(8),
  advice: z.record(z.enum(ADVICE), advice),
  pay: z
    .partialRecord(
      z.enum(MESSAGES),
      z.strictObject({ title: phrase.min(1).max(40), advice: phrase.max(120) }),
    )
    .describe('texts of a payment that differ from those on the sign of a gate'),
});

export type SiteGuides = z.output<typeof guidesSchema>;
