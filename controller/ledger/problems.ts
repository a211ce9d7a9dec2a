/** What the walk over the files found, in words for an operator or an auditor. */

import type { Placed } from './reader.ts';
import { faultInRecord } from './shape.ts';

/** Null when all is well. */
export function problemIn(found: Placed): string | null {
  switch (found.kind) {
    case 'record': {
      const fault = faultInRecord(found.fields);
      return fault && `record ${found.seq} is not understood (${fault}); a later version wrote it?`;
    }
    case 'torn':
      return `unfinished write of ${found.length} bytes at the end; it was never confirmed`;
    case 'damage':
      return `${found.length} damaged bytes; the records in them are lost`;
    case 'gap':
      return `records ${found.after + 1} to ${found.seq - 1} are missing`;
    case 'chain':
      return `record ${found.seq} does not continue the record before it: the chain is broken`;
    case 'misplaced':
      return `record ${found.seq} appears again, out of order; the repetition is ignored`;
    case 'unreadable':
      return `the disk cannot read it: ${found.detail}`;
    case 'end':
      return null;
  }
}
