/**
 * The fixed files of the page: in a build they lie beside the bundle, in `dist/kiosk-page`; in a
 * checkout they are made at start.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Asset } from '../../web/server.ts';
import { htmlShell } from '../../web/shell.ts';

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#0d5c63"/>
<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">
<rect x="6" y="10" width="20" height="13" rx="2"/><path d="M6 15h20M10 19.5h5"/></g></svg>
`;

/** By path. Throws when the page's sources do not compile. */
export async function makeAssets(): Promise<ReadonlyMap<string, Asset>> {
  const { script, style } = await pageFiles();
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: htmlShell('tapway') }],
    ['/icon.svg', { type: 'image/svg+xml', body: ICON }],
    ['/app.js', { type: 'text/javascript; charset=utf-8', body: script }],
    ['/style.css', { type: 'text/css; charset=utf-8', body: style }],
  ]);
}

interface PageFiles {
  readonly script: string;
  readonly style: string;
}

async function pageFiles(): Promise<PageFiles> {
  // A build is CommonJS and has no `import.meta.url`.
  const url: string | undefined = import.meta.url;
  const built = url === undefined ? join(__dirname, 'kiosk-page') : null;
  if (built !== null && existsSync(built)) {
    const read = (name: string) => readFileSync(join(built, name), 'utf8');
    return { script: read('main.js'), style: read('style.css') };
  }
  const { bundle } = await import('../../web/bundle.ts');
  const source = join(dirname(fileURLToPath(url ?? '')), 'page');
  return { script: bundle(join(source, 'main.tsx')), style: bundle(join(source, 'style.css')) };
}
