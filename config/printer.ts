/** The `printer` section: which slip printer a kiosk has, and how it wants to be spoken to. */

import { z } from 'zod';

const block = z.strictObject({
  kind: z
    .enum(['none', 'simulated', 'serial', 'usb'])
    .default('none')
    .describe('none: everything stays on the screen; usb: the class driver usblp'),
  path: z
    .string()
    .min(1)
    .optional()
    .describe('device path, such as /dev/tapway-printer, /dev/usb/lp0 or /dev/ttyUSB2'),
  baud: z
    .literal([9_600, 19_200, 38_400, 57_600, 115_200])
    .default(115_200)
    .describe('serial: as set at the printer'),
  flow: z
    .enum(['none', 'rtscts', 'xonxoff'])
    .default('rtscts')
    .describe('serial: how the printer says that its memory is full, as set at the printer'),
  columns: z
    .literal([48, 42, 32])
    .default(48)
    .describe('half-width characters in a line: 48 or 42 on paper of 80 mm, 32 on 58 mm'),
  cut: z
    .enum(['partial', 'full', 'none'])
    .default('partial')
    .describe('none: the printer has no cutter'),
  qr: z
    .enum(['image', 'native'])
    .default('image')
    .describe('image: as dots, any printer can; native: drawn by the printer (GS ( k)'),
  done: z
    .enum(['paper-status', 'process-id'])
    .default('paper-status')
    .describe('how it tells that it is done: GS r, any printer; GS ( H, newer Epson'),
  timeout_ms: z.int().min(5_000).max(60_000).default(20_000).describe('a slip is out within this'),
});

export const printerSchema = block.superRefine(({ kind, path }, context) => {
  if ((kind !== 'serial' && kind !== 'usb') || path !== undefined) return;
  const message = 'name the device, such as /dev/usb/lp0 (kind usb) or /dev/ttyUSB2 (kind serial)';
  context.addIssue({ code: 'custom', path: ['path'], message });
});
