/** `tapway doctor` itself, on this machine. */

import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { bundle, killAll, quickSim, run, scratch, start } from '../../commands/programs.ts';
import { feature } from '../../kit/feature.ts';

const doctor = feature('doctor on this machine');

const PASSPHRASE = { TAPWAY_SAM_PASSPHRASE: 'only for this test' };

doctor.test(
  'GIVEN this machine and a lane WHEN the reader comes THEN exit 1 becomes exit 0',
  async () => {
    const directory = scratch();
    const file = `${directory}/lane.yaml`;
    const reader = `${directory}/reader`;
    writeFileSync(
      file,
      `extends: shipped:lanes/flat.yaml\nreader: { path: ${reader} }\nsam: { kind: software }\n`,
    );
    const { out: input } = await run(quickSim(), ['keys']);
    const seal = ['sam', 'seal', '--out', `${directory}/sam.keys`];
    assert.is((await run(bundle(), seal, { env: PASSPHRASE, input })).code, 0);
    const look = () => run(bundle(), ['doctor', '--config', file], { env: PASSPHRASE });

    const without = await look();
    assert.is(without.code, 1);
    assert.match(without.out, `bad      ${reader} does not exist\n         cure: plug it in`);

    const chip = start(quickSim(), ['reader', '--pty', '--link', reader]);
    await chip.until(/\/reader\n/);
    const withIt = await look();
    assert.is(withIt.code, 0, withIt.out);
    assert.match(withIt.out, /good {5}the reader answers: PN532/);
    assert.match(withIt.out, /good {5}key file \S+ opens with TAPWAY_SAM_PASSPHRASE/);
    chip.kill('SIGTERM');
    assert.is((await chip.ended).code, 0);
  },
  60_000,
);

doctor.test(
  'GIVEN a Modbus board THEN its answer is told, and that of a wrong unit is missed',
  async () => {
    const directory = scratch();
    const file = `${directory}/lane.yaml`;
    const path = `${directory}/board`;
    const board = start(quickSim(), ['barrier', '--link', path]);
    await board.until(/\/board\n/);
    const look = async (unit: number) => {
      const wires = 'inputs: { beams: [0, 1] }, outputs: { open_in: 0 }';
      const barrier = `barrier: { kind: modbus, path: ${path}, unit: ${unit}, ${wires} }`;
      writeFileSync(file, `extends: shipped:lanes/flat.yaml\n${barrier}\n`);
      return (await run(bundle(), ['doctor', '--config', file])).out;
    };
    assert.match(await look(1), /good {5}the barrier board answers: unit 1 at 19200 baud/);
    assert.match(await look(2), /bad {6}the barrier board does not answer: unit 2: no answer/);
    board.kill('SIGTERM');
    await board.ended;
  },
  60_000,
);

doctor.test(
  'GIVEN a kiosk with pad, printer and HSM THEN each is asked, and what ails the printer is told',
  async () => {
    const directory = scratch();
    const file = `${directory}/kiosk.yaml`;
    const [pad, lp] = [`${directory}/pad`, `${directory}/lp`];
    const hsm = start(quickSim(), ['hsm', '--port', '0']);
    const chip = start(quickSim(), ['reader', '--pty', '--link', pad]);
    const printer = start(quickSim(), ['printer', '--link', lp], { input: 'paper out\n' });
    const port = (await hsm.until(/127\.0\.0\.1:\d+/)).split(':').at(-1);
    await Promise.all([chip.until(/\/pad\n/), printer.until(/\/lp\n/)]);
    const kiosk = (more: string) =>
      `extends: shipped:sites/ningbo.yaml
guides: shipped:sites/ningbo-guides
kiosk: { id: K09, place: '00019001' }
contactless: { path: ${pad} }
printer: { kind: serial, path: ${lp} }
ssc: { keys: hsm, hsm: { port: ${port}, tls: false${more} } }
`;
    writeFileSync(file, kiosk(''));
    const asked = await run(bundle(), ['doctor', '--config', file]);
    assert.is(asked.code, 1);
    assert.match(asked.out, /good {5}contactless: the reader answers: PN532/);
    assert.match(asked.out, /bad {6}printer: it cannot print: no paper\n/);
    assert.match(asked.out, /good {5}HSM: connected to 127\.0\.0\.1:\d+\n/);

    writeFileSync(file, kiosk(', ca_file: /nope.pem').replace('tls: false', 'tls: true'));
    const without = await run(bundle(), ['doctor', '--config', file]);
    assert.match(without.out, /bad {6}HSM: ssc\.hsm\.ca_file: ENOENT/);
    for (const each of [hsm, chip, printer]) {
      each.kill('SIGTERM');
      assert.is((await each.ended).code, 0);
    }
  },
  60_000,
);

doctor.test('GIVEN a wrong configuration THEN exit 2 and the place in the file', async () => {
  const file = `${scratch()}/lane.yaml`;
  writeFileSync(file, 'extends: shipped:lanes/flat.yaml\nlane: { kind: flatt }\n');
  const { code, out, err } = await run(bundle(), ['doctor', '--config', file]);
  assert.equal([code, out], [2, '']);
  assert.match(err, /lane\.yaml:2:15: lane\.kind/);
});

doctor.after(killAll);
doctor.run();
