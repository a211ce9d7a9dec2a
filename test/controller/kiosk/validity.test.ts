/** Is the card still good: every rule, and which goes before which. */

import * as assert from 'uvu/assert';
import { listKey } from '../../../controller/card/ssc/card-id.ts';
import { readCard } from '../../../controller/kiosk/reading/read-card.ts';
import type { DeadCards } from '../../../controller/kiosk/reading/reading.ts';
import { type ValidityFacts, validityOf } from '../../../controller/kiosk/reading/validity.ts';
import { feature } from '../../kit/feature.ts';
import { paperCard, readingDeps } from './paper-card.ts';
import * as sheets from './sheets.ts';

const validity = feature('validity');

const FINE: ValidityFacts = {
  generation: 3,
  validUntil: '2034-03-01',
  locked: false,
  listed: { kind: 'clear' },
  today: '2026-07-01',
};
const ABSENT = { kind: 'absent' } as const;
const DAMAGED = { kind: 'unreadable', detail: 'a page' } as const;
const listed = (reason: 'lost' | 'superseded' | 'stolen' | 'fraud' | 'issuer-stop') =>
  ({ kind: 'listed', reason }) as const;

const RULES: readonly (readonly [string, Partial<ValidityFacts>, string])[] = [
  ['generation 3', {}, 'valid generation-3'],
  ['generation 3, no list here', { listed: ABSENT }, 'valid generation-3'],
  ['generation 3, the list is damaged', { listed: DAMAGED }, 'unsure list-unavailable'],
  ['generation 3, its last day', { validUntil: '2026-07-01' }, 'valid generation-3'],
  ['generation 3, the day after', { validUntil: '2026-06-30' }, 'expired past-date'],
  ['generation 3 without a date', { validUntil: null }, 'valid generation-3'],
  ['generation 2 without successor', { generation: 2 }, 'valid no-successor'],
  [
    'generation 2, superseded',
    { generation: 2, listed: listed('superseded') },
    'superseded successor-issued',
  ],
  ['generation 2, no list here', { generation: 2, listed: ABSENT }, 'unsure list-unavailable'],
  [
    'generation 2, the list is damaged',
    { generation: 2, listed: DAMAGED },
    'unsure list-unavailable',
  ],
  ['generation 2, past its date', { generation: 2, validUntil: '2020-01-01' }, 'expired past-date'],
  ['generation 1', { generation: 1 }, 'unsure old-generation'],
  ['generation 1, no list here', { generation: 1, listed: ABSENT }, 'unsure old-generation'],
  ['no generation', { generation: null }, 'unsure list-unavailable'],
  ['lost', { listed: listed('lost') }, 'lost reported-lost'],
  ['stolen', { listed: listed('stolen') }, 'lost reported-lost'],
  ['locked', { locked: true }, 'locked card-locked'],
  ['locked and past its date', { locked: true, validUntil: '2020-01-01' }, 'locked card-locked'],
  [
    'locked and superseded',
    { locked: true, listed: listed('superseded') },
    'superseded successor-issued',
  ],
];

for (const [title, differs, expected] of RULES) {
  validity.test(`${title}: ${expected}`, () => {
    const { state, reason } = validityOf({ ...FINE, ...differs });
    assert.is(`${state} ${reason}`, expected);
  });
}

function listOf(kind: 'good' | 'absent' | 'stale', reason?: 'superseded' | 'lost'): DeadCards {
  return {
    health: () => (kind === 'stale' ? { kind, detail: 'old' } : { kind }),
    check: (card) =>
      reason && card.equals(listKey(Buffer.from(sheets.CARD_ID, 'hex')))
        ? { kind: 'listed', reason }
        : { kind: 'clear' },
  };
}

const GENERATION_2 = {
  ...sheets.SSC_3,
  [sheets.SELECT_SSSE]: sheets.fci(2),
  '00B2030006': '0304 322E3000 9000',
};

const LISTS: readonly (readonly [string, DeadCards | null, string])[] = [
  ['in order', listOf('good'), 'valid no-successor'],
  ['that names it', listOf('good', 'superseded'), 'superseded successor-issued'],
  ['too old', listOf('stale'), 'unsure list-unavailable'],
  ['too old that names it', listOf('stale', 'lost'), 'lost reported-lost'],
  ['never imported', listOf('absent'), 'unsure list-unavailable'],
  ['that nobody keeps', null, 'unsure list-unavailable'],
];

for (const [title, deadCards, expected] of LISTS) {
  validity.test(`GIVEN a card of generation 2 and a list ${title} THEN ${expected}`, async () => {
    const told = await readCard(paperCard(GENERATION_2), 'contact', readingDeps({ deadCards }));
    if (!told.ok) throw new Error(told.fault.detail);
    const { state, reason } = told.value.ssc?.validity ?? {};
    assert.is(`${state} ${reason}`, expected);
  });
}

validity.run();
