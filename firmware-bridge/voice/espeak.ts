/**
 * Speech by espeak-ng (https://github.com/espeak-ng/espeak-ng, `espeak-ng --stdout`): one child
 * process for each text, which goes in over standard input and comes out as WAV.
 */

import { spawn } from 'node:child_process';
import { type Clock, failed, ok, type Reply, type Voice } from '../ports.ts';

export interface EspeakOptions {
  /** The program, e.g. `espeak-ng`. */
  readonly program: string;
  readonly wordsPerMinute: number;
  readonly clock: Clock;
}

const SPEAK_MS = 5_000;
/** Two minutes of 22,050 Hz, 16 bit. */
const WAV_MAX_BYTES = 6_000_000;

/** Voices of espeak-ng by language; Mandarin is `cmn` there. */
function voiceOf(locale: string): string {
  return /^zh\b/i.test(locale) ? 'cmn' : locale;
}

/** Fault `voice-mute`: no such program, no such voice, or it took too long. */
export function createEspeak({ program, wordsPerMinute, clock }: EspeakOptions): Voice {
  return {
    name: program,
    speak: (text, locale) => {
      const args = ['--stdin', '--stdout', '-v', voiceOf(locale), '-s', String(wordsPerMinute)];
      return run({ program, args, text, clock });
    },
  };
}

interface Run {
  readonly program: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly clock: Clock;
}

function run({ program, args, text, clock }: Run): Promise<Reply<Buffer>> {
  return new Promise((resolve) => {
    const mute = (why: string) => resolve(failed('voice-mute', 'none', `${program}: ${why}`));
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const late = clock.setTimeout(() => child.kill('SIGKILL'), SPEAK_MS);
    const parts: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > WAV_MAX_BYTES) child.kill('SIGKILL');
      else parts.push(part);
    });
    child.once('error', ({ message }) => {
      clock.clearTimeout(late);
      mute(message);
    });
    child.once('close', (code, signal) => {
      clock.clearTimeout(late);
      const wav = Buffer.concat(parts);
      if (code !== 0) mute(`ended with ${signal ?? code}`);
      else if (wav.toString('latin1', 0, 4) !== 'RIFF') mute('gave no sound');
      else resolve(ok(sized(wav)));
    });
    // A program that is not there has no standard input either.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}

/** To a pipe the program cannot go back and write how long the sound became: so we do. */
function sized(wav: Buffer): Buffer {
  const data = wav.indexOf('data', 12, 'latin1');
  if (data < 0) return wav;
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.writeUInt32LE(wav.length - data - 8, data + 4);
  return wav;
}
