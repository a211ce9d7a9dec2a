/** Which libraries load on this machine; for `tapway doctor`. */

interface LibraryState {
  readonly name: string;
  readonly ok: boolean;
  /** One line: that it loads, or why not. */
  readonly detail: string;
}

/** Most load their native part on import; node-hid only on first use. */
const LIBRARIES: Readonly<Record<string, () => Promise<unknown>>> = {
  serialport: () => import('serialport'),
  'node-hid': async () => (await import('node-hid')).devices(),
  pcsclite: () => import('pcsclite'),
  level: () => import('level'),
  'modbus-serial': () => import('modbus-serial'),
};

/** Never rejects: a missing library is an answer. Opens no device and needs no daemon. */
export function probeLibraries(): Promise<LibraryState[]> {
  return Promise.all(
    Object.entries(LIBRARIES).map(async ([name, load]) => {
      try {
        await load();
        return { name, ok: true, detail: 'loads' };
      } catch (error) {
        return { name, ok: false, detail: firstLine(error) };
      }
    }),
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] || 'unknown reason';
}
