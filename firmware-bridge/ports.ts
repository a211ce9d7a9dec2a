/**
 * What the controller may ask of hardware, and the only file of the bridge that it may import.
 * Device ports answer with `Reply`; they throw on programming errors alone.
 */

import type { Reply } from './faults.ts';

export * from './faults.ts';

/** What one detection round found in the field. */
export type Presence =
  | { readonly kind: 'none' }
  | { readonly kind: 'card'; readonly card: Card }
  /** Two or more targets: nothing was sent to any of them. */
  | { readonly kind: 'several' }
  /** A target without ISO 14443-4 (`SAK & 0x20` is zero), such as a Mifare Classic token. */
  | { readonly kind: 'unsupported'; readonly sak: number };

export interface CardReader {
  readonly name: string;
  /** One detection round. Returns within the reader's poll time, with `none` when empty. */
  detect(): Promise<Reply<Presence>>;
  /** Is the device alive? Independent of passengers. Returns its firmware, e.g. `PN532 1.6`. */
  probe(): Promise<Reply<string>>;
  /** Tries to bring a mute device back: abort, wake up, configure again. */
  recover(): Promise<Reply<string>>;
  /** The steps of a recovery one by one, for a reader that can tell them apart. */
  readonly mending?: ReaderMending;
  /** Named counters for the log and the metrics (frames, checksum errors, time-outs …). */
  counters(): Readonly<Record<string, number>>;
  /** Legal at any time; ends pending calls with a fault; returns within two seconds. */
  close(): Promise<void>;
}

/** Ways to bring a reader back, from the mildest to the hardest. */
export interface ReaderMending {
  /** Field off and on. */
  rfReset(): Promise<Reply<unknown>>;
  /** Abort, wake up, configure again, on the line that is open. */
  chipReset(): Promise<Reply<unknown>>;
  /** A new line, and the chip brought up on it. */
  reopen(): Promise<Reply<unknown>>;
}

/** One ISO 14443-4 card in the field, or one card in a contact slot. */
export interface Card {
  readonly uid: Buffer;
  /** Answer to select (contactless) or answer to reset (contact). */
  readonly ats: Buffer;
  /**
   * Sends one command APDU and returns the whole answer, status word included. A fault says
   * whether the card may have acted: see `Effect`.
   */
  transceive(command: Buffer, timeout_ms: number): Promise<Reply<Buffer>>;
  /** Does the card still answer? Sends nothing that changes its state. */
  present(): Promise<Reply<boolean>>;
  /** Ends the session; the card may be detected anew. */
  release(): Promise<void>;
}

/** A contact slot that holds a purchase SAM (PSAM). */
export interface SamSlot {
  readonly name: string;
  /** Powers the SAM up anew and returns its ATR. */
  reset(): Promise<Reply<Buffer>>;
  transceive(command: Buffer, timeout_ms: number): Promise<Reply<Buffer>>;
  /** Is the SAM that was reset still there? Sends it nothing, so that its session lives on. */
  probe?(): Promise<Reply<string>>;
  close(): Promise<void>;
}

/** A peer on the network that answers each line with one line, such as an HSM. */
export interface LinePeer {
  readonly name: string;
  /**
   * One request to its answer, without line ends. Connects when needed. Faults `hsm-lost`, effect
   * `none`: asking changes nothing there.
   */
  ask(line: string): Promise<Reply<string>>;
  /** Can it be reached? Asks it nothing. */
  probe(): Promise<Reply<string>>;
  counters(): Readonly<Record<string, number>>;
  /** Legal at any time; ends what is under way. */
  close(): Promise<void>;
}

export type Direction = 'in' | 'out';

export type BarrierEvent =
  | 'opened'
  | 'closed'
  /** Somebody is in the safety zone: the leaves must not close. */
  | 'zone-occupied'
  | 'zone-free'
  /** Somebody went through in the direction last opened. */
  | 'passed'
  /** Somebody went through against the direction last opened. */
  | 'passed-against'
  /** Somebody who went in the open direction stepped back out. */
  | 'turned-back'
  /** Somebody came against the open direction, or into the safety zone of the shut gate. */
  | 'intrusion'
  | 'fire-on'
  | 'fire-off'
  | 'key-on'
  | 'key-off'
  /** The board is lost: it hears no order, and nothing is known of the passage. */
  | 'lost'
  /** It answers, for the first time or again; whoever orders the leaves must do so anew. */
  | 'found';

export type Lamp = 'off' | 'green' | 'red';

/** What the gate itself shows: lamps for those who come from either end, and for staff. */
export interface GateSignal {
  readonly near: Lamp;
  readonly far: Lamp;
  readonly concession: boolean;
  readonly buzzer: boolean;
}

export interface Barrier {
  readonly name: string;
  /** Fault `barrier-lost`: the board did not take the order. */
  open(direction: Direction): Promise<Reply<void>>;
  /** Closes the leaves; never to be called while the safety zone is occupied. */
  shut(): Promise<Reply<void>>;
  /** From now on; a board without such lamps ignores it. */
  signal(signal: GateSignal): void;
  /** Returns the function that ends the subscription. */
  onEvent(listener: (event: BarrierEvent) => void): () => void;
  /** Is the board alive? Independent of passengers. */
  probe(): Promise<Reply<string>>;
  /** Connects, at first and again after a loss. */
  recover(): Promise<Reply<string>>;
  counters(): Readonly<Record<string, number>>;
  /** Ends the device, not the leaves; legal at any time, returns within two seconds. */
  close(): Promise<void>;
}

/** What a slip printer says of itself; asked before anything that cannot be undone. */
export interface PrinterStatus {
  readonly paper: 'ok' | 'near-end' | 'out';
  readonly cover: 'closed' | 'open';
  readonly cutter: 'ok' | 'jammed';
  /** Takes no data now for a reason above, or for one that it does not tell. */
  readonly offline: boolean;
}

export interface Printer {
  readonly name: string;
  status(): Promise<Reply<PrinterStatus>>;
  /**
   * Sends one document (ESC/POS) and waits until the printer says that it is done with it. Fault
   * `printer-lost` with effect `unknown`: nobody knows how much of it is on paper.
   */
  print(document: Buffer): Promise<Reply<void>>;
  /** Is it alive? Prints nothing. */
  probe(): Promise<Reply<string>>;
  /** Connects, at first and again after a loss; throws away what was half sent. */
  recover(): Promise<Reply<string>>;
  counters(): Readonly<Record<string, number>>;
  /** Legal at any time; returns within two seconds. */
  close(): Promise<void>;
}

/** Makes speech of a fixed text; never given anything of a person. */
export interface Voice {
  readonly name: string;
  /** A WAV file. @param locale BCP 47, such as `zh-CN` */
  speak(text: string, locale: string): Promise<Reply<Buffer>>;
}

export type Light = 'off' | 'green' | 'amber' | 'red' | 'blue';
export type Sound = 'none' | 'pass' | 'pass-concession' | 'retry' | 'refuse' | 'alarm';

/** What the passenger sees and hears. */
export interface Sign {
  readonly light: Light;
  readonly sound: Sound;
  /** Lines by locale, e.g. `zh-CN`: title, then one line of advice. */
  readonly text: Readonly<Record<string, { readonly title: string; readonly advice: string }>>;
}

export interface Indicator {
  show(sign: Sign): void;
}

export type Timer = unknown;

/** Time as a port, so that a simulation can own it. Also fits XState's `clock` option. */
export interface Clock {
  /** Monotonic, in milliseconds with fractions. */
  now_ms(): number;
  /** Wall clock, milliseconds since 1970 UTC. May jump. */
  wall_ms(): number;
  setTimeout(callback: () => void, delay_ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** The few file operations that the stores need. They throw Node's own errors. */
export interface Disk {
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(path: string): Promise<string[]>;
  /** `read`: the file must exist; `append`: for reading and writing, created when absent. */
  open(path: string, mode: 'read' | 'append'): Promise<DiskFile>;
  /** Makes the directory entry itself durable. */
  syncDirectory(path: string): Promise<void>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same bytes on disk. */
  link(from: string, to: string): Promise<void>;
  /** A file, or a directory with all it holds; no error when absent. */
  remove(path: string): Promise<void>;
}

export interface DiskFile {
  size(): Promise<number>;
  /**
   * May return fewer bytes than asked at the end of the file.
   * @param into at least `length` bytes that may be used for the answer, which is then valid until
   * the next use of them: large files pass through a process without leaving garbage outside V8's
   * heap, which is collected late
   */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  write(offset: number, bytes: Buffer): Promise<void>;
  /** fdatasync: what was written before is durable afterwards. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** What a board says of a device file. */
export interface DeviceFile {
  readonly exists: boolean;
  readonly accessible: boolean;
  /** The group that may open it; null when there is none but root's. */
  readonly group: string | null;
  /** Programs that have it open, as `name (pid)`; needs the rights to look. */
  readonly heldBy: readonly string[];
  /** USB-serial latency timer, ms; null where the driver has none. */
  readonly latency_ms: number | null;
  /** Where that timer is set; null where there is none. */
  readonly latencyFile: string | null;
  /** USB autosuspend: `on` keeps the device awake; null when it is no USB device. */
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
