/** What every output should be and what the board has confirmed: only differences are urgent. */

export interface Coil {
  readonly address: number;
  readonly on: boolean;
}

export interface Coils {
  /** Null addresses are not wired. */
  want(address: number | null, on: boolean): void;
  /** A difference; those to switch off come first, so that no two orders contradict. */
  readonly next: Coil | null;
  /** One to be written again. */
  readonly stale: Coil | null;
  confirm(coil: Coil): void;
  /** All of it goes stale: a board that was without power for a moment has lost it. */
  repeat(): void;
  /** Forgets what the board has confirmed. */
  doubt(): void;
  /** Forgets every wish. */
  clear(): void;
}

export function createCoils(): Coils {
  const wanted = new Map<number, boolean>();
  const confirmed = new Map<number, boolean>();
  const stale = new Set<number>();
  return {
    want(address, on) {
      if (address !== null) wanted.set(address, on);
    },
    get next() {
      const due = [...wanted]
        .filter(([address, on]) => confirmed.get(address) !== on)
        .map(([address, on]): Coil => ({ address, on }));
      return due.find(({ on }) => !on) ?? due.at(0) ?? null;
    },
    get stale() {
      for (const [address, on] of wanted) if (stale.has(address)) return { address, on };
      return null;
    },
    confirm({ address, on }) {
      confirmed.set(address, on);
      stale.delete(address);
    },
    repeat() {
      for (const address of confirmed.keys()) stale.add(address);
    },
    doubt() {
      confirmed.clear();
      stale.clear();
    },
    clear() {
      wanted.clear();
      confirmed.clear();
      stale.clear();
    },
  };
}
