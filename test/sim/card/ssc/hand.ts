/** Cards by hand, strict transcripts, and the `openssl` program as the second opinion. */

import * as assert from 'uvu/assert';
import { type IssuedCard, type IssueProfile, issueCard } from '../../../../sim/card/ssc/issue.ts';
import { sscKeysAsJson } from '../../../../sim/card/ssc/keys-json.ts';
import type { SscProfile } from '../../../../sim/card/ssc/personalise.ts';
import { gb18030 } from '../../../../sim/card/ssc/text.ts';
import type { Target } from '../../../../sim/card/target.ts';
import { bytes, openssl, upper } from '../hand.ts';

export type Face = Pick<Target, 'exchange' | 'powerDown'>;

export const SELECT_SSSE = '00A404000F 7378312E73682EC9E7BBE1B1A3D5CF';
export const SELECT_EF05 = '00A4020002EF05';
export const SELECT_EF06 = '00A4020002EF06';
export const SELECT_EF08 = '00A4020002EF08';
const REGION = '330200';
export const SERIAL = '99000042';
/** Synthetic: region 000000 is no place. */
export const CITIZEN = '000000198506150119';

function profileOf(differs: Partial<SscProfile> = {}): SscProfile {
  return {
    name: 'test',
    generation: 3,
    region: REGION,
    serial: SERIAL,
    cardNumber: 'ZNB000017',
    cardClass: '3',
    issued: '20230601',
    validUntil: '20330601',
    holder: { citizenNumber: CITIZEN, name: gb18030('测试甲'), sex: '1' },
    photo: 'jpeg',
    ...differs,
  };
}

export function cardOf(
  differs: Partial<SscProfile> = {},
  others: Partial<IssueProfile> = {},
): IssuedCard {
  const faces = ['contact', 'contactless'] as const;
  return issueCard({ name: 'test', faces, uid: '08530042', ssc: profileOf(differs), ...others });
}

/** The face that gives its answers whole. */
export function faceOf(card: IssuedCard): Target {
  if (!card.contactless) throw new Error('a card without contactless face');
  return card.contactless;
}

/** One command in hex, blanks free; the answer with its status word. */
export function ask(face: Face, command: string): string {
  return upper(face.exchange(bytes(command)).answer);
}

/** `command < answer` lines in turn, blanks free, `*` for any further bytes before the status. */
export function transcript(face: Face, lines: readonly string[]): void {
  for (const line of lines) {
    const [command = '', expected = ''] = line.split('<').map((part) => part.replaceAll(' ', ''));
    const answer = ask(face, command);
    const [head = '', tail] = expected.split('*');
    if (tail === undefined) assert.is(answer, head, line);
    else assert.ok(answer.startsWith(head) && answer.endsWith(tail), `${line}: got ${answer}`);
  }
}

type Algorithm = 'sm4' | '3des';

/** Authentication data by the exported rules, computed by OpenSSL alone; all hex. */
export function opinion(algorithm: Algorithm, keyName: string, factors: readonly string[]) {
  const exported = sscKeysAsJson().keys.find(({ name }) => name === keyName);
  if (!exported) throw new Error(`no key ${keyName} among the exported ones`);
  const ecb = algorithm === 'sm4' ? 'sm4-ecb' : 'des-ede-ecb';
  const diversified = (key: string, factor: string) => openssl(ecb, key, factor + not(factor));
  const cardKey = factors.reduce(diversified, exported[algorithm]);
  return {
    cardKey,
    data(processFactor: string, raw: string): string {
      if (algorithm === '3des') {
        const session = openssl(ecb, cardKey, processFactor.slice(0, 16));
        return openssl('des-ede3-ecb', session.repeat(3), raw);
      }
      const session = openssl(ecb, cardKey, processFactor.padEnd(32, '0'));
      const block = openssl(ecb, session, raw + '0'.repeat(16));
      return xor(block.slice(0, 16), block.slice(16));
    },
  };
}

/** Province, city and card, as written down by hand for region 330200 and the serial above. */
export const FACTORS = ['3333303030307368', '3333303230307378', `86603302${SERIAL}`];

/** EXTERNAL AUTHENTICATE with a proof that OpenSSL made. */
export function grant(
  face: Face,
  options: { algorithm?: Algorithm; key?: string; kid?: string } = {},
) {
  const { algorithm = 'sm4', key = 'RKSSSE', kid = '0A' } = options;
  const raw = '1122334455667788';
  const random = ask(face, '0084000008').slice(0, 16);
  const data = opinion(algorithm, key, FACTORS).data(random, raw);
  return ask(face, `008200${kid}10${data}${raw}`);
}

function not(text: string): string {
  return upper(Buffer.from(bytes(text).map((byte) => ~byte)));
}

function xor(left: string, right: string): string {
  const folded = BigInt(`0x${left}`) ^ BigInt(`0x${right}`);
  return folded.toString(16).toUpperCase().padStart(left.length, '0');
}
