/** The slip printer as the kiosk uses it: asked first, and what comes out is known. */

import type { KioskConfig } from '../../config/kiosk.ts';
import type { Printer, PrinterStatus } from '../../firmware-bridge/ports.ts';
import type { Devices } from './devices.ts';
import { slipToEscPos, slipToSvg } from './slip/paper.ts';
import { composeSlip, type SlipContent, type SlipOptions } from './slip/slip.ts';
import type { Notice } from './view.ts';

export interface PrintingOptions {
  readonly config: KioskConfig['printer'];
  readonly printer: Printer | null;
  readonly devices: () => Devices;
  readonly changed: () => void;
}

export interface Printing {
  /** As far as the printer said when it was last asked. */
  readonly ready: boolean;
  /** The slip as bytes for the printer. */
  compose(content: SlipContent, options: Omit<SlipOptions, 'columns'>): Buffer;
  /** The same slip as a picture: `data:` URL of an SVG. */
  preview(content: SlipContent, options: Omit<SlipOptions, 'columns'>): string;
  /** The first slip takes a quarter of a second to compose, the next ones three milliseconds. */
  rehearse(): void;
  /** Asks the printer anew; while it is being asked, all who ask share the next answer. */
  refresh(): Promise<void>;
  /** Null when all of it is on paper, else why not. The document is wiped in any case. */
  print(document: Buffer): Promise<Notice['code'] | null>;
  /** Words for staff about paper, cover and cutter. */
  readonly detail: string;
}

export function createPrinting({ config, printer, devices, changed }: PrintingOptions): Printing {
  let status: PrinterStatus | null = null;
  let asking: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  return {
    get ready() {
      return printer !== null && devices().usable('printer') && whyNot() === null;
    },
    compose,
    preview,
    rehearse() {
      compose(NOTHING, NOBODY);
      preview(NOTHING, NOBODY);
    },
    refresh,
    async print(document) {
      try {
        return await print(document);
      } finally {
        document.fill(0);
      }
    },
    get detail() {
      return status ? describe(status) : '';
    },
  };

  function compose(content: SlipContent, options: Omit<SlipOptions, 'columns'>): Buffer {
    const { columns, cut, qr } = config;
    return slipToEscPos(composeSlip(content, { ...options, columns }), { columns, cut, qr });
  }

  function preview(content: SlipContent, options: Omit<SlipOptions, 'columns'>): string {
    const { columns } = config;
    const svg = slipToSvg(composeSlip(content, { ...options, columns }), columns);
    return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  }

  function refresh(): Promise<void> {
    if (asking) {
      next ??= asking.then(() => {
        next = null;
        return refresh();
      });
      return next;
    }
    asking = ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function ask(): Promise<void> {
    if (!printer || !devices().usable('printer')) return;
    const answer = await printer.status();
    if (answer.ok) devices().alive('printer');
    else devices().report('printer', answer.fault);
    status = answer.ok ? answer.value : null;
    changed();
  }

  async function print(document: Buffer): Promise<Notice['code'] | null> {
    await refresh();
    const before = whyNot();
    if (before || !printer) return before ?? 'printer-broken';
    const printed = await printer.print(document);
    if (printed.ok) {
      devices().alive('printer');
      return null;
    }
    const stopped = printed.fault.code === 'printer-stopped';
    // A printer that only wants a hand is alive.
    devices().report(stopped ? null : 'printer', printed.fault);
    await refresh();
    return whyNot() === 'paper-out' ? 'paper-out' : 'not-printed';
  }

  function whyNot(): Notice['code'] | null {
    if (!status) return 'printer-broken';
    if (status.paper === 'out') return 'paper-out';
    const hand = status.cover === 'open' || status.cutter === 'jammed' || status.offline;
    return hand ? 'printer-broken' : null;
  }
}

/** A slip of nobody, for the rehearsal. */
const NOTHING: SlipContent = {
  kind: 'receipt',
  told: { title: '-', advice: '-' },
  payment: {
    ...{ item: '-', amount_fen: 0, outcome: 'paid', balance_fen: 0, serial: '', terminal: '' },
    ...{ termSeq: null, tac: null, at: '-', reference: '-' },
  },
};
const NOBODY = {
  ...{ full: false, locale: 'zh-CN', elder: false, printedAt: '-' },
  site: { name: '-', phone: '-', serviceUrl: null },
};

function describe({ paper, cover, cutter, offline }: PrinterStatus): string {
  return [
    paper === 'ok' ? '' : `paper ${paper}`,
    cover === 'open' ? 'cover open' : '',
    cutter === 'jammed' ? 'cutter jammed' : '',
    offline ? 'offline' : '',
  ]
    .filter((word) => word !== '')
    .join(', ');
}
