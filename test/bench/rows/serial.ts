import { SerialPort } from 'serialport';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { openSerialLink } from '../../../firmware-bridge/link/serial.ts';
import { startFarChips } from '../kit/far-chips.ts';
import { timedInTurn } from '../kit/stopwatch.ts';
import {
  type BareWire,
  CARDS_MS,
  callsFor,
  cardIn,
  linesOf,
  throughLibrary,
  throughOurs,
} from '../kit/wires.ts';
import type { Line, Row } from '../measure.ts';

const BAUD = 115_200;

export const serial: Row = {
  name: 'serial',
  what: 'one APDU through PN532 driver and serial line (a pty), beside the bare library',
  async run({ quick }) {
    const lines: Line[] = [];
    for (const card_ms of CARDS_MS) lines.push(...(await measure(card_ms, quick)));
    return lines;
  },
};

async function measure(card_ms: number, quick: boolean): Promise<Line[]> {
  const chips = await startFarChips(2, card_ms);
  const [path = '', barePath = ''] = chips.paths;
  const ours = await throughOurs(() => openSerialLink({ path, baud: BAUD, clock: systemClock }));
  const bare = await throughLibrary(await openPort(barePath));
  try {
    const taken = await timedInTurn({
      of: { ours: ours.ask, bare: bare.ask },
      ...callsFor(card_ms, quick),
      unit: 'ms',
    });
    return linesOf(`serial, ${cardIn(card_ms)}`, 'serialport', taken);
  } finally {
    await Promise.all([ours.close(), bare.close()]);
    await chips.end();
  }
}

async function openPort(path: string): Promise<BareWire> {
  const port = new SerialPort({ path, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(error) : resolve()));
  });
  return {
    write: (bytes) => port.write(bytes),
    onBytes: (listener) => port.on('data', listener),
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}
