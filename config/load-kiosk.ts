/**
 * Reads a kiosk's configuration: its file, what it extends, the environment, guides and texts.
 * Errors as in load.ts.
 */

import {
  errorsOf,
  type Loaded,
  openSources,
  perLocale,
  refused,
  shippedDirectory,
} from './chain.ts';
import { guidesSchema } from './guides.ts';
import { type KioskConfig, type KioskSettings, kioskSchema } from './kiosk.ts';
import type { Environment } from './overrides.ts';
import { check } from './report.ts';
import { textsSchema } from './schema.ts';
import type { Path } from './yaml.ts';

/**
 * @param path the kiosk's YAML file
 * @param env holds overrides such as `TAPWAY__KIOSK__ID`; usually `process.env`
 */
export function loadKiosk(path: string, env: Environment): Loaded<KioskConfig> {
  const opened = openSources(path, env, kioskSchema);
  if ('errors' in opened) return refused(opened.errors);
  const { value, origin, near, overrideErrors } = opened;
  if ('lane' in value && !('kiosk' in value)) {
    return refused([`${path}: this is the file of a lane: tapway gate --config ${path}`]);
  }
  const settings = check(kioskSchema, value, origin);
  if ('errors' in settings || overrideErrors.length > 0)
    return refused([...overrideErrors, ...errorsOf(settings)]);
  const { extends: _, ...rest } = settings.value;
  const lineOf = ({ path: at, text }: Finding) =>
    `${origin.prefix(at, at.length > 0 ? 'value' : 'key')}${text}`;
  const { locales } = rest.site;
  const texts = perLocale({
    ...{ locales, origin, schema: textsSchema },
    folder: `${shippedDirectory()}/locales`,
  });
  const folder = near(['guides'], rest.guides);
  const guides = perLocale({ locales, origin, folder, schema: guidesSchema });
  const wrong = wrongTogether(rest).map(lineOf);
  if ('errors' in texts || 'errors' in guides || wrong.length > 0)
    return refused([...wrong, ...errorsOf(texts), ...errorsOf(guides)]);
  const named = (at: Path, target: string | undefined) =>
    target === undefined ? undefined : near(at, target);
  const config = {
    ...rest,
    data_dir: near(['data_dir'], rest.data_dir),
    sam: rest.sam && { ...rest.sam, key_file: near(['sam', 'key_file'], rest.sam.key_file) },
    ssc: {
      ...rest.ssc,
      hsm: { ...rest.ssc.hsm, ca_file: named(['ssc', 'hsm', 'ca_file'], rest.ssc.hsm.ca_file) },
    },
    speech: {
      ...rest.speech,
      folder: named(['speech', 'folder'], rest.speech.folder),
    },
    guides: guides.value,
    texts: overlaid(texts.value, guides.value),
  };
  return { ok: true, config, warnings: doubtful(rest).map(lineOf) };
}

/** Does the file, with what it extends, describe a kiosk and not a lane? */
export function isKioskFile(path: string, env: Environment): boolean {
  const opened = openSources(path, env, kioskSchema);
  return !('errors' in opened) && 'kiosk' in opened.value;
}

function overlaid(texts: KioskConfig['texts'], guides: KioskConfig['guides']) {
  return Object.fromEntries(
    Object.entries(texts).map(([locale, text]) => [
      locale,
      { ...text, ...(guides[locale]?.pay as typeof text) },
    ]),
  );
}

interface Finding {
  readonly path: Path;
  readonly text: string;
}

/** Rules between keys: with one of these broken the kiosk does not start. */
function wrongTogether(config: Omit<KioskSettings, 'extends'>): Finding[] {
  const { contact, contactless, till, sam, purse, site, production } = config;
  const ids = till.items.map(({ id }) => id);
  const found: (Finding | false)[] = [
    !contact &&
      !contactless && {
        path: [],
        text: 'add "contact" or "contactless": a kiosk without a reader reads no card',
      },
    till.items.length > 0 &&
      !sam && {
        path: ['till', 'items'],
        text: 'add "sam": nothing can be paid without a purchase SAM',
      },
    production &&
      sam?.kind === 'software' &&
      sam.software_in_production === undefined && {
        path: ['sam', 'kind'],
        text: 'a production kiosk wants "psam"; see software_in_production',
      },
    !Object.hasOwn(site.industry_codes, site.industry) && {
      path: ['site', 'industry'],
      text: `"${site.industry}" has no code in site.industry_codes`,
    },
    ...till.items.map(
      ({ price_fen, id }, index) =>
        price_fen > purse.fare_max_fen && {
          path: ['till', 'items', index, 'price_fen'],
          text:
            `${price_fen} is above purse.fare_max_fen (${purse.fare_max_fen}): "${id}" ` +
            'could never be paid',
        },
    ),
    ...till.items.map(
      ({ id }, index) =>
        ids.indexOf(id) < index && {
          path: ['till', 'items', index, 'id'],
          text: `"${id}" is already an item above`,
        },
    ),
    ...till.items.flatMap(({ name }, index) =>
      site.locales.map(
        (locale) =>
          !Object.hasOwn(name, locale) && {
            path: ['till', 'items', index, 'name'],
            text: `add "${locale}": every locale of the site needs the name`,
          },
      ),
    ),
  ];
  return found.filter((each) => each !== false);
}

/** What is allowed and probably not meant. */
function doubtful({ maintenance, production, lists, till }: Omit<KioskSettings, 'extends'>) {
  const found: (Finding | false)[] = [
    production &&
      maintenance.code === undefined && {
        path: ['maintenance'],
        text: 'no service code: nobody can open the service page; see `tapway kiosk code`',
      },
    production &&
      till.items.length > 0 &&
      lists.trusted_keys.length === 0 && {
        path: ['lists', 'trusted_keys'],
        text: 'nobody may sign a blacklist for this kiosk: lost and stolen cards pay',
      },
  ];
  return found.filter((each) => each !== false);
}
