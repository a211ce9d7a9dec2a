/** Status words with the meaning that the transit field gives them (docs/protocol.md §8). */

const EXACT: ReadonlyMap<number, string> = new Map([
  [0x9000, 'done'],
  [0x6281, 'data may be corrupt'],
  [0x6283, 'application blocked'],
  [0x6284, 'application blocked (FCI not formatted)'],
  [0x6400, 'no state changed'],
  [0x6581, 'memory failure'],
  [0x6700, 'wrong length'],
  [0x6901, 'command out of sequence'],
  [0x6981, 'command does not fit the file'],
  [0x6982, 'security status not satisfied'],
  [0x6983, 'key or PIN locked'],
  [0x6984, 'challenge invalid'],
  [0x6985, 'conditions of use not satisfied'],
  [0x6986, 'no current file'],
  [0x6987, 'MAC missing'],
  [0x6988, 'MAC wrong'],
  [0x6a80, 'data field wrong'],
  [0x6a81, 'function not supported, or application locked'],
  [0x6a82, 'file or application not found'],
  [0x6a83, 'record not found'],
  [0x6a84, 'no room in the file'],
  [0x6a86, 'P1 P2 wrong'],
  [0x6a88, 'key not found'],
  [0x6b00, 'offset outside the file'],
  [0x6d00, 'instruction not supported'],
  [0x6e00, 'class not supported'],
  [0x6f00, 'no precise diagnosis'],
  [0x9301, 'insufficient funds (old code)'],
  [0x9302, 'MAC wrong'],
  [0x9303, 'application permanently locked'],
  [0x9401, 'insufficient funds'],
  [0x9402, 'transaction counter exhausted'],
  [0x9403, 'key index not supported'],
  [0x9406, 'no MAC or TAC: the transaction did not happen, or a later one did'],
]);

export function describeStatus(sw: number): string {
  const meaning = EXACT.get(sw) ?? describeRange(sw);
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
  const early = [0x6283, 0x6700, 0x9301, 0x9302, 0x9303, 0x9401, 0x9402, 0x9403];
  const earlyClasses = [0x69, 0x6a, 0x6b, 0x6d, 0x6e];
  return early.includes(sw) || earlyClasses.includes(sw >> 8);
}
