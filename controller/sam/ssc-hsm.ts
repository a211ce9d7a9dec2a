/** The keys of Social Security Cards in an HSM on the network: one line asks, one line answers. */

import type { SscConfig } from '../../config/ssc.ts';
import { failed, type LinePeer, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { hexOf } from '../card/bytes.ts';
import type { AuthRequest, SscCrypto } from './ssc-keys.ts';

/** `authentication data|raw`, with or without a bar at the end. */
const ANSWER = /^([0-9A-F]{16})\|([0-9A-F]{16})\|?$/i;
/** `!code text`: a refusal. The code is told, the text may hold anything. */
const REFUSAL = /^!([0-9A-Za-z]{1,8})\b/;

export function createSscHsm(peer: LinePeer, config: SscConfig['hsm']): SscCrypto {
  return {
    name: peer.name,
    async authenticate(request) {
      const fields = fieldsOf(request, config);
      const answer = await peer.ask(config.request.map((field) => fields[field]).join('|'));
      return answer.ok ? parseAnswer(answer.value, request.raw) : answer;
    },
    probe: () => peer.probe(),
    close: () => peer.close(),
  };
}

type Field = SscConfig['hsm']['request'][number];

function fieldsOf(
  request: AuthRequest,
  { algorithm_names, key_addresses }: SscConfig['hsm'],
): Readonly<Record<Field, string>> {
  const { card, city, province } = request.factors;
  return {
    algorithm: algorithm_names[request.algorithm],
    key_address: key_addresses[request.key],
    factors: hexOf(Buffer.concat([card, city, province])),
    process_factor: hexOf(request.processFactor),
    raw: hexOf(request.raw),
    region: hexOf(request.cardId.subarray(0, 3)),
    card_id: hexOf(request.cardId),
    historical_bytes: hexOf(request.historical),
  };
}

/** The raw data come back: an answer to another question is none. */
function parseAnswer(line: string, raw: Buffer): Reply<Buffer> {
  const [, data, echo] = ANSWER.exec(line.trim()) ?? [];
  const refusal = REFUSAL.exec(line)?.[1];
  if (refusal) return failed('hsm-refused', 'none', `it refuses with code ${refusal}`);
  if (!data || !echo) return failed('hsm-refused', 'none', 'the answer is not "data|raw"');
  if (echo.toUpperCase() !== hexOf(raw)) {
    return failed('hsm-refused', 'none', 'the answer belongs to another question');
  }
  return ok(Buffer.from(data, 'hex'));
}
