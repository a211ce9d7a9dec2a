/** Which of the CP2110 bridges on this machine a lane means. */

import type { LaneConfig } from '../../config/schema.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { HidBridge } from './hid-library.ts';

/**
 * A name in `reader.usb` must fit: `serial` the serial number, `path` the device or its place on
 * the USB tree. Without one, the only bridge there is.
 */
export function pickBridge(
  bridges: readonly HidBridge[],
  usb: LaneConfig['reader']['usb'],
): Reply<HidBridge> {
  const { serial, path } = usb;
  const fit = bridges.filter(
    (bridge) =>
      (serial === undefined || bridge.serial === serial) &&
      (path === undefined || bridge.path === path || bridge.place === path),
  );
  const [only, second] = fit;
  if (only && !second) return ok(only);
  return failed('link-absent', 'none', second ? severalOf(fit) : noneOf(bridges, usb));
}

/** "CP2110 0042 at 1-1.2 (/dev/hidraw0)" */
export function describeBridge({ serial, place, path }: HidBridge): string {
  return `CP2110 ${serial || 'without serial number'} at ${place ? `${place} (${path})` : path}`;
}

function severalOf(bridges: readonly HidBridge[]): string {
  const advice = 'name one in the configuration by reader.usb.serial, or by reader.usb.path';
  return `${bridges.length} bridges fit: ${listOf(bridges)}; ${advice}`;
}

function noneOf(bridges: readonly HidBridge[], usb: LaneConfig['reader']['usb']): string {
  if (bridges.length === 0) return 'no CP2110 (10c4:ea80) found; is the reader plugged in?';
  const wanted = Object.entries(usb).map(([name, value]) => `reader.usb.${name} ${value}`);
  return `no bridge fits ${wanted.join(' and ')}; found: ${listOf(bridges)}`;
}

function listOf(bridges: readonly HidBridge[]): string {
  return bridges.map(describeBridge).join(', ');
}
