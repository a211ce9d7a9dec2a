import { openLedger } from '../../../controller/ledger/ledger.ts';
import type { Intent } from '../../../controller/ledger/records.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { expectOk } from '../kit/lane.ts';
import { scratch } from '../kit/scratch.ts';
import { timedInTurn } from '../kit/stopwatch.ts';
import { lineOf, quantilesOf, type Row } from '../measure.ts';

export const ledger: Row = {
  name: 'ledger',
  what: 'one record, durable on the real disk (TMPDIR); beside it the same bytes in LevelDB',
  async run({ quick }) {
    const { Level } = await import('level');
    const directory = scratch();
    const books = expectOk(
      await openLedger({ disk: systemDisk, directory: `${directory}/ledger` }),
    );
    const db = new Level<string, string>(`${directory}/level`);
    await db.open();
    const words = JSON.stringify(INTENT);
    const taken = await timedInTurn({
      of: {
        ours: async () => expectOk(await books.append(INTENT)),
        level: (call) => db.put(String(call).padStart(12, '0'), words, { sync: true }),
      },
      ...{ rounds: quick ? 2 : 8, calls: quick ? 100 : 300, unit: 'ms' },
    });
    await books.close();
    await db.close();
    const ours = quantilesOf(taken.ours);
    const level = quantilesOf(taken.level);
    const ratio = { times: ours.p50 / level.p50, of: 'LevelDB' };
    return [
      lineOf('ledger append, synced', 'ms', { ...ours, ratio, target: { p50: 0.5 } }),
      lineOf('LevelDB put, sync: true', 'ms', level),
    ];
  },
};

const INTENT: Intent = {
  type: 'intent',
  card: '03104399900000000042',
  issuer: '01133320FFFFFFFF',
  card_kind: null,
  counter: 7,
  txn_type: '09',
  kind: '06',
  amount_fen: 200,
  balance_before_fen: 5_000,
  at: '20260101080000',
  terminal: '332099000001',
  psam: '33209900000000000001',
  key_version: '01',
  algorithm: '04',
  trip: '00'.repeat(48),
  entry: null,
  fare_rule: 'flat/adult',
  opens: true,
};
