/** What a kiosk shows before it prints: the real slip of a synthetic person as its picture. */

import { slipToSvg } from '../../controller/kiosk/slip/paper.ts';
import { composeSlip } from '../../controller/kiosk/slip/slip.ts';
import type { Preview } from '../../controller/kiosk/view.ts';
import { report, slipOptions } from '../controller/kiosk/slip/samples.ts';

export interface PreviewStyle {
  readonly locale: string;
  readonly full: boolean;
  readonly elder?: boolean;
}

export function previewOf({ locale, full, elder = false }: PreviewStyle): Preview {
  const document = composeSlip(
    { kind: 'information', report },
    slipOptions({ locale, full, elder }),
  );
  const svg = Buffer.from(slipToSvg(document, 48)).toString('base64');
  const picture = `data:image/svg+xml;base64,${svg}`;
  return { what: 'information', full, canFull: true, picture };
}
