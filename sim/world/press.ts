/**
 * The office that issues blacklists. It writes the files by itself, as
 * `controller/blacklist/list-file/README.md` describes them, and signs them; some it spoils.
 */

import { createHash } from 'node:crypto';
import { type PrivateKey, type PublicKey, privateKeyFrom } from '../../controller/crypto/sm2.ts';
import { simListKeyPem } from '../keys.ts';
import type { ListFileKind } from './faults.ts';

export interface Issued {
  readonly kind: ListFileKind;
  readonly version: number;
  /** The version that a delta continues; 0: a full list. */
  readonly base: number;
  readonly sound: boolean;
  readonly bytes: Buffer;
}

export interface Press {
  readonly trust: readonly PublicKey[];
  /** Upper-case hex, of a version that was issued. */
  listedIn(version: number): ReadonlySet<string>;
  issue(kind: ListFileKind): Issued;
}

type Serials = ReadonlySet<string>;

/** A card that no world has: no list is empty. */
const NOBODY = '03104399999999999999';
const LISTED = 1;
const REMOVED = 0;
const SIGNATURE_BYTES = 64;
/** Some hours before the worlds begin; later for each version. */
const ISSUED_MS = Date.UTC(2026, 1, 28, 20);
const MINUTE_MS = 60_000;

/** @param odd who is on the lists with odd numbers; `even`: on the others */
export function createPress(odd: readonly string[], even: readonly string[]): Press {
  const contents = [new Set([...even, NOBODY]), new Set([...odd, NOBODY])] as const;
  const key = officeKey();
  const first = signed(fullList(1, contents[1]), key);
  let latest = 0;

  const listedIn = (version: number): Serials => contents[version % 2 === 0 ? 0 : 1];
  return { trust: [key.publicKey], listedIn, issue };

  function issue(kind: ListFileKind): Issued {
    if (kind === 'older') return { kind, version: 1, base: 0, sound: true, bytes: first };
    latest += 1;
    const version = latest;
    const list = listedIn(version);
    const made = (bytes: Buffer, { sound = true, base = 0 } = {}): Issued => {
      return { kind, version, base, sound, bytes };
    };
    switch (kind) {
      case 'full':
        return made(version === 1 ? first : signed(fullList(version, list), key));
      case 'delta': {
        const base = version - 1;
        return made(signed(deltaList(version, listedIn(base), list), key), { base });
      }
      case 'forged': {
        // Nobody is listed any more, says a file with the signature of another one.
        const unsigned = fullList(version, new Set([NOBODY]));
        const signature = first.subarray(-SIGNATURE_BYTES);
        return made(Buffer.concat([unsigned, key.publicKey.id, signature]), { sound: false });
      }
      case 'cut':
        return made(first.subarray(0, first.length - 1 - (version % 100)), { sound: false });
      case 'changed': {
        const bytes = signed(fullList(version, list), key);
        const at = bytes.length - SIGNATURE_BYTES - 50;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return made(bytes, { sound: false });
      }
    }
  }
}

let office: PrivateKey | undefined;

function officeKey(): PrivateKey {
  const key = privateKeyFrom(simListKeyPem());
  if (!key.ok) throw new Error(key.fault.detail);
  office ??= key.value;
  return office;
}

interface Header {
  readonly kind: 'full' | 'delta';
  readonly version: number;
  readonly base: number;
  readonly total: number;
}

function fullList(version: number, list: Serials): Buffer {
  const entries = [...list].map((serial) => entry(serial, LISTED));
  return unsigned({ kind: 'full', version, base: 0, total: list.size }, entries);
}

function deltaList(version: number, before: Serials, list: Serials): Buffer {
  const added = [...list].filter((serial) => !before.has(serial));
  const gone = [...before].filter((serial) => !list.has(serial));
  const entries = [
    ...added.map((serial) => entry(serial, LISTED)),
    ...gone.map((serial) => entry(serial, REMOVED)),
  ];
  return unsigned({ kind: 'delta', version, base: version - 1, total: list.size }, entries);
}

function entry(serial: string, value: number): Buffer {
  return Buffer.concat([Buffer.from(serial, 'hex'), Buffer.from([value])]);
}

/** Up to and with the SM3 value. */
function unsigned({ kind, version, base, total }: Header, entries: readonly Buffer[]): Buffer {
  const issued = `${new Date(ISSUED_MS + version * MINUTE_MS).toISOString().slice(0, 19)}Z`;
  const header = JSON.stringify({
    ...{ list: 'blacklist', kind, version, base, issued },
    ...{ count: entries.length, total, filter_bytes: 0 },
  });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(header));
  const sorted = [...entries].sort((a, b) => a.compare(b));
  const head = [Buffer.from('TAPLIST1'), length, Buffer.from(header)];
  return Buffer.concat([...head, ...sorted, sm3([...head, ...sorted])]);
}

function signed(list: Buffer, key: PrivateKey): Buffer {
  return Buffer.concat([list, key.publicKey.id, key.sign(list.subarray(-32))]);
}

function sm3(parts: readonly Buffer[]): Buffer {
  return createHash('sm3').update(Buffer.concat(parts)).digest();
}
