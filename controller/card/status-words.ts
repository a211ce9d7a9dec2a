/** Status words with the meaning that the transit field gives them (docs/protocol.md §8). */

const EXACT: Readonly<Record<number, string>> = {
  36864: 'done',
  25217: 'data may be corrupt',
  25219: 'application blocked',
  25220: 'application blocked (FCI not formatted)',
  25600: 'no state changed',
  25985: 'memory failure',
  26368: 'wrong length',
  26881: 'command out of sequence',
  27009: 'command does not fit the file',
  27010: 'security status not satisfied',
  27011: 'key or PIN locked',
  27012: 'challenge invalid',
  27013: 'conditions of use not satisfied',
  27014: 'no current file',
  27015: 'MAC missing',
  27016: 'MAC wrong',
  27264: 'data field wrong',
  27265: 'function not supported, or application locked',
  27266: 'file or application not found',
  27267: 'record not found',
  27268: 'no room in the file',
  27270: 'P1 P2 wrong',
  27272: 'key not found',
  27392: 'offset outside the file',
  27904: 'instruction not supported',
  28160: 'class not supported',
  28416: 'no precise diagnosis',
  37633: 'insufficient funds (old code)',
  37634: 'MAC wrong',
  37635: 'application permanently locked',
  37889: 'insufficient funds',
  37890: 'transaction counter exhausted',
  37891: 'key index not supported',
  37894: 'no MAC or TAC: the transaction did not happen, or a later one did',
};

export function describeStatus(sw: number): string {
  const meaning = EXACT[sw] ?? describeRange(sw);
  return `${hex4(sw)} ${meaning}`;
}

export function hex4(sw: number): string {
  return sw.toString(16).toUpperCase().padStart(4, '0');
}

function describeRange(sw: number): string {
  const low = sw & 0xff;
  if (sw >> 8 === 0x61) return `${low || 256} bytes more to fetch`;
  if (sw >> 8 === 0x6c) return `wrong Le, ${low || 256} is right`;
  if (sw >> 4 === 0x63c) return `wrong, ${sw & 0xf} tries left`;
  return 'unknown status';
}

/** SELECT answers that mean a blocked application, as the field reads them. */
export function isBlocked(sw: number): boolean {
  return sw === 0x6283 || sw === 0x6284 || sw === 0x9303 || sw === 0x6a81;
}

/**
 * May we be certain that this answer to `8054` left the balance alone? Only for refusals that a
 * card gives before it writes; a memory failure or an unknown word leaves the debit unknown.
 */
export function refusesDebit(sw: number): boolean {
  const early = [0x6283, 0x6700, 0x9302, 0x9303, 0x9401, 0x9402, 0x9403];
  const earlyClasses = [0x69, 0x6a, 0x6b, 0x6d, 0x6e];
  return early.includes(sw) || earlyClasses.includes(sw >> 8);
}
