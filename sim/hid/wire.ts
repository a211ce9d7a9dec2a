/** The two wires between the bridge's UART and the reader chip's. */

import type { VirtualPn532 } from '../chip/pn532.ts';
import type { VirtualCp2110 } from './cp2110.ts';

/** A UART with a sampling error above this reads no stop bit where one should be. */
const TOLERANCE = 0.04;

/** Bytes sent at another speed than the receiver's never become bytes. */
export function wireToChip(bridge: VirtualCp2110, chip: VirtualPn532): void {
  const inStep = () => Math.abs(bridge.baud / chip.baud - 1) < TOLERANCE;
  bridge.onTransmit((bytes) => {
    if (inStep()) chip.receive(bytes);
  });
  chip.onSend((bytes) => {
    if (inStep()) bridge.receive(bytes);
  });
}
