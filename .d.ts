import { readFileSync } from 'node:fs';
import { loadLibrary } from './firmware-bridge/barrier/board.ts';
import { lived } from './sim/world/clock.ts';
import { framesIn, hashOf, isSegment } from './sim/world/journal.ts';
import { conclude, passengerComes } from './sim/world/run.ts';
import { World } from './sim/world/world.ts';

await loadLibrary();
const story = JSON.parse(readFileSync(process.argv[2], 'utf8')).story;
console.log({
  ...story,
  cards: 0,
  steps: story.steps
    .filter((s: any) => s.faults.length || s.office)
    .map((s: any) => JSON.stringify(s)),
});
const w = new World(story, true);
await lived(w.clock, w.lists.renew());
w.boot();
await w.clock.run(12000, () => w.serving);
for (const s of story.steps) {
  if (w.checks.violation) break;
  await passengerComes(w, s);
}
await conclude(w);
console.log(w.checks.violation);
for (const p of w.disk.paths().filter(isSegment)) {
  const b = w.disk.durable(p);
  const v = w.disk.visible(p)!;
  console.log(p, b.length, v.length, 'same', b.equals(v));
  let prev = '';
  let at = 0;
  for (const f of framesIn(b)) {
    console.log(
      at,
      f.seq,
      f.frame.length,
      f.prev.slice(0, 6),
      hashOf(f.frame).slice(0, 6),
      f.prev === prev ? '' : 'GAP',
      f.frame.toString('latin1', 60, 110),
    );
    prev = hashOf(f.frame);
    at += f.frame.length;
  }
  console.log(
    'end',
    at,
    b.subarray(at, at + 64).toString('hex'),
    b.subarray(at).some((x) => x !== 0),
  );
}
