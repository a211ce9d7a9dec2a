import { systemClock } from '../../../firmware-bridge/clock.ts';
import { dataOf, dataReports, ENABLE_UART } from '../../../firmware-bridge/link/cp2110.ts';
import { openHidLink } from '../../../firmware-bridge/link/hid.ts';
import type { HidLibrary } from '../../../firmware-bridge/link/hid-library.ts';
import { createVirtualCp2110 } from '../../../sim/hid/cp2110.ts';
import { wireToChip } from '../../../sim/hid/wire.ts';
import { createHidBus } from '../../kit/hid-bus.ts';
import { timedInTurn } from '../kit/stopwatch.ts';
import {
  type BareWire,
  CARDS_MS,
  callsFor,
  cardIn,
  chipWithCard,
  linesOf,
  throughLibrary,
  throughOurs,
} from '../kit/wires.ts';
import type { Line, Row } from '../measure.ts';

/** The kernel's part is left out on both sides; the bus asks for a report once a millisecond. */
export const hid: Row = {
  name: 'hid',
  what: 'one APDU through PN532 driver and CP2110 in process, beside its reports by hand',
  async run({ quick }) {
    const lines: Line[] = [];
    for (const card_ms of CARDS_MS) lines.push(...(await measure(card_ms, quick)));
    return lines;
  },
};

async function measure(card_ms: number, quick: boolean): Promise<Line[]> {
  const library = busWithChip(card_ms);
  const ours = await throughOurs(() => openHidLink({ usb: {}, clock: systemClock, library }));
  const bare = await throughLibrary(await openBridge(busWithChip(card_ms)));
  const taken = await timedInTurn({
    of: { ours: ours.ask, bare: bare.ask },
    ...callsFor(card_ms, quick),
    unit: 'ms',
  });
  await Promise.all([ours.close(), bare.close()]);
  return linesOf(`HID, ${cardIn(card_ms)}`, 'reports', taken);
}

const PATH = '/dev/hidraw0';

function busWithChip(card_ms: number): HidLibrary {
  const clock = systemClock;
  const bus = createHidBus();
  const bridge = createVirtualCp2110({ clock, paced: true });
  wireToChip(bridge, chipWithCard(clock, card_ms));
  bus.plug(bridge, { path: PATH, serial: '0001', place: '1-1.2' });
  return bus;
}

async function openBridge(library: HidLibrary): Promise<BareWire> {
  const device = await library.open(PATH);
  await device.sendFeatureReport(ENABLE_UART);
  return {
    async write(bytes) {
      for (const report of dataReports(bytes)) await device.write(report);
    },
    onBytes(listener) {
      device.on('data', (report) => {
        const bytes = dataOf(report);
        if (bytes) listener(bytes);
      });
    },
    close: () => device.close(),
  };
}
