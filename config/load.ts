/**
 * Reads a lane's configuration: its file, what it extends, the environment, the fare table and the
 * texts. Nothing here throws; every error is one line that says where, what, and what is allowed.
 */

import {
  errorsOf,
  type Loaded,
  openSources,
  perLocale,
  readLayer,
  refused,
  type Sources,
  shippedDirectory,
} from './chain.ts';
import { doubtful, type Finding, wrongInFare, wrongTogether } from './checks.ts';
import type { Environment } from './overrides.ts';
import { check, type Origin, originOf } from './report.ts';
import {
  configSchema,
  type FareTable,
  fareSchema,
  type LaneConfig,
  textsSchema,
} from './schema.ts';

export { type Loaded, shippedDirectory } from './chain.ts';

/**
 * @param path the lane's YAML file
 * @param env holds overrides such as `TAPWAY__LANE__ID`; usually `process.env`
 */
export function loadConfig(path: string, env: Environment): Loaded<LaneConfig> {
  const opened = openSources(path, env, configSchema);
  if ('errors' in opened) return refused(opened.errors);
  const { value, origin, near, overrideErrors } = opened;
  if ('kiosk' in value && !('lane' in value)) {
    return refused([`${path}: this is the file of a kiosk: tapway kiosk --config ${path}`]);
  }
  const fare = loadFare(value.fare, opened);
  const settings = check(configSchema, value, origin);
  if ('errors' in settings || 'errors' in fare || overrideErrors.length > 0)
    return refused([...overrideErrors, ...errorsOf(settings), ...errorsOf(fare)]);
  const { locales } = settings.value.site;
  const texts = perLocale({
    locales,
    origin,
    folder: `${shippedDirectory()}/locales`,
    schema: textsSchema,
  });
  const lines = (findings: readonly Finding[]) =>
    findings.map((each) => lineOf(each.file === 'fare' ? fare.origin : origin, each));
  const wrong = lines(wrongTogether(settings.value, fare.value));
  if ('errors' in texts || wrong.length > 0) return refused([...wrong, ...errorsOf(texts)]);
  const { extends: _, ...rest } = settings.value;
  const config = {
    ...rest,
    data_dir: near(['data_dir'], rest.data_dir),
    sam: { ...rest.sam, key_file: near(['sam', 'key_file'], rest.sam.key_file) },
    fare: fare.value,
    texts: texts.value,
  };
  return { ok: true, config, warnings: lines(doubtful(settings.value)) };
}

function loadFare(
  named: unknown,
  { origin: namedAt, near }: Sources,
): { value: FareTable; origin: Origin } | { errors: readonly string[] } {
  if (typeof named !== 'string') return { errors: [] }; // the lane's own check says so
  const prefix = namedAt.prefix(['fare'], 'value');
  const parsed = readLayer(near(['fare'], named), prefix);
  if (!parsed.ok) return { errors: [parsed.error] };
  const origin = originOf([parsed.layer]);
  const fare = check(fareSchema, parsed.layer.value, origin);
  if ('errors' in fare) return fare;
  const wrong = wrongInFare(fare.value).map((each) => lineOf(origin, each));
  return wrong.length > 0 ? { errors: wrong } : { value: fare.value, origin };
}

function lineOf(origin: Origin, { path, text }: Finding): string {
  return `${origin.prefix(path, path.length > 0 ? 'value' : 'key')}${text}`;
}
