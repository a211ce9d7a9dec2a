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
  30_000,
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
  30_000,
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
