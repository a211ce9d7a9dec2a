import type { PurchaseSam } from '../../controller/sam/sam.ts';
import type { Card, Fault, Reply } from '../../firmware-bridge/ports.ts';
import { readerDevice, samDevice } from '../../firmware-bridge/supervise/devices.ts';
import { lacking } from '../peers/pcsc/daemon.ts';
import { atDesk, buy, type Desk, psamOn } from '../peers/pcsc/kit.ts';
import { inShort } from './reading.ts';
import { type Plant, replugUnderTraffic, type Watch, type Worked } from './replug.ts';
import type { Outcome, Scenario, Size } from './scenario.ts';

export const pcsc: Scenario = {
  name: 'pcsc',
  what: 'card, PSAM and the real pcscd under both go away under traffic: whole purchases',
  lacking,
  run,
};

/** pcscd looks every 400 ms; a hand is slower. */
const HAND_MS = 700;
const BALANCE_FEN = 5_000;

async function run(size: Size): Promise<Outcome> {
  let outcome: Outcome = { lines: [], wrong: ['PC/SC: nothing was done'], notes: [] };
  await atDesk(async (desk) => {
    outcome = await replugUnderTraffic(async () => plantOf(desk), size);
  });
  return outcome;
}

function plantOf(desk: Desk): Plant {
  const { daemon, reader, card, psam } = desk;
  const sam = psamOn(desk.slot);
  const lost = { reader: 0, sam: 1 };
  return {
    name: 'PC/SC',
    devices: [readerDevice(reader), samDevice(sam)],
    work: ([ofReader, ofSam]) =>
      ofReader && ofSam ? purchase({ desk, sam, ofReader, ofSam }) : Promise.resolve('idle'),
    pulls: [
      {
        ...{ what: 'pcscd', device: lost.reader, hand_ms: 0 },
        out: () => daemon.kill(),
        in: () => daemon.start().then(() => Promise.all([card.insert(), psam.insert()])),
      },
      {
        ...{ what: 'the PSAM', device: lost.sam, hand_ms: HAND_MS },
        out: async () => psam.remove(),
        in: () => psam.insert(),
      },
      {
        ...{ what: 'the card', device: null, hand_ms: HAND_MS },
        out: async () => card.remove(),
        in: () => card.insert(),
      },
    ],
    async end() {},
  };
}

interface Purchase {
  readonly desk: Desk;
  readonly sam: PurchaseSam;
  readonly ofReader: Watch;
  readonly ofSam: Watch;
}

async function purchase({ desk, sam, ofReader, ofSam }: Purchase): Promise<Worked> {
  const found = await desk.reader.detect();
  if (!found.ok) {
    ofReader.fault(found.fault);
    return inShort(found.fault);
  }
  ofReader.alive();
  if (found.value.kind !== 'card') return 'idle';
  const { card } = found.value;
  const fault = await bought(card, sam);
  await card.release();
  desk.purse.restore({ ...desk.purse.snapshot(), balance_fen: BALANCE_FEN });
  if (!fault) {
    ofSam.alive();
    return 'done';
  }
  if (fault.code.startsWith('sam-')) ofSam.fault(fault);
  return inShort(fault);
}

/** The fault that it ended with. Throws when a purchase went wrong without any. */
async function bought(card: Card, sam: PurchaseSam): Promise<Fault | null> {
  const faults: Fault[] = [];
  const note = async <T>(asked: Promise<Reply<T>>): Promise<Reply<T>> => {
    const reply = await asked;
    if (!reply.ok) faults.push(reply.fault);
    return reply;
  };
  const verdict = await buy(
    { transceive: (...sent) => note(card.transceive(...sent)) },
    {
      initPurchase: (input) => note(sam.initPurchase(input)),
      creditPurchase: (mac2) => note(sam.creditPurchase(mac2)),
    },
  ).catch((error: unknown) => {
    if (faults.length === 0) throw error;
    return 'broken off';
  });
  if (verdict !== 'verified' && faults.length === 0) throw new Error(`MAC2 was ${verdict}`);
  return faults[0] ?? null;
}
