/**
 * A strict scripted PN532 at the far end of a memory link. A script is a list of lines:
 *   `> d402`        the host must send this frame (TFI and data, in hex)
 *   `< d50332010607` the chip sends this frame
 *   `> ack`, `< ack`, `> nack`, `< error`   the short frames
 *   `> raw 5555`, `< raw 00ff`              bytes as they are
 *   `! unplug`      the link is lost
 * Builds its frames by itself, so that it checks the codec instead of trusting it.
 */

import type { MemoryLink } from '../../firmware-bridge/link/memory.ts';

const SHORT: Readonly<Record<string, string>> = {
  ack: '0000ff00ff00',
  nack: '0000ffff0000',
  error: '0000ff01ff7f8100',
};

/** Sixteen bytes before the first command. */
export const WAKE_UP_LINE = `> raw 5555${'00'.repeat(14)}`;

interface LinkScript {
  /** Appends lines; `<` lines with nothing expected before them go out at once. */
  play(...lines: string[]): void;
  /** Throws when the host sent anything else than the script, or not all of it. */
  verify(): void;
}

export function createLinkScript(far: MemoryLink, ...lines: string[]): LinkScript {
  const script: string[] = [];
  let received = '';
  let wrong: string | undefined;

  const run = () => {
    for (;;) {
      const line = script.at(0);
      if (line === undefined) break;
      const bytes = wire(line);
      if (line.startsWith('>')) {
        if (!received.startsWith(bytes)) break;
        received = received.slice(bytes.length);
      } else if (line === '! unplug') far.unplug();
      else far.write(Buffer.from(bytes, 'hex'));
      script.shift();
    }
    const expected = script.at(0) ?? '> raw ';
    if (received !== '' && !wire(expected).startsWith(received)) {
      wrong ??= `expected "${expected}", the host sent ${received}`;
    }
  };
  const play = (...more: string[]) => {
    script.push(...more);
    run();
  };

  far.listen({
    data(bytes) {
      received += bytes.toString('hex');
      run();
    },
    lost() {},
  });
  play(...lines);
  return {
    play,
    verify() {
      if (wrong) throw new Error(wrong);
      if (script.length > 0) throw new Error(`the host never sent: ${script.at(0)}`);
      if (received !== '') throw new Error(`left over: ${received}`);
    },
  };
}

/** One script line as the bytes on the wire, in hex. */
export function wire(line: string): string {
  const text = line.slice(2);
  if (text.startsWith('raw ')) return text.slice(4);
  return SHORT[text] ?? frame(text.replaceAll(' ', ''));
}

function frame(body: string): string {
  const bytes = Buffer.from(body, 'hex');
  const size = bytes.length;
  const head =
    size < 256
      ? `0000ff${hex(size)}${hex(256 - size)}`
      : `0000ffffff${hex(size >> 8)}${hex(size & 255)}${hex(512 - (size >> 8) - (size & 255))}`;
  const check = bytes.reduce((rest, byte) => rest + 256 - byte, 0);
  return `${head}${body}${hex(check)}00`;
}

function hex(value: number): string {
  return (value & 255).toString(16).padStart(2, '0');
}
