/** A contact slot behind pcscd with a SAM in it: held for us alone, and kept powered. */

import { type Clock, type Fault, failed, ok, type Reply, type SamSlot } from '../ports.ts';
import { forProtocol } from './card-kinds.ts';
import { type DeviceOptions, type Insertion, SlotDevice } from './device.ts';
import { DISPOSITION } from './frames.ts';

interface PcscSamSlotOptions extends DeviceOptions {
  readonly clock: Clock;
  /** Deadline of a reset. */
  readonly timeout_ms: number;
}

interface PcscSamSlot extends SamSlot {
  /** Is the SAM that was reset still there, and does its process live? Sends it nothing. */
  probe(): Promise<Reply<string>>;
  counters(): Readonly<Record<string, number>>;
}

/** Starts at once; `reset` tells whether daemon, slot and SAM are there. */
export function createPcscSamSlot({ timeout_ms, ...options }: PcscSamSlotOptions): PcscSamSlot {
  const device = new SlotDevice(options);
  let powered: { readonly card: Insertion; readonly protocol: number } | undefined;

  async function reset(): Promise<Reply<Buffer>> {
    powered = undefined;
    const revived = await device.revive();
    if (!revived.ok) return ofSam(revived.fault);
    const card = inserted();
    if (!card) return failed('sam-absent', 'none', `${device.name}: the slot is empty`);
    const connected = await device.connect(DISPOSITION.unpower, timeout_ms);
    if (!connected.ok) return ofSam(connected.fault);
    powered = { card, protocol: connected.value };
    return ok(card.atr);
  }

  function inserted(): Insertion | undefined {
    return device.state.kind === 'ready' ? device.state.card : undefined;
  }

  return {
    get name() {
      return device.name;
    },
    reset,
    async transceive(command, limit_ms) {
      if (command.length === 0) throw new RangeError('an empty command is none');
      if (!powered || powered.card !== inserted()) return ofSam(whyNot(device));
      const bytes = forProtocol(command, powered.protocol);
      const reply = await device.transmit(bytes, limit_ms);
      if (!reply.ok) return ofSam(reply.fault);
      if (reply.value.length >= 2) return reply;
      return failed(
        'sam-mute',
        'unknown',
        `${device.name}: ${reply.value.length} bytes are no answer`,
      );
    },
    async probe() {
      if (!powered || powered.card !== inserted()) return ofSam(whyNot(device));
      const alive = await device.probe();
      return alive.ok ? alive : ofSam(alive.fault);
    },
    counters: () => ({ ...device.counts }),
    close() {
      powered = undefined;
      return device.close();
    },
  };
}

/** Nothing was sent: the SAM that was reset is not there any more, or none was. */
function whyNot({ state, name }: SlotDevice): Fault {
  if (state.kind !== 'ready') return state.fault;
  const code = state.card ? 'card-mute' : 'card-gone';
  return { code, effect: 'none', detail: `${name}: the SAM was not reset since it was put in` };
}

/** The words for a card or a reader, as words for a SAM in its slot. */
function ofSam({ code, effect, detail }: Fault): { ok: false; fault: Fault } {
  const absent = code === 'card-gone' || code === 'link-absent' || code === 'link-lost';
  return failed(absent ? 'sam-absent' : 'sam-mute', effect, detail);
}
