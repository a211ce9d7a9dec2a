/** What passes between keeper.ts and keeper-process.ts beside reasons. */

/** First byte of `serve`. */
export const READY = 0x06;
/** Answer: the page of this card cannot be read. */
export const LOOKUP_FAILED = 0xff;
/** Exit code: the store differs from its seal. */
export const DAMAGED = 3;
