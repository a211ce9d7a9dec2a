/** The few calls of `node-hid` that a link needs, so that a test can stand in for it. */

import { usbPlaceOf } from '../board-usb.ts';
import { PRODUCT_ID, VENDOR_ID } from './cp2110.ts';

export interface HidLibrary {
  /** Every CP2110 on this machine, each once. Rejects when the library does not load. */
  list(): Promise<HidBridge[]>;
  open(path: string): Promise<HidDevice>;
}

export interface HidBridge {
  /** e.g. `/dev/hidraw0` */
  readonly path: string;
  /** As programmed into the chip; may be empty. */
  readonly serial: string;
  /** Bus and ports, e.g. `1-1.2`; undefined where the system does not tell. */
  readonly place: string | undefined;
}

/** Reports carry their ID first, in both directions. */
export interface HidDevice {
  on(event: 'data', listener: (report: Buffer) => void): unknown;
  /** node-hid emits a string here. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
  write(report: Buffer): Promise<number>;
  sendFeatureReport(report: Buffer): Promise<number>;
  getFeatureReport(id: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export const nodeHid: HidLibrary = {
  async list() {
    const { devicesAsync } = await import('node-hid');
    // A device with several usages is listed once for each.
    const found = new Map<string, string>();
    for (const { path, serialNumber } of await devicesAsync(VENDOR_ID, PRODUCT_ID)) {
      if (path !== undefined) found.set(path, serialNumber ?? '');
    }
    return Promise.all(
      [...found].map(async ([path, serial]) => ({ path, serial, place: await usbPlaceOf(path) })),
    );
  },
  async open(path) {
    const { HIDAsync } = await import('node-hid');
    return HIDAsync.open(path);
  },
};
