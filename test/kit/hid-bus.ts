/** Stands in for node-hid: virtual bridges that can be plugged in, pulled, and made to hang. */

import type { HidBridge, HidDevice, HidLibrary } from '../../firmware-bridge/link/hid-library.ts';
import type { VirtualCp2110 } from '../../sim/hid/cp2110.ts';

type Call = 'list' | 'open' | 'write' | 'feature' | 'close';

export interface HidBus extends HidLibrary {
  plug(bridge: VirtualCp2110, as: HidBridge): void;
  /** Whoever has it open hears it, as a string. */
  unplug(path: string): void;
  /** From now on such calls do not come back; returns what lets them go again. */
  hang(call: Call): () => void;
  /** From now on such calls are refused with this reason. */
  refuse(call: Call, reason: string): void;
  /** What was called, in order, with the report in hex. */
  readonly calls: string[];
  /** Handles not given back. */
  handles(): number;
}

interface Handle {
  data: ((report: Buffer) => void)[];
  error: ((error: unknown) => void)[];
  /** What came since it was opened and nobody has read. */
  unread: Buffer[];
  gone: boolean;
  closed: boolean;
}

export function createHidBus(): HidBus {
  const plugged = new Map<string, { bridge: VirtualCp2110; as: HidBridge }>();
  const handles = new Map<Handle, string>();
  const held = new Map<Call, Promise<void>>();
  const refused = new Map<Call, string>();
  const calls: string[] = [];

  async function call(name: Call, what = ''): Promise<void> {
    calls.push(`${name} ${what}`.trim());
    // No call comes back at once; what was read before it comes first.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await held.get(name);
    const reason = refused.get(name);
    if (reason !== undefined) throw new Error(reason);
  }

  function open(path: string): HidDevice {
    const found = plugged.get(path);
    if (!found) throw new Error(`cannot open device with path ${path}: No such file or directory`);
    const { bridge } = found;
    const handle: Handle = { data: [], error: [], unread: [], gone: false, closed: false };
    handles.set(handle, path);
    const read = () => {
      if (handle.data.length === 0) return;
      for (const report of handle.unread.splice(0)) {
        for (const listener of handle.data) listener(report);
      }
    };
    bridge.onInput((report) => {
      handle.unread.push(report);
      read();
    });
    bridge.polled(true);
    const usable = (what: string) => {
      if (handle.closed) throw new TypeError('device has been closed');
      if (handle.gone) throw new Error(`${what}: No such device`);
    };
    const device = {
      on(event: 'data' | 'error', listener: (value: never) => void) {
        (handle[event] as ((value: never) => void)[]).push(listener);
        process.nextTick(read);
      },
      async write(report: Buffer) {
        await call('write', report.toString('hex'));
        usable('Cannot write to hid device');
        bridge.output(report);
        return report.length;
      },
      async sendFeatureReport(report: Buffer) {
        await call('feature', report.toString('hex'));
        usable('could not send feature report to device');
        if (!bridge.setFeature(report)) throw new Error('ioctl (SFEATURE): Input/output error');
        return report.length;
      },
      async getFeatureReport(id: number) {
        await call('feature', `? ${id.toString(16)}`);
        usable('could not get feature report from device');
        const report = bridge.getFeature(id);
        if (!report) throw new Error('ioctl (GFEATURE): Input/output error');
        return report;
      },
      async close() {
        await call('close');
        if (handle.closed) throw new TypeError('device is already closed');
        handle.closed = true;
        handles.delete(handle);
        Object.assign(handle, { data: [], error: [] });
      },
    };
    return device;
  }

  return {
    calls,
    handles: () => handles.size,
    async list() {
      await call('list');
      return [...plugged.values()].map(({ as }) => as);
    },
    async open(path) {
      await call('open', path);
      return open(path);
    },
    plug(bridge, as) {
      bridge.powerUp();
      plugged.set(as.path, { bridge, as });
    },
    unplug(path) {
      plugged.get(path)?.bridge.polled(false);
      plugged.delete(path);
      for (const [handle, at] of handles) {
        if (at !== path || handle.gone) continue;
        handle.gone = true;
        for (const listener of handle.error) listener('could not read from HID device: unplugged');
      }
    },
    hang(name) {
      let release = () => {};
      const until = new Promise<void>((resolve) => {
        release = resolve;
      });
      held.set(name, until);
      return () => {
        held.delete(name);
        release();
      };
    },
    refuse: (name, reason) => refused.set(name, reason),
  };
}
