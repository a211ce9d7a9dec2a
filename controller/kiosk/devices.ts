/**
 * Keeps the kiosk's devices alive, each supervised on its own, and tells the mode machine which
 * readers are lost. For staff it tells how each one is.
 */

import type { KioskConfig } from '../../config/kiosk.ts';
import {
  type CardReader,
  type Clock,
  describeFault,
  type Fault,
  failed,
  ok,
  type Presence,
  type Printer,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import {
  printerDevice,
  type Replug,
  readerDevice,
  samDevice,
} from '../../firmware-bridge/supervise/devices.ts';
import type { LinkState } from '../../firmware-bridge/supervise/machine.ts';
import { createQuiet } from '../../firmware-bridge/supervise/quiet.ts';
import {
  createSupervisor,
  type Device,
  type Supervisor,
  type Why,
} from '../../firmware-bridge/supervise/supervisor.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import type { SscCrypto } from '../sam/ssc-keys.ts';
import type { Face } from './report.ts';
import type { DeviceHealth } from './view.ts';

export type Part = Exclude<DeviceHealth['kind'], 'voice'>;

export interface DevicesOptions {
  readonly config: Pick<KioskConfig, 'contactless'>;
  readonly clock: Clock;
  readonly readers: Readonly<Partial<Record<Face, CardReader>>>;
  readonly printer: Printer | null;
  readonly sam: PurchaseSam | null;
  readonly crypto: SscCrypto | null;
  readonly ledger: Pick<Ledger, 'recover' | 'counters'> | null;
  readonly log: Log;
  readonly replug?: { readonly reader?: Replug; readonly sam?: Replug };
  /** Where a card lies that must not be disturbed. */
  readonly served: () => Face | null;
  readonly paying: () => boolean;
  readonly onState: (part: Part, usable: boolean) => void;
}

export interface Devices {
  /** Brings every device up for the first time. */
  begin(): Promise<void>;
  /** One detection; after a fault it waits until the reader is mended, or lost. */
  look(face: Face): Promise<Reply<Presence>>;
  /** Logs a fault, and has its device mended. */
  report(part: Part | null, fault: Fault): void;
  /** The device did its work. */
  alive(part: Part): void;
  usable(part: Part): boolean;
  health(): readonly DeviceHealth[];
  stop(limit_ms: number): Promise<void>;
}

interface Watched {
  readonly part: Part;
  readonly name: string;
  readonly supervisor: Supervisor;
  readonly counters: () => Readonly<Record<string, number>>;
  fault: Fault | null;
}

const LOOK_MS = 900;
const HEARTBEAT_MS = 1_000;
const PARTS: Readonly<Record<Face, Part>> = {
  contact: 'contact-reader',
  contactless: 'contactless-reader',
};

export function createDevices(options: DevicesOptions): Devices {
  const { clock, readers, log, onState } = options;
  const quiet = createQuiet(clock);
  const watched = new Map<Part, Watched>();
  for (const each of devicesOf(options)) watch(each);

  return {
    async begin() {
      await Promise.all([...watched.values()].map(({ supervisor }) => supervisor.start()));
    },
    look,
    report,
    alive: (part) => watched.get(part)?.supervisor.alive(),
    usable,
    health: () => [...watched.values()].map(healthOf),
    async stop(limit_ms) {
      await Promise.all([...watched.values()].map(({ supervisor }) => supervisor.stop(limit_ms)));
    },
  };

  function watch({ part, device, busy, counters }: Given): void {
    const supervisor = createSupervisor({
      ...{ device, clock, busy, heartbeat_ms: HEARTBEAT_MS },
      onState: (state, why) => follow(part, state, why),
    });
    watched.set(part, { part, name: device.name, supervisor, counters, fault: null });
  }

  function follow(part: Part, state: LinkState, { fault, helped }: Why): void {
    const each = watched.get(part);
    if (!each) return;
    if (state === 'lost' && fault) complain(part, fault, 'lost');
    if (state === 'ready') {
      if (each.fault) log.info({ part, helped }, 'back in service');
      each.fault = null;
    } else each.fault = fault ?? each.fault;
    onState(part, state === 'ready' || state === 'suspect');
  }

  function usable(part: Part): boolean {
    const state = watched.get(part)?.supervisor.state;
    return state === 'ready' || state === 'suspect';
  }

  function report(part: Part | null, fault: Fault): void {
    complain(part, fault, 'fault');
    if (part) watched.get(part)?.supervisor.fault(fault);
  }

  /** Within the budget of the log: a fault that repeats is told once a minute. */
  function complain(part: Part | null, fault: Fault, what: 'fault' | 'lost'): void {
    const kept = quiet(`${part} ${what} ${fault.code}`);
    if (kept === null) return;
    const fields = { ...(part && { part }), ...(kept > 0 && { kept_back: kept }) };
    const text = describeFault(fault);
    if (what === 'lost') log.error(fields, `out of service: ${text}`);
    else log.warn(fields, text);
  }

  async function look(face: Face): Promise<Reply<Presence>> {
    const reader = readers[face];
    const supervisor = watched.get(PARTS[face])?.supervisor;
    if (!reader || !supervisor) return failed('link-absent', 'none', `no ${face} reader`);
    // A lost reader holds up no other: its supervisor goes on trying.
    if (!usable(PARTS[face])) return failed('link-lost', 'none', `${reader.name} is lost`);
    const found = await inTime(reader);
    if (found.ok || found.fault.code.startsWith('card-')) {
      supervisor.alive();
      if (!found.ok) complain(null, found.fault, 'fault');
      return found;
    }
    report(PARTS[face], found.fault);
    return found;
  }

  function inTime(reader: CardReader): Promise<Reply<Presence>> {
    return new Promise((resolve) => {
      const late = failed('chip-mute', 'none', `${reader.name}: no detection in ${LOOK_MS} ms`);
      const timer = clock.setTimeout(() => resolve(late), LOOK_MS);
      void reader.detect().then((found) => {
        clock.clearTimeout(timer);
        resolve(found);
      });
    });
  }
}

function healthOf({ part, name, supervisor, counters, fault }: Watched): DeviceHealth {
  const { state } = supervisor;
  return {
    name,
    kind: part,
    state: state === 'stopped' ? 'absent' : state,
    detail: fault ? describeFault(fault) : '',
    counters: { ...counters(), ...supervisor.counters() },
  };
}

interface Given {
  readonly part: Part;
  readonly device: Device;
  readonly busy: () => boolean;
  readonly counters: () => Readonly<Record<string, number>>;
}

function devicesOf(options: DevicesOptions): Given[] {
  const { readers, printer, sam, crypto, ledger, replug = {}, served, paying } = options;
  const { contact, contactless } = readers;
  const none = () => ({});
  const given: Given[] = [];
  if (contact)
    given.push({
      ...{ part: PARTS.contact, device: readerDevice(contact), counters: () => contact.counters() },
      busy: () => served() === 'contact',
    });
  if (contactless)
    given.push({
      part: PARTS.contactless,
      device: readerDevice(contactless, replug.reader),
      counters: () => contactless.counters(),
      busy: () => served() === 'contactless',
    });
  if (printer)
    given.push({
      ...{ part: 'printer', device: printerDevice(printer), counters: () => printer.counters() },
      busy: () => false,
    });
  if (sam)
    given.push({ part: 'sam', device: samDevice(sam, replug.sam), busy: paying, counters: none });
  if (crypto)
    given.push({
      ...{ part: 'hsm', device: cryptoDevice(crypto), counters: none },
      busy: () => served() !== null,
    });
  if (ledger)
    given.push({
      ...{ part: 'books', device: booksDevice(ledger), counters: () => ledger.counters() },
      busy: paying,
    });
  return given;
}

/** PSAM or HSM: not asked while all is well, because a question costs a connection. */
function cryptoDevice(crypto: SscCrypto): Device {
  const probe = () => crypto.probe();
  return {
    name: crypto.name,
    mute: 'hsm-lost',
    patience: 1,
    start: probe,
    rungs: [{ name: 'retry', run: probe, timeout_ms: 2_500, gap_ms: 2_000 }],
    close: () => crypto.close(),
  };
}

/** The books heal when the disk does; they are closed by their owner. */
function booksDevice(ledger: Pick<Ledger, 'recover'>): Device {
  return {
    name: 'ledger',
    mute: 'ledger-write',
    patience: 1,
    start: async () => ok(null),
    rungs: [{ name: 'retry', run: () => ledger.recover(), timeout_ms: 5_000, gap_ms: 1_000 }],
    close: async () => {},
  };
}
