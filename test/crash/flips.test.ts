/** The short run of the damages; `npm run crash` is the long one. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  encodeFrame,
  FrameWalker,
  frameHash,
  NO_PREVIOUS,
  startPosition,
} from '../../controller/ledger/frame.ts';
import { feature } from '../kit/feature.ts';
import { killAll, scratch, type Tally } from './kit.ts';
import { damageLedgers } from './ledger-flips.ts';
import { damageLists } from './list-flips.ts';
import { bring, issue, Lane } from './lists.ts';

const flips = feature('flipped bits');
flips.after(killAll);
const SEED = 20_261_124;
const LONG_MS = 600_000;

function tell(tally: Tally): void {
  process.stdout.write(`damage: ${tally}\n`);
  assert.ok(tally.total('damaged') + tally.total('trials') > 0);
}

flips.test(
  'GIVEN a list in LevelDB WHEN any file of it is damaged THEN no listed card is clear',
  async () => tell(await damageLists(24, 20_000, SEED)),
  LONG_MS,
);

flips.test(
  'GIVEN a ledger WHEN any file of it is damaged THEN the loss is named and the rest readable',
  async () => tell(await damageLedgers(40, SEED)),
  LONG_MS,
);

flips.test(
  'GIVEN kept lists WHEN active.json is gone THEN the lane says unreadable, not that all is clear',
  async () => {
    const directory = join(scratch(), 'lists');
    const rule = { version: 1, first: 0, end: 10, step: 1, limit: 100 };
    await bring(directory, await issue(rule), rule.limit);
    rmSync(join(directory, 'active.json'));
    const lane = await Lane.open(directory, [rule]);
    const { health, unreadable } = await lane.order('ask');
    assert.equal([health, unreadable], ['unreadable', rule.limit]);
    await bring(directory, await issue(rule), rule.limit);
    assert.is((await lane.order('refresh')).right, rule.limit);
    await lane.close();
  },
  60_000,
);

flips.test(
  'GIVEN books that begin with record 101 WHEN that one is damaged THEN the others are read',
  () => {
    const frames = [encodeFrame({ seq: 101, prev: NO_PREVIOUS }, { type: 'x' })];
    for (const seq of [102, 103]) {
      const prev = frameHash(frames.at(-1) ?? Buffer.alloc(0));
      frames.push(encodeFrame({ seq, prev }, { type: 'x' }));
    }
    const bytes = Buffer.concat(frames);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    const walker = new FrameWalker(startPosition());
    const found = [...walker.push(bytes), ...walker.end()];
    const records = found.flatMap((each) => (each.kind === 'record' ? [each.seq] : []));
    assert.equal(records, [102, 103]);
    assert.ok(found.some(({ kind, offset }) => kind === 'damage' && offset === 0));
  },
);

flips.run();
