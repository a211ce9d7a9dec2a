/** The fixed files of the page, made once at start: nothing is fetched from any network. */

import { fileURLToPath } from 'node:url';
import type { MachineGraph } from '../../controller/ops/graph.ts';
import { bundle } from '../../controller/web/bundle.ts';
import type { Asset } from '../../controller/web/server.ts';
import { htmlShell } from '../../controller/web/shell.ts';
import { drawCharts } from './chart.ts';

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#0d5c63"/>
<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">
<path d="M10 13a5 5 0 0 1 0 6M15 10a10 10 0 0 1 0 12M20 7a15 15 0 0 1 0 18"/></g></svg>
`;

/** By path. Throws esbuild's error when the page's sources do not compile. */
export async function makeAssets(
  machines: readonly MachineGraph[],
): Promise<ReadonlyMap<string, Asset>> {
  const charts = await drawCharts(machines);
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: htmlShell('tapway') }],
    ['/icon.svg', { type: 'image/svg+xml', body: ICON }],
    ['/app.js', { type: 'text/javascript; charset=utf-8', body: bundle(local('page/main.tsx')) }],
    ['/style.css', { type: 'text/css; charset=utf-8', body: bundle(local('page/style.css')) }],
    ['/charts.json', { type: 'application/json', body: JSON.stringify(charts) }],
  ]);
}

function local(entry: string): string {
  return fileURLToPath(new URL(entry, import.meta.url));
}
