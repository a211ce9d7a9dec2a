/** What `tapway doctor` may look at, and how it says what it found. */

import type { KioskConfig } from '../../config/kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { DeviceFile, Reply, UsbDevice } from '../../firmware-bridge/ports.ts';

/** A reader by its section; of a contact slot, or any other behind pcscd, its name is enough. */
export type ReaderPart = LaneConfig['reader'] | { readonly kind: 'pcsc'; readonly name: string };
export type SlotPart = Pick<LaneConfig['sam'], 'slot' | 'timeout_ms'>;

export interface Finding {
  readonly level: 'good' | 'warning' | 'bad';
  readonly what: string;
  readonly cure?: string;
}

/** The blacklist in force. */
export interface ListState {
  readonly version: number;
  readonly age_hours: number;
}

/** What a lane's board can be asked, and any other's. */
export interface Board {
  readonly nodeVersion: string;
  readonly wall_ms: number;
  /** Root may open everything, which says nothing about the lane's user. */
  readonly isRoot: boolean;
  /** Null where nobody keeps the clock, or nobody tells. */
  clockSynchronised(): Promise<boolean | null>;
  libraries(): Promise<readonly { name: string; ok: boolean; detail: string }[]>;
  kernelModules(): Promise<readonly string[]>;
  usbDevices(): Promise<readonly UsbDevice[]>;
  serialDevice(path: string): Promise<DeviceFile>;
  /** The CP2110 that is meant, as `/dev/hidraw0`. Fault `link-absent`: none, or several. */
  hidBridge(usb: LaneConfig['reader']['usb']): Promise<Reply<string>>;
  hidDevice(path: string): Promise<DeviceFile>;
  /** Names of the slots behind pcscd; a fault when it does not answer. */
  pcscReaders(): Promise<Reply<readonly string[]>>;
  /** Does the name fit the pattern of the configuration? */
  matches(pattern: string, name: string): boolean;
  file(path: string): Promise<{ exists: boolean; mode: number }>;
  /** The directory, or the nearest above it that exists. */
  directory(path: string): Promise<{ nearest: string; writable: boolean; free_bytes: number }>;
  hasVariable(name: string): boolean;
  /** Opens the reader, asks for its firmware, closes it. */
  readerFirmware(reader: ReaderPart): Promise<Reply<string>>;
  /** Powers the PSAM up and returns its answer to reset. */
  samAnswer(sam: SlotPart): Promise<Reply<Buffer>>;
  /** Reads the inputs of the barrier's board; moves nothing. */
  barrierAnswer(barrier: LaneConfig['barrier']): Promise<Reply<string>>;
  /** Unseals the key file of a software SAM and forgets it. */
  keySet(sam: LaneConfig['sam']): Promise<Reply<void>>;
  /** Null: none was ever imported. Fault `blacklist-unreadable`. */
  blacklist(data_dir: string): Promise<Reply<ListState | null>>;
  /** Was the ledger's index in use when its process ended? */
  indexLeftOpen(data_dir: string): Promise<boolean>;
}

/** What only a kiosk has. */
export interface KioskBoard extends Board {
  /** Is there such a program? */
  hasProgram(name: string): Promise<boolean>;
  /** Is there a font for Chinese? */
  hasChineseFont(): Promise<boolean>;
  /** The file of a printer behind usblp. */
  printerDevice(path: string): Promise<DeviceFile>;
  /** Asks the printer for its state; prints nothing. */
  printerState(printer: KioskConfig['printer']): Promise<Reply<PrinterState>>;
  /** Connects to the HSM and asks it nothing. */
  hsmAnswer(ssc: KioskConfig['ssc']): Promise<Reply<string>>;
}

export interface PrinterState {
  /** Why it cannot print; null when it can. */
  readonly stopped: string | null;
  readonly nearEnd: boolean;
}

export function good(what: string): Finding {
  return { level: 'good', what };
}

export function warning(what: string, cure: string): Finding {
  return { level: 'warning', what, cure };
}

export function bad(what: string, cure: string): Finding {
  return { level: 'bad', what, cure };
}
