/** Node's collector on demand, so that one measurement does not clean up after another. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

export function collectGarbage(): void {
  gc();
}
