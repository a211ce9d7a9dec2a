import { lacking } from '../../peers/pcsc/daemon.ts';
import { measureRoundTrips } from '../../peers/pcsc/latency.ts';
import { CARDS_MS, cardIn, linesOf } from '../kit/wires.ts';
import type { Line, Row } from '../measure.ts';

export const pcsc: Row = {
  name: 'pcsc',
  what: 'one APDU through driver, child process and pcscd, beside the bare library',
  lacking,
  async run({ quick }) {
    const lines: Line[] = [];
    for (const work_ms of CARDS_MS) {
      const taken = await measureRoundTrips({ rounds: quick ? 150 : 500, work_ms });
      lines.push(...linesOf(`PC/SC, ${cardIn(work_ms)}`, 'pcsclite', taken));
    }
    return lines;
  },
};
