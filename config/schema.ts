/**
 * The shape of a lane's configuration: one strict zod schema, from which the types, the JSON Schema
 * for editors and the error messages come. Unknown keys are refused. Every default that rests on an
 * uncertain reading of the card standards says so; see docs/protocol.md.
 */

import { z } from 'zod';

const hex = (bytes: number, what: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9A-Fa-f]{${bytes * 2}}$`), `${what}: ${bytes * 2} hex digits in quotes`)
    .transform((text) => text.toUpperCase());
const fen = z.int().min(0).max(100_000);
const millis = z.int().min(1).max(600_000);

/** A station of our network, as written into trip records (4 bytes BCD: line and station). */
const place = hex(4, 'line and station');

const site = z.strictObject({
  name: z.string().min(1),
  /** Acquirer's city code as in the trip record, e.g. "3320" for Ningbo. */
  city_code: hex(2, 'city code'),
  /** Acquirer institution id. */
  acquirer: hex(8, 'acquirer id'),
  industry: z.enum(['metro', 'bus', 'ferry', 'taxi', 'parking', 'coach', 'suburban-rail']),
  /** Which industry code stands for what differs between deployments: a table, not a guess. */
  industry_codes: z.record(z.string(), z.int().min(0).max(255)).default({
    metro: 1,
    bus: 2,
    ferry: 3,
    taxi: 4,
    parking: 7,
    coach: 8,
    'suburban-rail': 14,
  }),
  utc_offset_minutes: z.int().min(-720).max(840).default(480),
  /** First 4 bytes of the issuer id; an empty list accepts every issuer. */
  issuers: z.array(hex(4, 'issuer prefix')).default([]),
  /** City codes (EF17) that count as local: their cards need no interoperability flag. */
  local_cities: z.array(hex(2, 'city code')).default([]),
  /** BCP 47 names of the texts that the sign shows, in this order. */
  locales: z.array(z.string()).min(1).default(['zh-CN', 'en']),
  service_phone: z.string().default('12333'),
});

const lane = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9-]{1,16}$/, 'letters, digits and hyphens, at most 16'),
  /** flat: one fare at once; entry and exit: a distance fare taken at the exit. */
  kind: z.enum(['flat', 'entry', 'exit']),
  place,
  direction: z.enum(['in', 'out']).default('in'),
  /** A card that paid here is refused for this long, unless its passage is still unused. */
  passback_minutes: z.number().min(0).max(120).default(5),
  /** How long a torn tap may be proved and opened by the same card. */
  recovery_window_s: z.int().min(30).max(120).default(120),
  /** How long a paid tap whose passenger did not pass may open again. */
  reentry_window_s: z.int().min(0).max(600).default(120),
  /** An entry found open at the entry gate: charge the stored maximum, or send to the desk. */
  missing_exit: z.enum(['supplement', 'desk']).default('supplement'),
  /** No entry found at the exit gate: charge the line's maximum, or send to the desk. */
  missing_entry: z.enum(['supplement', 'desk']).default('desk'),
  /** A listed card is blocked on the spot when the SAM holds the key. */
  block_listed_cards: z.boolean().default(true),
  passage_timeout_ms: millis.default(8_000),
  result_shown_ms: millis.default(2_500),
});

const reader = z.strictObject({
  path: z.string().min(1),
  baud: z
    .union([z.literal(115_200), z.literal(230_400), z.literal(460_800), z.literal(921_600)])
    .default(115_200),
  /** Pause between detection rounds while the field is empty. */
  poll_pause_ms: z.int().min(0).max(1_000).default(20),
  heartbeat_ms: millis.default(2_000),
  ack_timeout_ms: millis.default(50),
  /** Deadline of one exchange with the card. */
  card_timeout_ms: millis.default(800),
});

const sam = z.strictObject({
  /** psam: a SAM card in a contact slot; software: keys sealed on disk, for pilots and tests. */
  kind: z.enum(['psam', 'software']),
  /** Software SAM: the sealed key file. */
  key_file: z.string().default('sam.keys'),
  /** Software SAM: the environment variable that holds the passphrase. */
  passphrase_env: z.string().default('TAPWAY_SAM_PASSPHRASE'),
  /** A software SAM on a production lane must be confessed with these very words. */
  software_in_production: z.literal('I accept that the purchase keys lie on this disk').optional(),
  timeout_ms: millis.default(1_000),
  /** Consecutive wrong MAC2 after which the SAM is taken out of service. */
  mac2_fail_limit: z.int().min(1).max(100).default(3),
  /** Application on the PSAM, by file id, e.g. "8011" (transport) or "1001" (housing ministry). */
  application: hex(2, 'file id').default('8011'),
  /** 801A parameters for the application block: key usage and version. */
  lock_key_usage: hex(1, 'key usage').default('45'),
  lock_key_version: hex(1, 'key version').default('01'),
});

const purse = z.strictObject({
  aid: hex(8, 'purse AID').default('A000000632010105'),
  /** Tried in this order; a further index only after 9403. ETC style 41 is SM4, 01 is 3DES. */
  key_indexes: z.array(hex(1, 'key index')).min(1).default(['41', '01']),
  /** Only a software SAM looks at the algorithm byte. Unknown values are refused. */
  algorithms: z
    .record(z.string().regex(/^[0-9A-F]{2}$/), z.enum(['sm4', '3des', 'des']))
    .default({ '00': '3des', '01': 'des', '03': 'sm4', '04': 'sm4' }),
  /** Second half of the SM4 session block: complement of the first, or 80 00 … */
  sm4_session_mode: z.enum(['complement', 'pad80']).default('complement'),
  /** 805A names the debit by the counter after it (n+1); some card systems want n. */
  proof_counter: z.enum(['after', 'before']).default('after'),
  /** A torn tap proved by 805A after the SAM lost its session, so that MAC2 cannot be checked. */
  unverified_proof: z.enum(['refuse', 'open']).default('refuse'),
  /** Balances above this are taken for damage. */
  balance_max_fen: z.int().min(1).default(100_000),
  /** Fares above this are refused. */
  fare_max_fen: fen.default(2_000),
});

const concession = z.strictObject({
  name: z.string().min(1),
  /** Values of EF15 byte 28 that stand for this class. */
  card_types: z.array(hex(1, 'card type')).min(1),
  /** What the class pays, in percent of the fare, rounded up to the next fen. */
  pays_percent: z.int().min(0).max(100),
  passback_minutes: z.number().min(0).max(120).optional(),
  /** Cards of another city pay the full fare unless this is set. */
  foreign_cities: z.boolean().default(false),
});

/** A fare table; amounts in fen. `flat` serves flat lanes, `distance` entry and exit. */
export const fareSchema = z.strictObject({
  name: z.string().min(1),
  flat_fen: fen.optional(),
  distance: z
    .strictObject({
      /** Station names by place code; the order along the line is the order of this list. */
      stations: z
        .array(
          z.strictObject({ place, name: z.record(z.string(), z.string()), km: z.number().min(0) }),
        )
        .min(2),
      /** First band whose `up_to_km` is not exceeded; the last band has none. */
      bands: z
        .array(z.strictObject({ up_to_km: z.number().positive().optional(), fare_fen: fen }))
        .min(1),
      /** Charged for a trip without a known entry or exit. */
      max_fen: fen,
      max_minutes: z.int().min(1).max(1_440),
      overtime: z.enum(['max', 'surcharge', 'desk']).default('max'),
      overtime_surcharge_fen: fen.default(0),
      same_station: z.enum(['free', 'min', 'desk']).default('min'),
      /** `same_station: free` holds for this long after the entry. */
      same_station_minutes: z.int().min(0).max(120).default(10),
    })
    .optional(),
  concessions: z.array(concession).default([]),
});

export const configSchema = z.strictObject({
  /** Another file this one builds on, relative to it. Its values are defaults for this file. */
  extends: z.string().optional(),
  production: z.boolean().default(false),
  data_dir: z.string().default('data'),
  site,
  lane,
  reader,
  sam,
  purse: purse.prefault({}),
  /** Path of the fare table, relative to the file that names it. */
  fare: z.string(),
  barrier: z
    .strictObject({
      /** none: a validator post without leaves; whoever has paid counts as passed. */
      kind: z.enum(['none', 'simulated']).default('none'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') })
    .prefault({}),
});

export type FareTable = z.output<typeof fareSchema>;
export type LaneConfig = Omit<z.output<typeof configSchema>, 'fare' | 'extends'> & {
  readonly fare: FareTable;
  readonly texts: Texts;
};

/** Texts of one locale: outcome code → what the sign says; see config/locales. */
export const textsSchema = z.record(
  z.string(),
  z.strictObject({ title: z.string().min(1), advice: z.string() }),
);
export type Texts = Readonly<Record<string, z.output<typeof textsSchema>>>;
