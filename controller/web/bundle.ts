/** A page's sources as one file that a browser runs: nothing is fetched from any network. */

import { buildSync } from 'esbuild';

/**
 * Synchronous on purpose: esbuild's other interface leaves a service process running. Throws
 * esbuild's error when the sources do not compile.
 * @param entry path of a `.tsx` or `.css` file
 */
export function bundle(entry: string): string {
  const result = buildSync({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  });
  return result.outputFiles.map((file) => file.text).join('');
}
