/** `tapway kiosk` and `tapway-sim kiosk`, as somebody meets them who just typed them. */

import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { Place, range, TRUST } from '../controller/blacklist/lane-lists.ts';
import { feature } from '../kit/feature.ts';
import { bundle, killAll, run, SIM, SOURCE, scratch, start } from './programs.ts';

const kiosk = feature('the kiosk as a command');
const URL = /http:\/\/127\.0\.0\.1:\d+\//;

interface Stage {
  readonly kiosk: string;
  readonly people: readonly { readonly id: string }[];
}

kiosk.test(
  'GIVEN `tapway-sim kiosk` THEN stage and kiosk are there, and SIGINT ends it with 0, twice',
  async () => {
    const data = scratch();
    for (const round of ['first', 'second']) {
      const stage = start(SIM, ['kiosk', '--port', '0', '--data', data, '--no-timing']);
      const url = await stage.until(URL);
      const state = (await (await fetch(`${url}state.json`)).json()) as Stage;
      assert.ok(
        state.people.some(({ id }) => id === 'adult-3'),
        round,
      );
      const page = await fetch(state.kiosk);
      assert.match(await page.text(), /<div id="app">/);
      assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors http/);
      stage.kill('SIGINT');
      assert.is((await stage.ended).code, 0, round);
    }
  },
  40_000,
);

kiosk.test(
  'GIVEN the bundle and no device at all THEN the kiosk says so on its page, and ends in time',
  async () => {
    const directory = scratch();
    const file = `${directory}/kiosk.yaml`;
    writeFileSync(
      file,
      'extends: shipped:kiosks/ningbo.yaml\nscreen: { port: 0 }\ndata_dir: data\n',
    );
    const running = start(bundle(), ['kiosk', '--config', file]);
    const url = await running.until(URL);
    const page = await fetch(url);
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.ok((await (await fetch(`${url}app.js`)).text()).length > 10_000);
    await running.until(/out of service: E100 link-absent/);
    running.kill('SIGTERM');
    assert.is((await running.ended).code, 0);
  },
  60_000,
);

kiosk.test(
  'GIVEN a file with a mistake THEN exit 2, and one line says where',
  async () => {
    const file = `${scratch()}/kiosk.yaml`;
    writeFileSync(file, 'extends: shipped:kiosks/ningbo.yaml\nscreen: { prot: 1 }\n');
    for (const words of [
      ['kiosk', '--config', file],
      ['doctor', '--config', file],
    ]) {
      const { code, err } = await run(SOURCE, words);
      assert.is(code, 2, words.join(' '));
      assert.match(
        err,
        /kiosk\.yaml:2:11: screen\.prot: there is no such key; did you mean "port"\?/,
      );
    }
    const checked = await run(SOURCE, ['config', 'check', file]);
    assert.is(checked.code, 1);
  },
  60_000,
);

kiosk.test(
  'GIVEN the file of a kiosk THEN its lists and its SAM are looked after by the same commands',
  async () => {
    const file = `${scratch()}/kiosk.yaml`;
    const at = new Place();
    const issued = await at.issue({ version: 5, cards: range(1, 10) });
    const trusted = TRUST.map(({ point }) => `'${point.toString('hex')}'`);
    const text = `extends: shipped:kiosks/ningbo.yaml
data_dir: data
lists: { trusted_keys: [${trusted}] }
`;
    writeFileSync(file, text);
    const blacklist = (...words: string[]) =>
      run(bundle(), ['blacklist', ...words, '--config', file]);
    const before = await blacklist('status');
    assert.is(before.code, 1);
    assert.match(before.out, /^blacklist: none was ever imported$/m);
    const taken = await blacklist('import', issued);
    assert.is(taken.code, 0, taken.err);
    assert.match(taken.out, /^blacklist 5 is in force: 9 entries/);
    assert.is((await blacklist('verify')).code, 0);
    await at.leave();
    const sam = await run(bundle(), ['sam', 'status', '--config', file]);
    assert.is(sam.code, 2);
    assert.match(sam.err, /kiosk\.yaml: sam\.kind is psam: it has no key file/);
  },
  40_000,
);

kiosk.after(killAll);
kiosk.run();
