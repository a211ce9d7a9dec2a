import { measureRoundTrips } from '../../peers/pcsc/latency.ts';
import { lineOf, quantilesOf, type Row } from '../measure.ts';

/** What a card takes for a short command; without it only two processes would be compared. */
const CARD_MS = 10;

export const pcsc: Row = {
  name: 'pcsc',
  what: 'one APDU through driver, child process and pcscd, beside the bare library',
  async run({ quick }) {
    const taken = await measureRoundTrips({ rounds: quick ? 100 : 400, work_ms: CARD_MS });
    const ours = quantilesOf([taken.ours]);
    const bare = quantilesOf([taken.bare]);
    const ratio = { times: ours.p50 / bare.p50, of: 'pcsclite' };
    return [
      lineOf(`APDU by PC/SC, card takes ${CARD_MS} ms`, 'ms', { ...ours, ratio }),
      lineOf('the same with bare pcsclite', 'ms', bare),
    ];
  },
};
