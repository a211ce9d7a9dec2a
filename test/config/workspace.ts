/** A directory of YAML files for one test file, and what the loader says of them. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Loaded, loadConfig } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';

export interface Workspace {
  readonly root: string;
  write(name: string, content: string | Buffer): string;
  /** Loads `lane.yaml` (or another); file names in the result are relative to the workspace. */
  load(env?: Record<string, string>, name?: string): Loaded<LaneConfig>;
  errors(env?: Record<string, string>, name?: string): readonly string[];
  remove(): void;
}

export function workspace(): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'tapway-config-'));
  const short = (line: string) => line.replaceAll(`${root}/`, '');
  const load: Workspace['load'] = (env = {}, name = 'lane.yaml') => {
    const result = loadConfig(join(root, name), env);
    return result.ok
      ? { ...result, warnings: result.warnings.map(short) }
      : { ok: false, errors: result.errors.map(short) };
  };
  return {
    root,
    load,
    write(name, content) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
      return join(root, name);
    },
    errors(env, name) {
      const result = load(env, name);
      return result.ok ? [] : result.errors;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A lane file without `extends`. Tables of positions rely on its lines. */
export const LANE = `site:
  name: Test city
  city_code: '3320'
  acquirer: '0000000000003320'
  industry: metro
lane:
  id: F01
  kind: flat
  place: '00010001'
reader:
  path: /dev/ttyUSB0
sam:
  kind: psam
fare: fare.yaml
`;

export const FARE = `name: Test fares
flat_fen: 200
distance:
  stations:
    - { place: '00010001', name: { en: A }, km: 0 }
    - { place: '00010002', name: { en: B }, km: 3 }
  bands:
    - { up_to_km: 2, fare_fen: 200 }
    - { fare_fen: 300 }
  max_fen: 300
  max_minutes: 120
concessions:
  - { name: elderly, card_types: ['01'], pays_percent: 0 }
`;
