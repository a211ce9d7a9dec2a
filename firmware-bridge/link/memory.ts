/** A pair of links joined in memory: the wire between the bridge and a simulated device. */

import { failed, ok } from '../faults.ts';
import type { Link, LinkListener } from './link.ts';

export interface MemoryLink extends Link {
  /** The speed last set at this end; the pair itself carries bytes at any speed. */
  baud(): number;
  /** Pulls the plug: bytes under way are gone, `lost` fires at both ends. */
  unplug(): void;
}

/** Bytes that one end may hold undelivered. */
const QUEUE_BYTES = 64 * 1024;
/** A microtask without the bookkeeping of `queueMicrotask`, which costs more than the delivery. */
const SOON = Promise.resolve();

/** One end of the wire and what it has not heard yet. */
interface End {
  readonly name: string;
  readonly inbox: Buffer[];
  readonly counts: Record<'bytes_in' | 'bytes_out' | 'writes_refused', number>;
  state: 'open' | 'lost' | 'closed';
  baud: number;
  listener: LinkListener | undefined;
}

/**
 * What one end writes the other hears later, in order, in a microtask of its own. A closed end
 * hears nothing, like a serial port that nobody has open; writing towards it succeeds.
 */
export function createMemoryLinkPair(name: string): { near: MemoryLink; far: MemoryLink } {
  const near = createEnd(name);
  const far = createEnd(`${name} (far end)`);
  return { near: linkOf(near, far), far: linkOf(far, near) };
}

function createEnd(name: string): End {
  const counts = { bytes_in: 0, bytes_out: 0, writes_refused: 0 };
  return { name, inbox: [], counts, state: 'open', baud: 115_200, listener: undefined };
}

function linkOf(end: End, peer: End): MemoryLink {
  const { name, inbox, counts } = end;
  const refuse = (code: 'link-lost' | 'link-busy', detail: string) => {
    counts.writes_refused += 1;
    return failed(code, 'none', `${name} ${detail}`);
  };
  return {
    name,
    write(bytes) {
      if (end.state !== 'open') return refuse('link-lost', `is ${end.state}`);
      if (!receive(peer, bytes)) return refuse('link-busy', 'holds too many undelivered bytes');
      counts.bytes_out += bytes.length;
      return ok(undefined);
    },
    listen(listener) {
      end.listener = listener;
      for (let left = inbox.length + 1; left > 0; left -= 1) deliver(end);
    },
    async setBaud(baud) {
      if (end.state !== 'open') return failed('link-lost', 'none', `${name} is ${end.state}`);
      end.baud = baud;
      return ok(undefined);
    },
    counters: () => ({ ...counts }),
    async close() {
      end.state = 'closed';
      inbox.length = 0;
    },
    baud: () => end.baud,
    unplug() {
      lose(end);
      lose(peer);
    },
  };
}

/** False when it would hold more than it may. */
function receive(end: End, bytes: Buffer): boolean {
  if (end.state !== 'open') return true;
  const held = end.inbox.reduce((sum, chunk) => sum + chunk.length, 0);
  if (held + bytes.length > QUEUE_BYTES) return false;
  end.inbox.push(Buffer.from(bytes));
  void SOON.then(() => deliver(end));
  return true;
}

function lose(end: End): void {
  if (end.state !== 'open') return;
  end.state = 'lost';
  end.inbox.length = 0;
  void SOON.then(() => deliver(end));
}

/** One chunk, or the loss: so nothing overtakes anything. */
function deliver(end: End): void {
  const { name, inbox, listener } = end;
  if (!listener || end.state === 'closed') return;
  const bytes = inbox.shift();
  if (bytes) {
    end.counts.bytes_in += bytes.length;
    listener.data(bytes);
  } else if (end.state === 'lost') {
    end.listener = undefined;
    listener.lost({ code: 'link-lost', effect: 'unknown', detail: `${name} was unplugged` });
  }
}
