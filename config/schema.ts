/**
 * The shape of a lane's configuration: strict zod schemas, from which the types, the JSON Schemas
 * for editors and the error messages come. Unknown keys are refused. Every default that rests on an
 * uncertain reading of the card standards says so; see docs/protocol.md.
 */

import { z } from 'zod';
import { barrierSchema } from './barrier.ts';
import { superviseSchema } from './supervise.ts';

const hex = (bytes: number, what: string) => {
  const rule = `${what}: ${bytes * 2} hex digits in quotes`;
  return z
    .string()
    .regex(new RegExp(`^[0-9A-Fa-f]{${bytes * 2}}$`), rule)
    .describe(rule)
    .transform((text) => text.toUpperCase());
};
export const fen = z.int().min(0).max(100_000);
const millis = z.int().min(1).max(600_000);
export const word = (longest: number) => {
  const rule = `lower-case letters, digits and hyphens, at most ${longest}`;
  return z
    .string()
    .regex(new RegExp(`^[a-z0-9-]{1,${longest}}$`), rule)
    .describe(rule);
};

/** A station of our network, as written into trip records (4 bytes BCD: line and station). */
export const place = z
  .string()
  .regex(/^[0-9]{8}$/, 'line and station: 8 digits in quotes')
  .describe('line and station: 8 digits in quotes');

export const site = z.strictObject({
  name: z.string().min(1).describe('what people call this network'),
  city_code: hex(2, "acquirer's city code as in the trip record"),
  acquirer: hex(8, 'acquirer institution id'),
  industry: z.enum(['metro', 'bus', 'ferry', 'taxi', 'parking', 'coach', 'suburban-rail']),
  industry_codes: z
    .record(z.string(), z.int().min(0).max(255))
    .default({
      metro: 1,
      bus: 2,
      ferry: 3,
      taxi: 4,
      parking: 7,
      coach: 8,
      'suburban-rail': 14,
    })
    .describe('which code in the trip record stands for which industry; differs by deployment'),
  utc_offset_minutes: z.int().min(-720).max(840).default(480),
  issuers: z
    .array(hex(4, 'first 4 bytes of the issuer id'))
    .default([])
    .describe('issuers that are accepted; an empty list accepts every issuer'),
  local_cities: z
    .array(hex(2, 'city code (EF17)'))
    .default([])
    .describe('cities that count as local: their cards need no interoperability flag'),
  locales: z
    .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a BCP 47 name such as en'))
    .min(1)
    .default(['zh-CN', 'en'])
    .describe('BCP 47 names of the texts that the sign shows, in this order'),
  service_phone: z.string().default('12333').describe('shown where a text says {phone}'),
  loss_phone: z
    .string()
    .default('12333')
    .describe('who takes the report of a lost card; shown where a text says {loss_phone}'),
});

/** A lane or a kiosk, as staff call it. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,16}$/, 'letters, digits and hyphens, at most 16')
  .describe('letters, digits and hyphens, at most 16');

const lane = z.strictObject({
  id: name,
  kind: z
    .enum(['flat', 'entry', 'exit'])
    .describe('flat: one fare at once; entry and exit: a distance fare taken at the exit'),
  place,
  direction: z.enum(['in', 'out']).default('in'),
  passback_minutes: z
    .number()
    .min(0)
    .max(120)
    .default(5)
    .describe('a card that paid here is refused for this long, unless its passage is unused'),
  recovery_window_s: z
    .int()
    .min(30)
    .max(120)
    .default(120)
    .describe('how long a torn tap may be proved and opened by the same card'),
  reentry_window_s: z
    .int()
    .min(0)
    .max(600)
    .default(120)
    .describe('how long a paid tap whose passenger did not pass may open again; 0: never'),
  missing_exit: z
    .enum(['supplement', 'desk'])
    .default('supplement')
    .describe('entry open at the entry gate: charge the stored maximum, or send to the desk'),
  missing_entry: z
    .enum(['supplement', 'desk'])
    .default('desk')
    .describe("no entry at the exit gate: charge the line's maximum, or send to the desk"),
  block_listed_cards: z
    .boolean()
    .default(true)
    .describe('a listed card is blocked on the spot when the SAM holds the key'),
  passage_timeout_ms: millis.default(8_000),
  result_shown_ms: millis.default(2_500),
});

export const pattern = z.string().min(1).max(120).default('*');

export const reader = z.strictObject({
  kind: z
    .enum(['serial', 'hid', 'pcsc'])
    .default('serial')
    .describe('serial, hid: a PN532 on that wire; pcsc: a contactless PC/SC reader'),
  path: z.string().min(1).default('/dev/ttyUSB0').describe('serial: the device path'),
  usb: z
    .strictObject({
      serial: z.string().min(1).max(64).optional().describe('serial number of the HID bridge'),
      path: z.string().min(1).max(64).optional().describe('its place, e.g. 1-1.2 or /dev/hidraw0'),
    })
    .prefault({})
    .describe('hid: which of several equal bridges; none named: the only one'),
  name: pattern.describe('pcsc: the name of the reader, with * and ?'),
  baud: z.literal([115_200, 230_400, 460_800, 921_600]).default(115_200),
  poll_pause_ms: z
    .int()
    .min(0)
    .max(1_000)
    .default(20)
    .describe('pause between detection rounds while the field is empty'),
  heartbeat_ms: millis
    .default(1_000)
    .describe('how often a closed lane asks its devices whether they live, and mends lost ones'),
  rf_cycle_s: z
    .int()
    .min(0)
    .max(3_600)
    .default(60)
    .describe('serial, hid: the field goes off and on after so long without a card; 0: never'),
  ack_timeout_ms: millis.default(50),
  card_timeout_ms: millis.default(800).describe('deadline of one exchange with the card'),
});

export const sam = z.strictObject({
  kind: z
    .enum(['psam', 'software'])
    .describe('psam: a SAM card in a contact slot; software: keys sealed on disk, for pilots'),
  key_file: z
    .string()
    .min(1)
    .default('sam.keys')
    .describe('software SAM: the sealed key file, relative to the file that names it'),
  passphrase_env: z
    .string()
    .default('TAPWAY_SAM_PASSPHRASE')
    .describe('software SAM: the environment variable that holds the passphrase'),
  software_in_production: z
    .literal('I accept that the purchase keys lie on this disk')
    .optional()
    .describe('a software SAM on a production lane must be confessed with these very words'),
  slot: pattern.describe('psam: the PC/SC name of the slot, with * and ?'),
  timeout_ms: millis.default(1_000),
  mac2_fail_limit: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('consecutive wrong MAC2 after which the SAM is taken out of service'),
  application: hex(
    2,
    'file id of the PSAM application, 8011 (transport) or 1001 (housing)',
  ).default('8011'),
  lock_key_usage: hex(1, '801A key usage for the application block').default('45'),
  lock_key_version: hex(1, '801A key version for the application block').default('01'),
});

export const purse = z.strictObject({
  aid: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}){5,16}$/, 'purse AID: 5 to 16 bytes as hex digits in quotes')
    .describe('purse AID: 5 to 16 bytes as hex digits in quotes')
    .transform((text) => text.toUpperCase())
    .default('A000000632010105'),
  key_indexes: z
    .array(hex(1, 'key index'))
    .min(1)
    .default(['41', '01'])
    .describe('tried in this order, a further one only after 9403; ETC style 41 SM4, 01 3DES'),
  algorithms: z
    .record(
      z.string().regex(/^[0-9A-F]{2}$/, 'algorithm byte: 2 upper-case hex digits'),
      z.enum(['sm4', '3des', 'des']),
    )
    .default({ '00': '3des', '01': 'des', '03': 'sm4', '04': 'sm4' })
    .describe('meaning of the algorithm byte, for a software SAM; other values are refused'),
  sm4_session_mode: z
    .enum(['complement', 'pad80'])
    .default('complement')
    .describe('second half of the SM4 session block: complement of the first, or 80 00 …'),
  proof_counter: z
    .enum(['after', 'before'])
    .default('after')
    .describe('805A names the debit by the counter after it (n+1); some card systems want n'),
  unverified_proof: z
    .enum(['refuse', 'open'])
    .default('refuse')
    .describe('torn tap proved by 805A after the SAM lost its session: MAC2 cannot be checked'),
  balance_max_fen: z
    .int()
    .min(1)
    .default(100_000)
    .describe('balances above this are taken for damage'),
  fare_max_fen: fen.default(2_000).describe('fares above this are refused'),
});

const concession = z.strictObject({
  name: word(24),
  card_types: z.array(hex(1, 'card type (EF15 byte 28)')).min(1),
  pays_percent: z
    .int()
    .min(0)
    .max(100)
    .describe('what the class pays, in percent of the fare, rounded up to the next fen'),
  passback_minutes: z.number().min(0).max(120).optional(),
  foreign_cities: z
    .boolean()
    .default(false)
    .describe('cards of another city pay the full fare unless this is set'),
});

const distance = z.strictObject({
  stations: z
    .array(z.strictObject({ place, name: z.record(z.string(), z.string()), km: z.number().min(0) }))
    .min(2)
    .describe('in their order along the line; km counts from any fixed point'),
  bands: z
    .array(z.strictObject({ up_to_km: z.number().positive().optional(), fare_fen: fen }))
    .min(1)
    .describe('the first band whose up_to_km is not exceeded; the last band has none'),
  max_fen: fen.describe('charged for a trip without a known entry or exit'),
  max_minutes: z.int().min(1).max(1_440),
  overtime: z.enum(['max', 'surcharge', 'desk']).default('max'),
  overtime_surcharge_fen: fen.default(0),
  same_station: z.enum(['free', 'min', 'desk']).default('min'),
  same_station_minutes: z
    .int()
    .min(0)
    .max(120)
    .default(10)
    .describe('same_station: free holds for this long after the entry, then the lowest fare'),
});

export const ledger = z.strictObject({
  keep_days: z
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe('settled records stay on the disk at least this long; unsettled ones for ever'),
});

const policy = z.enum(['degraded', 'close']);

export const lists = z.strictObject({
  trusted_keys: z
    .array(hex(65, 'SM2 public key, uncompressed point 04 ‖ x ‖ y'))
    .default([])
    .describe('who may sign lists; name the old and the new key while keys are changed'),
  max_age_hours: z
    .int()
    .min(1)
    .max(8_760)
    .default(72)
    .describe('a blacklist issued longer ago is stale'),
  when_stale: policy
    .default('degraded')
    .describe('no blacklist, or a stale one: serve with an alarm, or close the lane'),
  when_unreadable: policy
    .default('close')
    .describe('store of the blacklist damaged: cards that it may hold are refused in any case'),
  scrub_minutes: z
    .int()
    .min(1)
    .max(1_440)
    .default(60)
    .describe('how often everything stored is read and compared with its check values'),
  exact_max: z
    .int()
    .min(0)
    .max(20_000_000)
    .default(2_000_000)
    .describe('up to so many cards (11 bytes each) are held in memory; more lie in LevelDB'),
});

export const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** A fare table; amounts in fen. `flat_fen` serves flat lanes, `distance` entry and exit. */
export const fareSchema = z.strictObject({
  name: z.string().min(1),
  flat_fen: fen.optional(),
  distance: distance.optional(),
  concessions: z.array(concession).default([]),
});

export const configSchema = z.strictObject({
  extends: z
    .string()
    .optional()
    .describe('file whose values are defaults for this one: relative, or shipped:sites/….yaml'),
  production: z.boolean().default(false),
  data_dir: z
    .string()
    .min(1)
    .default('data')
    .describe('where ledger and blacklist lie, relative to the file that names it'),
  site,
  lane,
  reader,
  far_reader: reader
    .optional()
    .describe('a reader at the other end, which serves the opposite direction: lane.kind there'),
  sam,
  purse: purse.prefault({}),
  lists: lists.prefault({}),
  ledger: ledger.prefault({}),
  fare: z
    .string()
    .describe('path of the fare table, relative to the file that names it, or shipped:fares/…'),
  barrier: barrierSchema.prefault({}),
  supervise: superviseSchema.prefault({}),
  log: log.prefault({}),
});

/**
 * What the sign can say: the codes of controller/gate/outcome.ts, written again because this folder
 * imports nothing of ours. A test holds the two lists together.
 */
export const MESSAGES = [
  ...['pass', 'pass-free', 'pass-concession', 'pass-recovered', 'pass-again'],
  ...['several-cards', 'unsupported-card', 'card-blocked', 'not-a-purse', 'not-enabled'],
  ...['issuer-unknown', 'not-yet-valid', 'expired', 'not-interoperable'],
  ...['listed-lost', 'listed-stolen', 'listed-superseded', 'listed-issuer-stop', 'listed-fraud'],
  ...['list-unreadable', 'exit-missing', 'entry-missing', 'unknown-station', 'overtime'],
  ...['same-station', 'insufficient', 'card-damaged', 'key-unsupported', 'passback'],
  ...['debit-refused', 'mac2-wrong', 'paid-see-staff'],
  ...['try-again', 'retry-same-card', 'out-of-service'],
  ...['ready', 'closed', 'emergency', 'maintenance', 'starting', 'free-passage', 'wait'],
];

export const phrase = z
  .string()
  .regex(
    /^([^{}]|\{(amount|balance|phone|loss_phone)\})*$/,
    'braces hold one of {amount}, {balance}, {phone}, {loss_phone}',
  );

/** Texts of one locale: outcome code → what the sign says; see config/locales. */
export const textsSchema = z.record(
  z.enum(MESSAGES),
  z
    .strictObject({ title: phrase.min(1).max(28), advice: phrase.max(80) })
    .describe('a title and an advice'),
);

export type FareTable = z.output<typeof fareSchema>;
export type LaneConfig = Omit<z.output<typeof configSchema>, 'fare' | 'extends'> & {
  readonly fare: FareTable;
  readonly texts: Texts;
};
/** Locale → outcome code → text. */
export type Texts = Readonly<Record<string, z.output<typeof textsSchema>>>;
