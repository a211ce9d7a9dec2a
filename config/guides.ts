/**
 * What a kiosk tells people in one language: guides to read, advice for every answer of a card, and
 * what it says of money. One file per site and locale; see config/sites.
 */

import { z } from 'zod';
import { MESSAGES, phrase } from './schema.ts';

/** `{phone}` stands for `site.service_phone`, `{loss_phone}` for `site.loss_phone`. */
const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^([^{}]|\{(loss_)?phone\})*$/, 'braces hold {phone} or {loss_phone} alone');

const guideId = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'lower-case letters, digits and hyphens, at most 24');

const advice = z
  .strictObject({
    title: line.max(60),
    lines: z.array(line).min(1).max(6),
    guide: guideId.optional().describe('id of the guide that is offered with it'),
  })
  .describe('a title and one to six lines');

const guide = z.strictObject({
  id: guideId,
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

export const guidesSchema = z
  .strictObject({
    guides: z.array(guide).min(1).max(8),
    advice: z.record(z.enum(ADVICE), advice),
    pay: z
      .partialRecord(
        z.enum(MESSAGES),
        z.strictObject({ title: phrase.min(1).max(40), advice: phrase.max(120) }),
      )
      .describe('texts of a payment that differ from those on the sign of a gate'),
  })
  .superRefine(({ guides, advice: all }, context) => {
    const ids = guides.map(({ id }) => id);
    for (const [code, { guide: wanted }] of Object.entries(all)) {
      if (wanted === undefined || ids.includes(wanted)) continue;
      const message = `"${wanted}" is no guide of this file; there are: ${ids.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['advice', code, 'guide'], message });
    }
  });

export type SiteGuides = z.output<typeof guidesSchema>;
