import type { Row } from './measure.ts';
import { sm2, sm4 } from './rows/crypto.ts';
import { first } from './rows/first.ts';
import { hid } from './rows/hid.ts';
import { kiosk } from './rows/kiosk.ts';
import { ledger } from './rows/ledger.ts';
import { lists } from './rows/lists.ts';
import { open } from './rows/open.ts';
import { pcsc } from './rows/pcsc.ts';
import { serial } from './rows/serial.ts';
import { start } from './rows/start.ts';
import { tap } from './rows/tap.ts';
import { world } from './rows/world.ts';

export const ROWS: readonly Row[] = [
  tap,
  first,
  open,
  ledger,
  sm4,
  sm2,
  start,
  serial,
  hid,
  pcsc,
  kiosk,
  lists,
  world,
];
