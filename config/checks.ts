/** Rules between keys, which no shape can state. Each finding names the key it stands at. */

import type { FareTable, LaneConfig } from './schema.ts';
import type { Path } from './yaml.ts';

type Settings = Omit<LaneConfig, 'texts' | 'fare'>;
type Distance = NonNullable<FareTable['distance']>;

export interface Finding {
  readonly file: 'lane' | 'fare';
  readonly path: Path;
  readonly text: string;
}

/** What makes the lane unsafe or useless: it does not start. */
export function wrongTogether(config: Settings, fare: FareTable): readonly Finding[] {
  const findings = [...production(config), ...timing(config), ...readers(config)];
  return [...findings, ...network(config), ...tariff(config, fare)];
}

/** What is allowed and probably not meant. */
export function doubtful(config: Settings): readonly Finding[] {
  const { lane, lists, log, production, sam } = config;
  return [
    when(lane.kind === 'exit' && lane.direction === 'in', {
      path: ['lane', 'direction'],
      text: 'an exit lane that opens inwards; write "out" if passengers leave here',
    }),
    when(lane.kind === 'entry' && lane.direction === 'out', {
      path: ['lane', 'direction'],
      text: 'an entry lane that opens outwards; write "in" if passengers enter here',
    }),
    when(production && sam.kind === 'software', {
      path: ['sam', 'kind'],
      text: 'the purchase keys of this production lane lie on its disk',
    }),
    when(production && lists.trusted_keys.length === 0, {
      path: ['lists', 'trusted_keys'],
      text: 'nobody may sign a blacklist for this lane: lost and stolen cards pass',
    }),
    when(production && log.level === 'debug', {
      path: ['log', 'level'],
      text: 'debug on a production lane fills the disk; write "info"',
    }),
  ].flat();
}

function production({ production, sam, barrier }: Settings): Finding[] {
  const confession = 'I accept that the purchase keys lie on this disk';
  return [
    when(production && sam.kind === 'software' && sam.software_in_production === undefined, {
      path: ['sam', 'kind'],
      text:
        'a production lane wants "psam"; to run on a software SAM all the same, add under sam: ' +
        `software_in_production: ${confession}`,
    }),
    when(production && barrier.kind === 'simulated', {
      path: ['barrier', 'kind'],
      text: 'a simulated barrier holds nobody back; a production lane wants "none"',
    }),
  ].flat();
}

function timing({ lane, reader }: Settings): Finding[] {
  const passage_s = lane.passage_timeout_ms / 1_000;
  const reentry_s = lane.reentry_window_s;
  return [
    when(reentry_s > 0 && reentry_s < passage_s, {
      path: ['lane', 'reentry_window_s'],
      text: `must be 0 (never) or outlast passage_timeout_ms: ${Math.ceil(passage_s)} or more`,
    }),
    when(reader.ack_timeout_ms >= reader.card_timeout_ms, {
      path: ['reader', 'ack_timeout_ms'],
      text: `must be below card_timeout_ms (${reader.card_timeout_ms})`,
    }),
  ].flat();
}

/** Two readers of one lane must be two devices. */
function readers({ reader, far_reader: far }: Settings): Finding[] {
  if (!far || far.kind !== reader.kind) return [];
  const key = ({ serial: 'path', hid: 'usb', pcsc: 'name' } as const)[far.kind];
  return when(JSON.stringify(far[key]) === JSON.stringify(reader[key]), {
    path: ['far_reader', key],
    text: `must differ from reader.${key}: it is another device`,
  });
}

function network({ site }: Settings): Finding[] {
  const known = Object.keys(site.industry_codes);
  return [
    when(!Object.hasOwn(site.industry_codes, site.industry), {
      path: ['site', 'industry'],
      text: `"${site.industry}" has no code in site.industry_codes, which has ${known.join(', ')}`,
    }),
    repeated(site.locales).map(
      (index): Finding => ({
        file: 'lane',
        path: ['site', 'locales', index],
        text: `"${site.locales[index]}" is named twice`,
      }),
    ),
  ].flat();
}

function tariff({ lane, purse }: Settings, fare: FareTable): Finding[] {
  const { distance } = fare;
  const limit = purse.fare_max_fen;
  const beyond = `is above purse.fare_max_fen (${limit}): every such tap would be refused`;
  const stations = distance?.stations.map((each) => each.place) ?? [];
  const flat = lane.kind === 'flat';
  return [
    when(flat && fare.flat_fen === undefined, {
      file: 'fare',
      path: [],
      text: `add "flat_fen": lane ${lane.id} is a flat lane`,
    }),
    when(flat && (fare.flat_fen ?? 0) > limit, {
      file: 'fare',
      path: ['flat_fen'],
      text: `${fare.flat_fen} ${beyond}`,
    }),
    when(!flat && distance === undefined, {
      file: 'fare',
      path: [],
      text: `add "distance": lane ${lane.id} is an ${lane.kind} lane`,
    }),
    when(!flat && distance !== undefined && highest(distance) > limit, {
      file: 'fare',
      path: ['distance', 'max_fen'],
      text: `${distance ? highest(distance) : 0} (overtime included) ${beyond}`,
    }),
    when(!flat && distance !== undefined && !stations.includes(lane.place), {
      path: ['lane', 'place'],
      text: `"${lane.place}" is no station of "${fare.name}"; one of: ${stations.join(', ')}`,
    }),
  ].flat();
}

/** Rules inside a fare table. */
export function wrongInFare(fare: FareTable): readonly Finding[] {
  const { distance, concessions } = fare;
  const types = concessions.flatMap((each, index) =>
    each.card_types.map((type, nth) => ({ type, path: ['concessions', index, 'card_types', nth] })),
  );
  const names = concessions.map((each) => each.name);
  return [
    ...(distance ? [...stationOrder(distance), ...bandOrder(distance), ...penalty(distance)] : []),
    ...repeated(types.map((each) => each.type)).map((index) => ({
      file: 'fare' as const,
      path: types[index]?.path ?? [],
      text: `card type "${types[index]?.type}" already belongs to a class above`,
    })),
    ...repeated(names).map((index) => ({
      file: 'fare' as const,
      path: ['concessions', index, 'name'],
      text: `"${names[index]}" is already the name of a class above`,
    })),
  ];
}

function stationOrder({ stations }: Distance): Finding[] {
  const twice = repeated(stations.map((each) => each.place)).map(
    (index): Finding => ({
      file: 'fare',
      path: ['distance', 'stations', index, 'place'],
      text: `"${stations[index]?.place}" is already a station above`,
    }),
  );
  const back = stations.flatMap(({ km }, index) => {
    const before = stations[index - 1]?.km ?? 0;
    const path = ['distance', 'stations', index, 'km'];
    return when(index > 0 && km <= before, {
      file: 'fare',
      path,
      text: `${km} must be above ${before}, the station before it`,
    });
  });
  return [...twice, ...back];
}

function bandOrder({ bands, max_fen }: Distance): Finding[] {
  const last = bands.length - 1;
  return bands.flatMap(({ up_to_km, fare_fen }, index) => {
    const path = ['distance', 'bands', index];
    const before = bands[index - 1];
    const far = before?.up_to_km ?? 0;
    const dear = before?.fare_fen ?? 0;
    return [
      when(index === last && up_to_km !== undefined, {
        file: 'fare',
        path: [...path, 'up_to_km'],
        text: 'the last band holds for every longer trip; remove up_to_km',
      }),
      when(index < last && up_to_km === undefined, {
        file: 'fare',
        path,
        text: 'add "up_to_km"; only the last band has none',
      }),
      when(index < last && up_to_km !== undefined && up_to_km <= far, {
        file: 'fare',
        path: [...path, 'up_to_km'],
        text: `${up_to_km} must be above ${far}, the band before it`,
      }),
      when(fare_fen < dear, {
        file: 'fare',
        path: [...path, 'fare_fen'],
        text: `${fare_fen} is below ${dear}: a longer trip must not cost less`,
      }),
      when(fare_fen > max_fen, {
        file: 'fare',
        path: [...path, 'fare_fen'],
        text: `${fare_fen} is above max_fen (${max_fen})`,
      }),
    ].flat();
  });
}

function penalty({ overtime, overtime_surcharge_fen }: Distance): Finding[] {
  return [
    when(overtime === 'surcharge' && overtime_surcharge_fen === 0, {
      file: 'fare',
      path: ['distance', 'overtime'],
      text: '"surcharge" needs overtime_surcharge_fen above 0',
    }),
    when(overtime !== 'surcharge' && overtime_surcharge_fen > 0, {
      file: 'fare',
      path: ['distance', 'overtime_surcharge_fen'],
      text: `has no effect with "overtime: ${overtime}"; write "overtime: surcharge" or remove it`,
    }),
  ].flat();
}

/** The most that one trip can cost. */
function highest({ max_fen, overtime, overtime_surcharge_fen }: Distance): number {
  return max_fen + (overtime === 'surcharge' ? overtime_surcharge_fen : 0);
}

function when(
  wrong: boolean,
  { file = 'lane', path, text }: Partial<Finding> & Pick<Finding, 'path' | 'text'>,
): Finding[] {
  return wrong ? [{ file, path, text }] : [];
}

/** Indexes of values that occurred before. */
function repeated(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []));
}
