/** Historical bytes T1 to TD out of an answer to reset or an answer to select. */

/** What a Social Security Card gives: T6 to TD diversify its keys. */
const HISTORICAL_LENGTH = 13;

/**
 * From an ATR (contact, or as a PC/SC reader makes one for a contactless card) or an ATS. Null when
 * the bytes make no sense or hold another number of historical bytes.
 */
export function historicalBytes(answer: Buffer): Buffer | null {
  const isReset = answer[0] === 0x3b || answer[0] === 0x3f;
  const found = isReset ? ofReset(answer) : ofSelect(answer);
  return found?.length === HISTORICAL_LENGTH ? found : null;
}

/**
 * Do they have the form that issuers of Social Security Cards use: a chip maker (00xx), and a card
 * maker (86xx)? No proof: only for a card that will not say by itself what it is.
 */
export function looksLikeSsc(historical: Buffer | null): boolean {
  return historical?.[0] === 0x00 && historical[5] === 0x86;
}

/** ISO/IEC 7816-3, 8.2: TS, T0, then as many interface bytes as each TD announces. */
function ofReset(atr: Buffer): Buffer | null {
  let announces = atr[1];
  if (announces === undefined) return null;
  const count = announces & 0x0f;
  let at = 2;
  for (;;) {
    const follow = [0x10, 0x20, 0x40, 0x80].filter((bit) => ((announces ?? 0) & bit) !== 0);
    at += follow.length;
    if (!follow.includes(0x80)) break;
    announces = atr[at - 1];
    if (announces === undefined) return null;
  }
  return at + count <= atr.length ? atr.subarray(at, at + count) : null;
}

/** ISO/IEC 14443-4, 5.2: TL counts itself, T0 announces TA, TB and TC. */
function ofSelect(ats: Buffer): Buffer | null {
  const [length, format] = ats;
  if (length === undefined || format === undefined || length !== ats.length) return null;
  const at = 2 + [0x10, 0x20, 0x40].filter((bit) => (format & bit) !== 0).length;
  return at <= ats.length ? ats.subarray(at) : null;
}
