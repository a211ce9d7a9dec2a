/** SYNTHETIC card serials for lists of any size: the even ones are listed, the odd ones are not. */

const HEAD = '0310';

/** 10 bytes, BCD. */
export function serial(number: number): Buffer {
  return Buffer.from(digits(number), 'hex');
}

export function* listLines(count: number): Generator<string> {
  for (let number = 0; number < count; number += 1) yield `${digits(2 * number)} stolen`;
}

/** Cards of a list of `count`, drawn from all over it; reproducible. */
export function draw(count: number, calls: number, kind: 'miss' | 'hit'): Buffer[] {
  let state = 0x2545f491;
  return Array.from({ length: calls }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const number = 2 * Math.floor((state / 2 ** 32) * count);
    return serial(kind === 'hit' ? number : number + 1);
  });
}

function digits(number: number): string {
  return `${HEAD}${String(number).padStart(16, '0')}`;
}
