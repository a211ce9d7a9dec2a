/**
 * What a clearing centre would do with an export: recompute every TAC from the key set's JSON and
 * the row alone, by the rules that this JSON states, with the OpenSSL program. No code of ours.
 */

import { execFileSync } from 'node:child_process';

export type Row = Readonly<Record<string, string | number | boolean | null>>;

interface Field {
  readonly field: string;
  readonly bytes: number;
}

interface PublishedKeys {
  readonly keys: readonly Readonly<Record<string, string>>[];
  readonly derivation: {
    readonly levels: readonly { readonly factor: string; readonly ledger: string }[];
    readonly inputs: { readonly TAC: { readonly data: readonly Field[] } };
  };
}

/** @param json what `tapway-sim keys` printed */
export function outsideTac(json: string): (row: Row) => string {
  const { keys, derivation } = JSON.parse(json) as PublishedKeys;
  const cardKeys = new Map<string, string>();
  return (row) => {
    const master = keys.find(
      ({ usage, algorithm_id, version }) =>
        usage === 'tac' && algorithm_id === row.algorithm && version === row.key_version,
    );
    if (!master?.key) throw new Error(`no TAC key for algorithm ${row.algorithm}`);
    const sm4 = master.algorithm === 'sm4';
    const name = `${row.card} ${row.algorithm}`;
    const key = cardKeys.get(name) ?? diversified(master.key, factorsOf(row), sm4);
    cardKeys.set(name, key);
    const data = derivation.inputs.TAC.data.map(({ field, bytes }) => hexOf(row[field], bytes));
    return sm4 ? mac(data.join(''), ['-sm4-cbc', key], 16) : desMac(data.join(''), key);
  };

  function factorsOf(row: Row): string[] {
    return derivation.levels.map(({ factor, ledger }) => {
      const [first = 0, last = 0] = (ledger.match(/\d+/g) ?? []).map(Number);
      return String(row[factor]).slice(first * 2, (last + 1) * 2);
    });
  }
}

function hexOf(value: Row[string] | undefined, bytes: number): string {
  const digits = typeof value === 'number' ? value.toString(16) : String(value);
  return digits.toUpperCase().padStart(bytes * 2, '0');
}

function diversified(master: string, factors: readonly string[], sm4: boolean): string {
  return factors.reduce((key, factor) => {
    const both = factor + inverted(factor);
    return sm4 ? openssl(both, ['-sm4-ecb', key]) : openssl(both, ['-des-ede', key]);
  }, master);
}

/** Three times the same key makes triple DES single DES, which newer OpenSSL hides. */
function desMac(data: string, cardKey: string): string {
  const halves = [cardKey.slice(0, 16), cardKey.slice(16)].map((half) => BigInt(`0x${half}`));
  const key = ((halves[0] ?? 0n) ^ (halves[1] ?? 0n)).toString(16).padStart(16, '0');
  return mac(data, ['-des-ede3-cbc', key.repeat(3)], 8);
}

function mac(data: string, cipher: readonly [string, string], block: number): string {
  const unpadded = `${data}80`;
  const length = Math.ceil(unpadded.length / (block * 2)) * block * 2;
  const whole = openssl(unpadded.padEnd(length, '0'), cipher, block);
  return whole.slice(-block * 2).slice(0, 8);
}

function openssl(hex: string, [cipher, key]: readonly [string, string], ivBytes = 0): string {
  const iv = ivBytes > 0 ? ['-iv', '00'.repeat(ivBytes)] : [];
  const args = ['enc', cipher, '-K', key, ...iv, '-nopad'];
  const input = Buffer.from(hex, 'hex');
  return execFileSync('openssl', args, { input, stdio: 'pipe' }).toString('hex').toUpperCase();
}

function inverted(hex: string): string {
  return Buffer.from(Buffer.from(hex, 'hex').map((byte) => 255 - byte))
    .toString('hex')
    .toUpperCase();
}
