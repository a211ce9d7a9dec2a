/**
 * Real-time status (DLE EOT n) and the other bytes that an ESC/POS printer sends by itself or when
 * asked (Epson ESC/POS command reference: DLE EOT, GS r, GS a, GS ( H, DLE DC4).
 */

import type { PrinterStatus } from '../ports.ts';

/** n of DLE EOT: printer, cause of being offline, error, paper sensor. */
export type StatusPage = 1 | 2 | 3 | 4;

/** Bits 1 and 4 are set, 0 and 7 clear in every answer to DLE EOT; all pages look alike. */
export function isRealTimeStatus(byte: number): boolean {
  return (byte & 0x93) === 0x12;
}

export interface StatusPages {
  readonly printer: number;
  readonly cause: number;
  readonly error: number;
  readonly paper: number;
}

export function readStatus({ printer, cause, error, paper }: StatusPages): PrinterStatus {
  return {
    paper: paperOf(cause, paper),
    cover: (cause & 0x04) !== 0 ? 'open' : 'closed',
    cutter: (error & 0x08) !== 0 ? 'jammed' : 'ok',
    // An error that cannot be mended (bit 5), one that waits to cool down (bit 6), or offline.
    offline: isOffline(printer) || (error & 0x60) !== 0,
  };
}

/** Of page 1 alone. */
export function isOffline(printer: number): boolean {
  return (printer & 0x08) !== 0;
}

/** The end is told by a sensor (page 4) or by printing having stopped for it (page 2). */
function paperOf(cause: number, paper: number): PrinterStatus['paper'] {
  if ((paper & 0x60) !== 0 || (cause & 0x20) !== 0) return 'out';
  return (paper & 0x0c) !== 0 ? 'near-end' : 'ok';
}

/** Why it cannot print; null when it can. */
export function whyStopped(status: PrinterStatus): string | null {
  if (status.cover === 'open') return 'the cover is open';
  if (status.paper === 'out') return 'no paper';
  if (status.cutter === 'jammed') return 'the cutter is jammed';
  return status.offline ? 'it is offline and does not say why' : null;
}

/** What came from the printer, one by one. */
export type PrinterWord =
  | { readonly kind: 'status'; readonly byte: number }
  /** Answer to GS r: everything before it has been processed. */
  | { readonly kind: 'processed' }
  /** Answer to GS ( H: everything before it has been printed. */
  | { readonly kind: 'printed'; readonly id: string }
  /** Answer to DLE DC4 8: its buffers are empty. */
  | { readonly kind: 'cleared' }
  | { readonly kind: 'stray'; readonly bytes: number };

/** A block of a header, an identifier, its data and NUL; longer ones are noise. */
const BLOCK_HEAD = 0x37;
const BLOCK_MAX = 8;

/** Cuts what arrives into words; never throws, holds at most one block. */
export function createEar(hear: (word: PrinterWord) => void): {
  take(bytes: Buffer): void;
  forget(): void;
} {
  let block: number[] = [];
  return {
    take(bytes) {
      for (const byte of bytes) takeByte(byte);
    },
    forget() {
      block = [];
    },
  };

  function takeByte(byte: number): void {
    if (block.length > 0) takeInBlock(byte);
    else if (byte === BLOCK_HEAD) block.push(byte);
    else if (isRealTimeStatus(byte)) hear({ kind: 'status', byte });
    // GS r: bits 4 and 7 are clear, and only the paper sensor (bits 0 to 3) is told.
    else if ((byte & 0xf0) === 0) hear({ kind: 'processed' });
    else hear({ kind: 'stray', bytes: 1 });
  }

  function takeInBlock(byte: number): void {
    block.push(byte);
    const [, identifier, ...rest] = block;
    if (byte === 0 && block.length > 2) {
      const data = Buffer.from(rest.slice(0, -1)).toString('latin1');
      const { length } = block;
      block = [];
      if (identifier === 0x22 && data.length === 4) hear({ kind: 'printed', id: data });
      else if (identifier === 0x25 && data === '') hear({ kind: 'cleared' });
      else hear({ kind: 'stray', bytes: length });
    } else if (block.length === BLOCK_MAX) {
      hear({ kind: 'stray', bytes: block.length });
      block = [];
    }
  }
}
