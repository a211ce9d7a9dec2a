/** What `tapway doctor` finds about a kiosk. */

import type { KioskConfig } from '../../config/kiosk.ts';
import { examineBoard, type Use } from './doctor.ts';
import {
  hsmOf,
  type NamedReader,
  printerOf,
  readerOf,
  readerSlot,
  samSlot,
  slotsOf,
} from './doctor-devices.ts';
import { diskOf, indexOf, keysOf, listsOf } from './doctor-stores.ts';
import { bad, type Finding, good, type KioskBoard, warning } from './finding.ts';

export async function examineKiosk(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  const { ssc, data_dir } = config;
  const readers = readersOf(config);
  const sam = saleSam(config);
  const findings = await examineBoard(board, usesOf(config));
  for (const each of readers) findings.push(...(await readerOf(board, each)));
  const slots = readers.flatMap((each) => readerSlot(board, each));
  if (sam?.kind === 'psam') slots.push(samSlot(board, 'sam', sam));
  if (ssc.keys.startsWith('psam')) slots.push(samSlot(board, 'ssc.psam', ssc.psam));
  findings.push(...(await slotsOf(board, slots)));
  findings.push(...(await printerOf(board, config)));
  findings.push(...(await hsmOf(board, config)));
  if (sam?.kind === 'software') findings.push(await keysOf(board, sam));
  findings.push(await listsOf(board, config));
  findings.push(await diskOf(board, data_dir));
  findings.push(...(await indexOf(board, data_dir)));
  findings.push(...(await screenOf(board, config)));
  return findings;
}

function readersOf({ contact, contactless }: KioskConfig): NamedReader[] {
  const readers: NamedReader[] = [];
  if (contact) readers.push({ key: 'contact', reader: { kind: 'pcsc', ...contact } });
  if (contactless) readers.push({ key: 'contactless', reader: contactless });
  return readers;
}

/** A SAM is opened only where something is sold. */
function saleSam({ sam, till }: KioskConfig): KioskConfig['sam'] {
  return till.items.length > 0 ? sam : undefined;
}

function usesOf(config: KioskConfig): Use[] {
  const uses: Use[] = ['lists', ...readersOf(config).map(({ reader }) => reader.kind)];
  if (saleSam(config)?.kind === 'psam' || config.ssc.keys.startsWith('psam')) uses.push('pcsc');
  if (config.printer.kind === 'serial') uses.push('serial');
  return uses;
}

/** What people see and hear. */
async function screenOf(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  const { speech, maintenance } = config;
  const has = async (name: string, cure: string) =>
    (await board.hasProgram(name)) ? good(name) : warning(`${name} is not installed`, cure);
  const findings = [
    await has('chromium', 'apt-get install chromium; the page may be shown by another browser'),
    await has('cage', 'apt-get install cage; for config/board/tapway-screen@.service'),
  ];
  findings.push(
    (await board.hasChineseFont())
      ? good('a font for Chinese')
      : bad('no font for Chinese: the screen shows boxes', 'apt-get install fonts-noto-cjk'),
  );
  if (speech.enabled) {
    const cure = 'apt-get install espeak-ng, or put recordings into speech.folder';
    findings.push(await has(speech.espeak, cure));
  }
  if (maintenance.code === undefined) {
    const cure = 'tapway kiosk code, then set maintenance.code';
    findings.push(warning('no service code: nobody can open the service page', cure));
  }
  return findings;
}
