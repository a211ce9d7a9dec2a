/** What a virtual reader chip meets in its field. */

export interface Target {
  /** Name on the tray; never a person's. */
  readonly name: string;
  /** 4 or 7 bytes. */
  readonly uid: Buffer;
  /** SENS_RES, 2 bytes, most significant first (0x0004, 0x0044). */
  readonly atqa: Buffer;
  /** SEL_RES; bit 0x20 set for ISO 14443-4. */
  readonly sak: number;
  /** Answer to RATS, beginning with its length byte TL; empty when not ISO 14443-4. */
  readonly ats: Buffer;
  /** Runs one command APDU to its end, commits, and says how long a real card would work. */
  exchange(apdu: Buffer): { readonly answer: Buffer; readonly work_ms: number };
  /** The field is gone: volatile state is lost, committed state stays. */
  powerDown(): void;
}
