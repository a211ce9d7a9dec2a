/** The PC/SC process as it is built: one CommonJS file; here without library and without parent. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { createDecoder, decodeRefusal, KIND } from '../../../firmware-bridge/pcsc/frames.ts';
import { feature } from '../../kit/feature.ts';

const bundle = feature('pcsc process as built');

bundle.test('GIVEN no pcsclite THEN it tells the cure, and ends with its input', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tapway-pcsc-'));
  const outfile = join(home, 'pcsc-process.cjs');
  buildSync({
    entryPoints: ['firmware-bridge/pcsc/pcsc-process.ts'],
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', outfile },
    external: ['pcsclite'],
  });
  const child = spawn(process.execPath, [outfile, '*'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const told = new Promise<string>((resolve) => {
      const decode = createDecoder(({ kind, payload }) => {
        if (kind === KIND.down) resolve(decodeRefusal(payload).text);
      });
      child.stdout.on('data', decode);
    });
    const text = await told;
    assert.match(text, /^pcsclite does not load \(.*Cannot find/);
    assert.match(text, /install libpcsclite-dev, g\+\+, make and python3, then run npm rebuild/);
    child.kill('SIGTERM');
    child.kill('SIGINT');
    const exited = once(child, 'exit');
    child.stdin.end();
    assert.equal(await exited, [null, 'SIGKILL'], 'a signal is meant for the lane');
  } finally {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true });
  }
});

bundle.run();
