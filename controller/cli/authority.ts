/** The certificate of the authority that signed that of the HSM, as it lies on the disk. */

import { X509Certificate } from 'node:crypto';
import type { SscConfig } from '../../config/ssc.ts';
import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { readWhole } from '../blacklist/files.ts';

/**
 * PEM of `ssc.hsm.ca_file`; undefined where no such file is wanted. Fault `hsm-lost`, which names
 * the key and says how to mend it.
 */
export async function readAuthority(
  { keys, hsm }: Pick<SscConfig, 'keys' | 'hsm'>,
  disk: Disk,
): Promise<Reply<string | undefined>> {
  const file = hsm.ca_file;
  if (file === undefined || !hsm.tls || !keys.endsWith('hsm')) return ok(undefined);
  try {
    const pem = (await readWhole(disk, file)).toString();
    // A text without a certificate would be taken in silence, and then no HSM is trusted.
    new X509Certificate(pem);
    return ok(pem);
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    const why = syscall === undefined ? `${file} holds no certificate in PEM` : message;
    return failed('hsm-lost', 'none', `ssc.hsm.ca_file: ${why}; ${CURE}`);
  }
}

const CURE = 'put the certificate of the authority there, or leave the key out for public ones';
