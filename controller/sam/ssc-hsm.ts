/** The keys of Social Security Cards in an HSM on the network: one line asks, one line answers. */

import type { SscConfig } from '../../config/ssc.ts';
import { failed, type LinePeer, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { hexOf } from '../card/bytes.ts';
import type { AuthRequest, SscAlgorithm, SscCrypto } from './ssc-keys.ts';

const ALGORITHMS: Readonly<Record<SscAlgorithm, string>> = { des: '01', ssf33: '02', sm4: '03' };

/** `authentication data|raw`; some fronts end the line with a bar, and some say why they refuse. */
const ANSWER = /^([0-9A-F]{16})\|([0-9A-F]{16})\|?$/i;

export function createSscHsm(peer: LinePeer, config: SscConfig['hsm']): SscCrypto {
  return {
    name: peer.name,
    async authenticate(request) {
      const fields = fieldsOf(request, config.key_addresses[request.key]);
      const answer = await peer.ask(config.request.map((field) => fields[field]).join('|'));
      return answer.ok ? parseAnswer(answer.value, request.raw) : answer;
    },
    probe: () => peer.probe(),
    close: () => peer.close(),
  };
}

type Field = SscConfig['hsm']['request'][number];

function fieldsOf(request: AuthRequest, keyAddress: string): Readonly<Record<Field, string>> {
  return {
    algorithm: ALGORITHMS[request.algorithm],
    key_address: keyAddress,
    process_factor: hexOf(request.processFactor),
    raw: hexOf(request.raw),
    card_factor: hexOf(request.factors.card),
    city_factor: hexOf(request.factors.city),
    province_factor: hexOf(request.factors.province),
    region: hexOf(request.cardId.subarray(0, 3)),
    card_id: hexOf(request.cardId),
    historical_bytes: hexOf(request.historical),
  };
}

/** The raw data come back: an answer to another question is none. */
function parseAnswer(line: string, raw: Buffer): Reply<Buffer> {
  const [, data, echo] = ANSWER.exec(line.trim()) ?? [];
  if (!data || !echo) return failed('hsm-refused', 'none', 'the answer is not "data|raw"');
  if (echo.toUpperCase() !== hexOf(raw)) {
    return failed('hsm-refused', 'none', 'the answer belongs to another question');
  }
  return ok(Buffer.from(data, 'hex'));
}
