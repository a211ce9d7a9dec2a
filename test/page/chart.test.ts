import * as assert from 'uvu/assert';
import type { MachineGraph } from '../../controller/ops/graph.ts';
import { drawCharts } from '../../sim/panel/chart.ts';
import { stateId } from '../../sim/panel/state.ts';
import { feature } from '../kit/feature.ts';
import { createFakeWorld } from './fake-world.ts';

const chart = feature('statecharts');

chart.test('GIVEN the machines WHEN drawn THEN every state is in its picture, once', async () => {
  const { machines } = createFakeWorld();
  const charts = await drawCharts(machines);
  assert.equal(
    charts.map(({ name }) => name),
    machines.map(({ name }) => name),
  );
  for (const machine of machines) {
    const drawn = charts.find(({ name }) => name === machine.name)?.svg ?? '';
    const svg = drawn.replaceAll('&#45;', '-');
    for (const { id } of machine.states) {
      assert.is(svg.split(`id="${stateId(machine.name, id)}"`).length, 2, `${machine.name} ${id}`);
    }
  }
});

chart.test(
  'GIVEN a chart WHEN it goes to a page THEN it holds no script, style or link',
  async () => {
    for (const { svg } of await drawCharts(createFakeWorld().machines)) {
      assert.match(svg, /^<svg /);
      assert.not.match(svg, /<script|<style|style=|href|<title|on\w+=/);
    }
  },
);

chart.test(
  'GIVEN names with quotes, angles and newlines WHEN drawn THEN they are only text',
  async () => {
    const nasty = 'a"]; b [label="<script>\\\n';
    const machine: MachineGraph = {
      name: nasty,
      states: [
        { id: nasty, parent: null, initial: true, final: false },
        { id: 'end', parent: null, initial: false, final: true },
      ],
      transitions: [{ from: nasty, to: 'end', event: nasty, guard: nasty }],
    };
    const [drawn] = await drawCharts([machine]);
    assert.not.match(drawn?.svg ?? '', /<script/);
    assert.is((drawn?.svg ?? '').split('class="node state"').length, 3);
  },
);

chart.test(
  'GIVEN a machine with few arrows WHEN drawn THEN its events stand beside them',
  async () => {
    const [lane] = await drawCharts(createFakeWorld().machines);
    assert.match(lane?.svg ?? '', /READER_LOST/);
    assert.match(lane?.svg ?? '', /any state/);
  },
);

chart.run();
