/** Where a device hangs on the USB tree, as sysfs tells it. */

import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';

/** Bus and ports on the way, e.g. `1-1.2`; the interface behind it has a colon. */
const PLACE = /^\d+-\d+(\.\d+)*$/;

/** Place of a hidraw device such as `/dev/hidraw0`; undefined when it is not on USB. */
export async function usbPlaceOf(path: string): Promise<string | undefined> {
  const device = await realpath(`/sys/class/hidraw/${basename(path)}/device`).catch(() => '');
  return device.split('/').findLast((part) => PLACE.test(part));
}
