/** What `tapway doctor` finds about a kiosk: its readers, printer, voice, browser and fonts. */

import type { KioskConfig } from '../../config/kiosk.ts';
import { examine } from './doctor.ts';
import { type Board, bad, type Finding, good, warning } from './finding.ts';

export interface KioskBoard extends Board {
  /** Is there such a program? */
  hasProgram(name: string): Promise<boolean>;
  /** Is there a font for Chinese? */
  hasChineseFont(): Promise<boolean>;
}

const FREE_MIN_BYTES = 200 * 1024 * 1024;

export async function examineKiosk(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  return [
    ...(await examine(board, null)),
    ...(await slotsOf(board, config)),
    ...(await linesOf(board, config)),
    await diskOf(board, config),
    ...(await screenOf(board, config)),
  ];
}

/** Everything behind pcscd. */
async function slotsOf(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  const { contact, contactless, sam, ssc, till } = config;
  const wanted: [key: string, pattern: string][] = [];
  if (contact) wanted.push(['contact.name', contact.name]);
  if (contactless?.kind === 'pcsc') wanted.push(['contactless.name', contactless.name]);
  if (sam?.kind === 'psam' && till.items.length > 0) wanted.push(['sam.slot', sam.slot]);
  if (ssc.keys.startsWith('psam')) wanted.push(['ssc.psam.slot', ssc.psam.slot]);
  if (wanted.length === 0) return [];
  const names = await board.pcscReaders();
  if (!names.ok) {
    const cure = 'apt-get install pcscd; systemctl enable --now pcscd.socket';
    return [bad(`PC/SC: ${names.fault.detail}`, cure)];
  }
  return wanted.map(([key, pattern]) => {
    const fits = names.value.filter((name) => board.matches(pattern, name));
    if (fits.length === 1) return good(`${key}: '${fits[0]}'`);
    const what = `${key} '${pattern}' fits ${fits.length === 0 ? 'no reader' : fits.join(', ')}`;
    return bad(what, `set ${key} to one of the names of pcsc_scan -r; * and ? are allowed`);
  });
}

/** Devices with a path of their own. */
async function linesOf(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  const { contactless, printer } = config;
  const findings: Finding[] = [];
  if (contactless?.kind === 'serial') {
    findings.push(await deviceOf(board, 'contactless.path', contactless.path));
  }
  if (printer.kind === 'none') {
    findings.push(warning('printer.kind none: nothing is printed', 'set printer.kind and path'));
  } else if (printer.path !== undefined) {
    findings.push(await deviceOf(board, 'printer.path', printer.path));
  }
  return findings;
}

async function deviceOf(board: KioskBoard, key: string, path: string): Promise<Finding> {
  const { exists, accessible, group, heldBy } = await board.serialDevice(path);
  if (!exists) return bad(`${key} ${path} does not exist`, 'plug it in; dmesg tells its name');
  if (!accessible) {
    const cure = `usermod -aG ${group ?? 'lp'} tapway, then start anew`;
    return bad(`${key} ${path} may not be opened`, cure);
  }
  if (heldBy.length > 0) return bad(`${path} is held by ${heldBy.join(', ')}`, 'stop that program');
  return good(`${key} ${path} exists and may be opened`);
}

async function diskOf(board: KioskBoard, { data_dir }: KioskConfig): Promise<Finding> {
  const { nearest, writable, free_bytes } = await board.directory(data_dir);
  if (!writable) {
    const cure = `mkdir -p ${data_dir}; chown it to the user of the kiosk`;
    return bad(`${data_dir}: ${nearest} may not be written`, cure);
  }
  const free = `${data_dir}: ${Math.floor(free_bytes / 1024 / 1024)} MiB free`;
  if (free_bytes >= FREE_MIN_BYTES) return good(free);
  return warning(free, 'free some space; tapway ledger settle');
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
