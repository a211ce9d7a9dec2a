/** Who wrote a record or a log line. */

import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
export const SOFTWARE = `tapway ${VERSION}`;
