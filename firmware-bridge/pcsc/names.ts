/** Which of the daemon's slots is meant: patterns with `*` (any text) and `?` (one character). */

/** Compares whole names; case counts, because it is all that tells some slots apart. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const wild = source.replaceAll(/\*+/g, '[^]*').replaceAll('?', '[^]');
  return new RegExp(`^${wild}$`, 'u').test(name);
}

/** Why a pattern does not name exactly one of these slots, in one line. */
export function whyNotOne(pattern: string, names: readonly string[]): string {
  const found = names.filter((name) => matches(pattern, name));
  if (found.length > 1) return `'${pattern}' matches ${listed(found)}; make it match one`;
  if (names.length === 0) return `'${pattern}' matches nothing: pcscd sees no reader at all`;
  return `'${pattern}' matches none of ${listed(names)}`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
