/** Makes and signs lists of any size, as `tapway blacklist build` and `sign` do. */

import { generateKeyPairSync } from 'node:crypto';
import { buildList, signList } from '../../../controller/blacklist/list-file/write.ts';
import { privateKeyFrom } from '../../../controller/crypto/sm2.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { expectOk } from './lane.ts';
import { scratch } from './scratch.ts';
import { listLines } from './serials.ts';

export interface Office {
  /** For `lists.trusted_keys`. */
  readonly key: string;
  /** Returns the path of a signed full list of `count` cards. */
  issue(count: number, version: number): Promise<string>;
}

export function openOffice(): Office {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = expectOk(privateKeyFrom(pem));
  const root = scratch();
  return {
    key: key.publicKey.point.toString('hex'),
    async issue(count, version) {
      const draft = `${root}/${count}-${version}`;
      const issued = `${new Date(systemClock.wall_ms()).toISOString().slice(0, 19)}Z`;
      const lines = listLines(count);
      const list = 'blacklist';
      expectOk(await buildList(systemDisk, { list, version, issued, lines, out: draft }));
      const out = `${draft}.list`;
      expectOk(await signList(systemDisk, { file: draft, key, out }));
      await systemDisk.remove(draft);
      return out;
    },
  };
}
