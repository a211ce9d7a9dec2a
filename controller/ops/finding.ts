/** What `tapway doctor` may look at, and how it says what it found. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';

export interface Finding {
  readonly level: 'good' | 'warning' | 'bad';
  readonly what: string;
  readonly cure?: string;
}

/** A device file. */
export interface Device {
  readonly exists: boolean;
  readonly accessible: boolean;
  /** Group of the file; null when only its owner may open it. */
  readonly group: string | null;
  /** Programs that have it open, as `name (pid)`. */
  readonly heldBy: readonly string[];
  readonly latency_ms: number | null;
  readonly latencyFile: string | null;
  readonly power: string | null;
  readonly powerFile: string | null;
}

export interface UsbDevice {
  /** Bus and ports, e.g. `1-1.2`. */
  readonly place: string;
  /** Vendor and product, e.g. `10c4:ea80`. */
  readonly id: string;
  readonly power: string | null;
  readonly powerFile: string;
  /** Interface class (two hex digits) and the kernel driver that has it, if any. */
  readonly interfaces: readonly { readonly class: string; readonly driver: string | null }[];
}

/** The blacklist in force. */
export interface ListState {
  readonly version: number;
  readonly age_hours: number;
}

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
  serialDevice(path: string): Promise<Device>;
  /** The CP2110 that the lane means, as `/dev/hidraw0`. Fault `link-absent`: none, or several. */
  hidBridge(config: LaneConfig): Promise<Reply<string>>;
  hidDevice(path: string): Promise<Device>;
  /** Names of the slots behind pcscd; a fault when it does not answer. */
  pcscReaders(): Promise<Reply<readonly string[]>>;
  /** Does the name fit the pattern of the configuration? */
  matches(pattern: string, name: string): boolean;
  file(path: string): Promise<{ exists: boolean; mode: number }>;
  /** The directory, or the nearest above it that exists. */
  directory(path: string): Promise<{ nearest: string; writable: boolean; free_bytes: number }>;
  hasVariable(name: string): boolean;
  /** Opens the reader, asks for its firmware, closes it. */
  readerFirmware(config: LaneConfig): Promise<Reply<string>>;
  /** Powers the PSAM up and returns its answer to reset. */
  samAnswer(config: LaneConfig): Promise<Reply<Buffer>>;
  /** Reads the inputs of the barrier's board; moves nothing. */
  barrierAnswer(config: LaneConfig): Promise<Reply<string>>;
  /** Unseals the key file of a software SAM and forgets it. */
  keySet(config: LaneConfig): Promise<Reply<void>>;
  /** Null: none was ever imported. Fault `blacklist-unreadable`. */
  blacklist(config: LaneConfig): Promise<Reply<ListState | null>>;
  /** Was the ledger's index in use when its process ended? */
  indexLeftOpen(config: LaneConfig): Promise<boolean>;
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
