/**
 * The `ssc` section: how a Social Security Card is read. What no public text settles is a value
 * here; docs/protocol.md §10 says which and how sure each default is.
 */

import { z } from 'zod';

const hexBytes = (bytes: number, what: string) => {
  const rule = `${what}: ${bytes * 2} hex digits in quotes`;
  return z
    .string()
    .regex(new RegExp(`^[0-9A-Fa-f]{${bytes * 2}}$`), rule)
    .describe(rule)
    .transform((text) => text.toUpperCase());
};
const name = z
  .string()
  .regex(/^([0-9A-Fa-f]{2}){2,16}$/, 'file id or application name: 2 to 16 bytes as hex digits')
  .transform((text) => text.toUpperCase());
const word = z.string().regex(/^[A-Za-z0-9]{1,16}$/, 'letters and digits, at most 16');
const millis = z.int().min(1).max(60_000);

const psam = z.strictObject({
  slot: z.string().min(1).max(120).default('*').describe('PC/SC name of the slot, with * and ?'),
  timeout_ms: millis.default(1_000),
  application: name.default('D15600000590').describe('name or file id of the PSAM application'),
  deliver_ins: z
    .enum(['BFDE', '80DE', '801A'])
    .default('BFDE')
    .describe('class and instruction that deliver a session key; PSAMs differ'),
  process_factor_len: z
    .literal([16, 8])
    .default(16)
    .describe('bytes of the process factor; after 6700 the other length is tried once'),
  levels: z
    .literal([3, 2, 1])
    .default(3)
    .describe('diversification levels sent: 3 ministry, 2 provincial, 1 city PSAM'),
  init_environment: z
    .boolean()
    .default(false)
    .describe('BFEC with the first byte of the card id before a key is delivered'),
  key_ids: z
    .strictObject({
      irk: hexBytes(1, 'key id of IRK in the PSAM'),
      rk_ssse: hexBytes(1, 'key id of RKSSSE in the PSAM'),
    })
    .default({ irk: '08', rk_ssse: '0A' }),
});

const hsm = z.strictObject({
  address: z.string().min(1).max(253).default('127.0.0.1').describe('host name or IP address'),
  port: z.int().min(1).max(65_535).default(8_765),
  tls: z.boolean().default(true).describe('false only on a network that nobody else can reach'),
  ca_file: z
    .string()
    .min(1)
    .optional()
    .describe('PEM of the authority that signed the certificate of the HSM; absent: public ones'),
  server_name: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('name in the certificate of the HSM; absent: its address'),
  timeout_ms: millis.default(2_000).describe('deadline of one request, connecting included'),
  key_addresses: z
    .strictObject({
      irk: hexBytes(2, 'address of IRK in the HSM'),
      rk_ssse: hexBytes(2, 'address of RKSSSE in the HSM'),
    })
    .default({ irk: '0170', rk_ssse: '004C' }),
  algorithm_names: z
    .strictObject({ des: word, ssf33: word, sm4: word })
    .default({ des: 'DES', ssf33: 'SSF33', sm4: 'SM4' })
    .describe('how the HSM calls the algorithms; some want 01, 02, 03'),
  request: z
    .array(
      z.enum([
        ...(['algorithm', 'key_address', 'factors', 'process_factor', 'raw'] as const),
        ...(['region', 'card_id', 'historical_bytes'] as const),
      ]),
    )
    .min(4)
    .max(8)
    .default(['algorithm', 'key_address', 'factors', 'process_factor', 'raw'])
    .describe('fields of a request in their order, with | between; factors: card, city, province'),
});

const poolingCard = z.strictObject({
  select: z
    .array(name)
    .max(8)
    .default(['D15600000503'])
    .describe('names that such a card answers although it has no SSC environment; empty: none'),
  faces: z.array(z.enum(['contact', 'contactless'])).default(['contact']),
});

const bank = z.strictObject({
  name: z.record(z.string(), z.string().min(1)).describe('by locale'),
  bins: z
    .array(z.string().regex(/^[0-9]{4,9}$/, 'first digits of the account: 4 to 9, in quotes'))
    .min(1),
});

const named = (zh: string, en: string, bins: string) => ({
  name: { 'zh-CN': zh, en },
  bins: bins.split(' '),
});

/** The banks that issue the card in Ningbo; public BIN tables name these, and more exist. */
const ISSUING_BANKS = [
  named(
    '中国工商银行',
    'Industrial and Commercial Bank of China',
    '620058 620086 621225 621226 621227 621281 621288 621558 621559 621618 621670 621721 ' +
      '621722 621723 622171 622200 622202 622203 622208 9558',
  ),
  named(
    '中国建设银行',
    'China Construction Bank',
    '436742 620060 621080 621081 621284 621466 621467 621488 621499 621598 621621 621700 ' +
      '622280 622700 622966 622988',
  ),
  named(
    '中国银行',
    'Bank of China',
    '456351 601382 620061 620513 621212 621256 621283 621330 621331 621332 621333 621568 ' +
      '621569 621620 621660 621661 621662 621663 621665 621666 621667 621668 621669 621672 ' +
      '621725 621756 621757 621758 621759 621785 621786 621787 621788 621789 621790 623208',
  ),
  named(
    '中国农业银行',
    'Agricultural Bank of China',
    '620059 620501 621282 621336 621619 621671 622821 622822 622823 622824 622825 622826 ' +
      '622827 622828 622840 622841 622843 622844 622845 622846 622847 622848 622849 623018 ' +
      '623206 95595 95596 95597 95598 95599',
  ),
  named('浙江农村商业联合银行', 'Zhejiang Rural Credit Union', '620500 621024 621058 622339'),
  named(
    '中国邮政储蓄银行',
    'Postal Savings Bank of China',
    '620062 621095 621096 621098 621285 621599 621622 621674 621797 621798 621799 622150 ' +
      '622151 622181 622188 622199 622810 622811 622812 623218 623219 955100',
  ),
  named('宁波银行', 'Bank of Ningbo', '621279 621418 622281 622282 622316 622318 622778 940022'),
];

export const sscSchema = z.strictObject({
  keys: z
    .enum(['none', 'psam', 'hsm', 'psam-then-hsm'])
    .default('none')
    .describe('who answers for the keys of the card; none: only what a card tells everybody'),
  ef06_auth: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe('authenticate to the card before name and number: when it asks, always, never'),
  check_genuine: z
    .boolean()
    .default(true)
    .describe('internal authentication with every card, where keys exist'),
  photo: z.boolean().default(true).describe('read the photo where the card permits it (EF08)'),
  auth_key_version: hexBytes(1, 'key version behind the authentication data')
    .optional()
    .describe('0088 and 0082 with this byte at their end; absent: without, as 3.0 cards want it'),
  short_city_provinces: z
    .array(z.string().regex(/^[0-9]{2}$/, 'first two digits of a region, in quotes'))
    .default(['33'])
    .describe('provinces whose city factor is made of four digits and 00sx (Zhejiang)'),
  timeout_ms: millis.default(1_500).describe('deadline of one exchange with the card'),
  psam: psam.prefault({}),
  hsm: hsm.prefault({}),
  pooling_card: poolingCard
    .prefault({})
    .describe('how a general-purpose medical card shows itself; no public text says so for sure'),
  bank_account: z
    .enum(['gpo', 'records', 'never'])
    .default('gpo')
    .describe('records: only records that are free to read; gpo: also GET PROCESSING OPTIONS'),
  banks: z.array(bank).default(ISSUING_BANKS),
});

export type SscConfig = z.output<typeof sscSchema>;
