/** Which native libraries load on this machine; for `tapway doctor`. */

interface LibraryState {
  readonly name: string;
  readonly ok: boolean;
  /** One line: that the native part loads, or why not. */
  readonly detail: string;
}

/** serialport and pcsclite load their native part on import; node-hid only on first use. */
const LIBRARIES: Readonly<Record<string, () => Promise<unknown>>> = {
  serialport: () => import('serialport'),
  'node-hid': async () => (await import('node-hid')).devices(),
  pcsclite: () => import('pcsclite'),
};

/** Never rejects: a missing library is an answer. Opens no device and needs no daemon. */
export function probeLibraries(): Promise<LibraryState[]> {
  return Promise.all(
    Object.entries(LIBRARIES).map(async ([name, load]) => {
      try {
        await load();
        return { name, ok: true, detail: 'native part loads' };
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
