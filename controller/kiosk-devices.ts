/** The devices that a kiosk's configuration names. */

import type { KioskConfig } from '../config/kiosk.ts';
import { createLinePeer } from '../firmware-bridge/hsm/line-peer.ts';
import { openSerialLink } from '../firmware-bridge/link/serial.ts';
import { openUsbLpLink } from '../firmware-bridge/link/usblp.ts';
import { createPcscReader } from '../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../firmware-bridge/pcsc/slot.ts';
import type {
  CardReader,
  Clock,
  Disk,
  LinePeer,
  Printer,
  SamSlot,
  Voice,
} from '../firmware-bridge/ports.ts';
import { createEscPosPrinter } from '../firmware-bridge/printer/escpos.ts';
import { createEspeak } from '../firmware-bridge/voice/espeak.ts';
import { recordedSound } from '../firmware-bridge/voice/prepared.ts';
import { createReader, DEVICES } from './devices.ts';

interface PromptName {
  readonly locale: string;
  readonly name: string;
}

/** How a kiosk gets its devices; the simulator puts others in their place. Opens nothing yet. */
export interface KioskDevices {
  /** Null where the configuration names none. */
  contact(config: KioskConfig, clock: Clock): CardReader | null;
  contactless(config: KioskConfig, clock: Clock): CardReader | null;
  /** The purchase SAM of the till. */
  samSlot(config: Required<Pick<KioskConfig, 'sam'>>, clock: Clock): SamSlot;
  /** The PSAM that holds the keys of Social Security Cards. */
  sscSlot(config: Pick<KioskConfig, 'ssc'>, clock: Clock): SamSlot;
  /** @param ca PEM of the authority that signed its certificate; undefined: public ones */
  hsm(config: Pick<KioskConfig, 'ssc'>, clock: Clock, ca: string | undefined): LinePeer;
  printer(config: KioskConfig, clock: Clock): Printer | null;
  voice(config: KioskConfig, clock: Clock): Voice | null;
  /** A recorded prompt; null: none. */
  recorded(config: KioskConfig, disk: Disk, prompt: PromptName): Promise<Buffer | null>;
}

export const KIOSK_DEVICES: KioskDevices = {
  contact: ({ contact }, clock) => (contact ? createPcscReader({ config: contact, clock }) : null),
  contactless: ({ contactless }, clock) => (contactless ? createReader(contactless, clock) : null),
  samSlot: DEVICES.samSlot,
  sscSlot: ({ ssc }, clock) =>
    createPcscSamSlot({ pattern: ssc.psam.slot, clock, timeout_ms: ssc.psam.timeout_ms }),
  hsm({ ssc: { hsm } }, clock, ca) {
    const { address, port, timeout_ms, server_name } = hsm;
    const tls = hsm.tls ? { ca, serverName: server_name } : null;
    return createLinePeer({ address, port, tls, clock, timeout_ms });
  },
  printer: ({ printer }, clock) => createPrinter(printer, clock),
  voice: ({ speech }, clock) =>
    speech.enabled
      ? createEspeak({ program: speech.espeak, wordsPerMinute: speech.words_per_minute, clock })
      : null,
  recorded: async ({ speech: { enabled, folder } }, disk, prompt) =>
    enabled && folder ? recordedSound(disk, { folder, ...prompt }) : null,
};

/** `simulated` exists in the simulator alone; here it stands for no printer. */
export function createPrinter(config: KioskConfig['printer'], clock: Clock): Printer | null {
  const { kind, path, baud, flow, done, timeout_ms } = config;
  if ((kind !== 'serial' && kind !== 'usb') || path === undefined) return null;
  const openLink = () =>
    kind === 'usb' ? openUsbLpLink({ path, clock }) : openSerialLink({ path, baud, flow, clock });
  return createEscPosPrinter({ name: path, openLink, clock, done, print_ms: timeout_ms });
}
