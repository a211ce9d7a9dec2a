/** Damages the ledger's files: what is lost is named with its place, all else stays readable. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readSegments } from '../../controller/ledger/reader.ts';
import { verifyLedger } from '../../controller/ledger/verify.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { createChance } from '../../sim/lane/chance.ts';
import { type Damage, damage } from './damage.ts';
import { inTwos, replayable, restore, scratch, start, Tally } from './kit.ts';

const TAPS = 40;

/** One record where it lies. */
interface Frame {
  readonly file: string;
  readonly offset: number;
  readonly end: number;
  readonly seq: number;
  readonly hash: string;
}

export async function damageLedgers(trials: number, seed: number): Promise<Tally> {
  const tally = new Tally();
  const sound = join(scratch(), 'ledger');
  await books(sound, TAPS);
  const [answers] = await books(sound, 0);
  const frames = await framesIn(sound);
  const numbers = Array.from({ length: trials }, (_, number) => number);
  await inTwos(numbers, async (number) => {
    const chance = createChance(seed * 65_537 + number);
    const directory = join(scratch(), 'ledger');
    restore(sound, directory);
    const inIndex = readdirSync(join(directory, 'index')).map((name) => `index/${name}`);
    const segments = readdirSync(directory).filter((name) => name.endsWith('.log'));
    const file = chance.pick(
      [segments, segments, inIndex, ['settled.json']][number % 4]?.filter(
        (name) => statSync(join(directory, name)).size > 0,
      ) ?? [],
    );
    const harm = damage(join(directory, file), chance);
    await replayable(
      `seed ${seed}, trial ${number}: ${file}, ${harm.what} ${harm.bytes[0]}`,
      async () => {
        if (file.startsWith('index/')) tally.add(await expectAnswers(directory, answers));
        else if (file === 'settled.json') tally.add(await expectNamed(directory, harm));
        else tally.add(await expectOthersReadable(directory, frames, { ...harm, file }));
      },
    );
  });
  return tally;
}

/** What a process that opens the books says; it may not die. */
async function books(directory: string, taps: number): Promise<string[]> {
  const ended = await start({ role: 'books', directory, taps, death: null }).ended;
  assert.equal([ended.code, ended.signal, ended.errors], [0, null, '']);
  return ended.lines.slice(1);
}

/** Index damaged: LevelDB may kill the process once; the next one answers as ever. */
async function expectAnswers(directory: string, answers: string | undefined): Promise<string> {
  const first = await start({ role: 'books', directory, taps: 0, death: null }).ended;
  if (first.signal === null) {
    assert.equal([first.code, first.errors, first.lines[1]], [0, '', answers]);
    return 'damaged indexes: answered at the first opening';
  }
  assert.is((await books(directory, 0))[0], answers);
  return `damaged indexes: ${first.signal}, answered at the second opening`;
}

async function expectNamed(directory: string, { bytes }: Damage): Promise<string> {
  const gone = !existsSync(join(directory, 'settled.json'));
  const report = await verifyLedger(systemDisk, directory);
  const named = report.findings.some(({ kind }) => kind === 'settlement');
  assert.is(named, bytes.length > 0 && !gone);
  await books(directory, 0);
  return 'damaged settlements';
}

async function expectOthersReadable(
  directory: string,
  frames: readonly Frame[],
  { file, bytes }: Damage & { file: string },
): Promise<string> {
  const at = new Set(bytes);
  const isTouched = (frame: Frame) =>
    frame.file === file && bytes.some((each) => each >= frame.offset && each < frame.end);
  const touched = at.size === 0 ? [] : frames.filter(isTouched);
  const whole = frames.filter((frame) => !touched.includes(frame));
  const check = async () => {
    const held = new Map((await framesIn(directory)).map(({ seq, hash }) => [seq, hash]));
    for (const { seq, hash } of whole) assert.is(held.get(seq), hash, `record ${seq} is untouched`);
    return verifyLedger(systemDisk, directory);
  };
  const { ok, findings } = await check();
  const [first] = touched;
  // Behind the last record that is left the chain shows nothing.
  if (first && whole.some(({ seq }) => seq > first.seq)) {
    assert.not(ok);
    const isThere = existsSync(join(directory, file));
    const place = findings.filter((each) => each.file === file && each.offset <= first.offset);
    assert.ok(!isThere || place.length > 0, `no finding at ${first.offset}`);
  }
  await books(directory, 0);
  await check();
  return `damaged segments: ${touched.length > 0 ? 'records lost and named' : 'only room hit'}`;
}

async function framesIn(directory: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  let last: Omit<Frame, 'end'> | null = null;
  for await (const found of readSegments(systemDisk, directory)) {
    const end = found.kind === 'end' ? found.used : found.offset;
    if (last) frames.push({ ...last, end });
    last = found.kind === 'record' ? found : null;
  }
  return frames;
}
