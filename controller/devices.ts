/** The devices that a configuration names: beside the mains, the file that knows concrete ones. */

import type { LaneConfig } from '../config/schema.ts';
import { createModbusBarrier } from '../firmware-bridge/barrier/modbus.ts';
import { createNoBarrier } from '../firmware-bridge/barrier/none.ts';
import { openHidLink } from '../firmware-bridge/link/hid.ts';
import { openSerialLink } from '../firmware-bridge/link/serial.ts';
import { createPcscReader } from '../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../firmware-bridge/pcsc/slot.ts';
import { createPn532Reader } from '../firmware-bridge/pn532/reader.ts';
import type { Barrier, CardReader, Clock, SamSlot } from '../firmware-bridge/ports.ts';
import { runReplug } from '../firmware-bridge/supervise/replug.ts';

/** The last rung for a lost device: a power cycle of its hub port, where one is configured. */
export function replugs({ supervise: { replug } }: Pick<LaneConfig, 'supervise'>) {
  const { reader, far_reader: far, sam, pause_s } = replug;
  const rung = (command: readonly string[]) => ({
    run: () => runReplug(command),
    gap_ms: pause_s * 1_000,
  });
  return {
    ...(reader.length > 0 && { reader: rung(reader) }),
    ...(far.length > 0 && { far_reader: rung(far) }),
    ...(sam.length > 0 && { sam: rung(sam) }),
  };
}

/** How a lane gets its devices; the simulator puts others in their place. Opens nothing yet. */
export interface Devices {
  reader(config: LaneConfig, clock: Clock): CardReader;
  /** At the other end; null where the configuration names none. */
  farReader(config: LaneConfig, clock: Clock): CardReader | null;
  samSlot(config: Pick<LaneConfig, 'sam'>, clock: Clock): SamSlot;
  barrier(config: LaneConfig, clock: Clock): Barrier;
}

export const DEVICES: Devices = {
  reader: ({ reader }, clock) => createReader(reader, clock),
  farReader: ({ far_reader: far }, clock) => (far ? createReader(far, clock) : null),
  samSlot: createSamSlot,
  barrier: createBarrier,
};

/** A reader by its section, of a lane or of a kiosk. */
export function createReader(config: LaneConfig['reader'], clock: Clock): CardReader {
  const { kind, path, baud, usb } = config;
  switch (kind) {
    case 'serial': {
      const openLink = () => openSerialLink({ path, baud, clock });
      return createPn532Reader({ openLink, clock, config, name: path });
    }
    case 'hid': {
      const openLink = () => openHidLink({ usb, clock });
      return createPn532Reader({ openLink, clock, config, name: usb.path ?? usb.serial ?? 'hid' });
    }
    case 'pcsc':
      return createPcscReader({ config, clock });
  }
}

function createSamSlot({ sam }: Pick<LaneConfig, 'sam'>, clock: Clock): SamSlot {
  return createPcscSamSlot({ pattern: sam.slot, clock, timeout_ms: sam.timeout_ms });
}

/** `simulated` exists in the simulator alone; here it stands for no leaves. */
function createBarrier({ barrier: config }: LaneConfig, clock: Clock): Barrier {
  if (config.kind !== 'modbus') return createNoBarrier(clock);
  const { path, baud, parity, stop_bits } = config;
  const openLink = () => openSerialLink({ path, baud, parity, stop_bits, clock });
  return createModbusBarrier({ openLink, clock, config, name: path });
}
