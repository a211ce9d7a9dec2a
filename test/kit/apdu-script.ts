/**
 * A strict transcript of APDUs, for whatever transceives: a card or a PSAM slot. Lines in turn:
 *   `=> 00A40000 02 3F00`   the command that must come, byte by byte; blanks are free
 *   `<= 6F00 9000`          its answer, status word included (or fewer bytes, for a broken card)
 *   `<= ! card-gone none`   or its fault: code and effect
 * The first deviation throws, and so does `ensureEmpty` afterwards, should the code swallow it.
 */

import {
  type Effect,
  FAULTS,
  type FaultCode,
  failed,
  ok,
  type Reply,
} from '../../firmware-bridge/ports.ts';

interface ApduScript {
  transceive(command: Buffer, timeout_ms: number): Promise<Reply<Buffer>>;
  /** Throws when a line deviated or is left over. */
  ensureEmpty(): void;
}

const EFFECTS: readonly Effect[] = ['none', 'unknown', 'done'];

export function createApduScript(lines: readonly string[]): ApduScript {
  const steps = stepsOf(lines);
  let at = 0;
  let deviation: Error | undefined;

  return {
    async transceive(command) {
      if (deviation) throw deviation;
      const step = steps[at];
      const sent = command.toString('hex').toUpperCase();
      if (step?.command !== sent) {
        const expected = step ? step.command : 'nothing more';
        deviation = new Error(`command ${at + 1}: expected ${expected}, got ${sent}`);
        throw deviation;
      }
      at += 1;
      return step.answer;
    },
    ensureEmpty() {
      if (deviation) throw deviation;
      const left = steps[at];
      if (left) throw new Error(`command ${at + 1} was never sent: ${left.command}`);
    },
  };
}

interface Step {
  readonly command: string;
  readonly answer: Reply<Buffer>;
}

function stepsOf(lines: readonly string[]): Step[] {
  if (lines.length % 2 !== 0) throw new Error('a transcript has an answer to every command');
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const command = textOf(lines[at], '=> ').toUpperCase();
    steps.push({ command: hexOf(command), answer: answerOf(textOf(lines[at + 1], '<= ')) });
  }
  return steps;
}

function textOf(line: string | undefined, mark: string): string {
  if (!line?.startsWith(mark)) throw new Error(`expected a line with "${mark}", not "${line}"`);
  return line.slice(mark.length);
}

function answerOf(text: string): Reply<Buffer> {
  if (!text.startsWith('!')) return ok(Buffer.from(hexOf(text), 'hex'));
  const [code, effect] = text.slice(1).trim().split(/\s+/);
  const known = EFFECTS.find((name) => name === effect);
  if (!isFault(code) || !known) throw new Error(`no fault with an effect: "${text}"`);
  return failed(code, known, 'scripted');
}

function isFault(code: string | undefined): code is FaultCode {
  return code !== undefined && code in FAULTS;
}

function hexOf(text: string): string {
  const digits = text.replaceAll(/\s/g, '');
  if (!/^([0-9A-Fa-f]{2})*$/.test(digits)) throw new Error(`no whole bytes of hex: "${text}"`);
  return digits;
}
