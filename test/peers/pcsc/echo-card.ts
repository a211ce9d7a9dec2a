/** Run with ports and a working time: a card in each slot that answers commands with 30 bytes. */

import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createVpcdSlot } from '../../../sim/pcsc/vpcd.ts';

const [work = 0, ...ports] = process.argv.slice(2).map(Number);
const ATR = Buffer.from('3B80800101', 'hex');
const ANSWER = Buffer.concat([Buffer.alloc(30, 0x5a), Buffer.from([0x90, 0x00])]);

for (const port of ports) {
  const card = {
    atr: ATR,
    powerDown: () => {},
    async transceive() {
      if (work > 0) await new Promise<void>((wake) => systemClock.setTimeout(wake, work));
      return ANSWER;
    },
  };
  void createVpcdSlot({ port, clock: systemClock, card }).insert();
}
process.stdin.resume().on('end', () => process.exit(0));
