/**
 * The part of pcsclite 1.0.1 that we use. It is optional: where it could not be built, its own
 * types are missing too.
 */
declare module 'pcsclite' {
  namespace pcsclite {
    /** `state`: SCARD_STATE flags; the upper 16 of 32 bits count insertions and removals. */
    interface Status {
      readonly state: number;
      readonly atr?: Buffer;
    }

    interface Slot {
      readonly name: string;
      /** Stays true when card or daemon are gone; `connect` then calls back with nothing at all. */
      connected: boolean;
      on(event: 'status', listener: (status: Status) => void): this;
      on(event: 'error', listener: (error: Error) => void): this;
      on(event: 'end', listener: () => void): this;
      connect(
        options: { share_mode: number; protocol?: number },
        done: (error: Error | null | undefined, protocol?: number) => void,
      ): void;
      disconnect(disposition: number, done: (error?: Error | null) => void): void;
      transmit(
        command: Buffer,
        answer_max: number,
        protocol: number,
        done: (error: Error | null | undefined, answer?: Buffer) => void,
      ): void;
      close(): void;
    }

    interface Context {
      /** By name. */
      readonly readers: Readonly<Record<string, Slot>>;
      on(event: 'reader', listener: (slot: Slot) => void): this;
      on(event: 'error', listener: (error: Error) => void): this;
      close(): void;
    }
  }

  /** Throws when there is no daemon. */
  function pcsclite(): pcsclite.Context;
  export = pcsclite;
}
