/**
 * Draws a machine as a statechart: MachineGraph → DOT → SVG. Nodes carry ids (see
 * `stateId`), so that the page can mark the active state with a class. Transitions between the same
 * two states share one arrow; those that stay in their state are left out, since the picture would
 * not change.
 */

import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { GraphState, GraphTransition, MachineGraph } from '../../controller/ops/graph.ts';
import { stateId } from './state.ts';

export interface Chart {
  readonly name: string;
  readonly svg: string;
  readonly transitions: readonly GraphTransition[];
}

/** How a chart is laid out. */
export interface Layout {
  readonly direction: 'LR' | 'TB';
  /** Are events written beside the arrows? */
  readonly labels: boolean;
}

/** Where the page shows a chart, in CSS pixels and so about as many points. */
const BOX = { width: 372, height: 250 };
/** A chart that must shrink below this to show its events is drawn larger without them. */
const LEGIBLE_SCALE = 0.85;
/** Arrows with more events than this say how many more there are. */
const EVENTS_SHOWN = 2;

export async function drawCharts(machines: readonly MachineGraph[]): Promise<Chart[]> {
  const graphviz = await Graphviz.load();
  return machines.map((machine) => {
    const best = (labels: boolean) =>
      (['LR', 'TB'] as const)
        .map((direction) => clean(graphviz.dot(toDot(machine, { direction, labels }))))
        .reduce((one, other) => (scaleOf(other) > scaleOf(one) ? other : one));
    const labelled = best(true);
    const svg = scaleOf(labelled) >= LEGIBLE_SCALE ? labelled : best(false);
    return { name: machine.name, svg, transitions: machine.transitions };
  });
}

function toDot(machine: MachineGraph, { direction, labels }: Layout): string {
  const lines = [
    `digraph ${quote(machine.name)} {`,
    `graph [rankdir=${direction} nodesep=0.14 ranksep=${labels ? 0.24 : 0.14} pad=0.04 margin=0`,
    '  bgcolor=transparent compound=true fontname="Helvetica" fontsize=9',
    '  style=rounded labeljust=l]',
    'node [shape=box style=rounded fontname="Helvetica" fontsize=10 height=0.25 width=0.3',
    '  margin="0.07,0.03"]',
    'edge [fontname="Helvetica" fontsize=8 arrowsize=0.5]',
    ...boxes(machine, null),
    ...arrows(machine, labels),
    '}',
  ];
  return lines.join('\n');
}

/** The children of `parent`, each a box or, with children of its own, a frame. */
function boxes(machine: MachineGraph, parent: string | null): string[] {
  return machine.states
    .filter((state) => state.parent === parent)
    .flatMap((state) => {
      const id = quote(stateId(machine.name, state.id));
      const start = state.initial ? startDot(machine, state) : [];
      const label = quote(state.id.split('.').at(-1) ?? state.id);
      const inner = boxes(machine, state.id);
      if (inner.length === 0) {
        const rim = state.final ? ' peripheries=2' : '';
        return [...start, `${quote(state.id)} [id=${id} class="state" label=${label}${rim}]`];
      }
      const frame = quote(`cluster ${state.id}`);
      const frameLine = `subgraph ${frame} {`;
      return [...start, frameLine, `id=${id} class="state" label=${label} margin=7`, ...inner, '}'];
    });
}

function startDot(machine: MachineGraph, state: GraphState): string[] {
  const dot = quote(`start of ${state.parent ?? machine.name}`);
  return [
    `${dot} [shape=point width=0.07 class="start" label=""]`,
    `${dot} -> ${quote(leafOf(machine, state.id))} [${end('lhead', machine, state.id)}]`,
  ];
}

function arrows(machine: MachineGraph, labels: boolean): string[] {
  const merged = new Map<string, GraphTransition[]>();
  for (const transition of machine.transitions) {
    if (transition.from === transition.to || transition.to === '*') continue;
    const key = `${transition.from} → ${transition.to}`;
    merged.set(key, [...(merged.get(key) ?? []), transition]);
  }
  const lines: string[] = [];
  for (const group of merged.values()) {
    const [first] = group;
    if (!first) continue;
    const from = first.from === '*' ? '*' : leafOf(machine, first.from);
    const attributes = [
      labels ? `label=${quote(labelOf(group))}` : '',
      end('ltail', machine, first.from),
      end('lhead', machine, first.to),
    ];
    lines.push(`${quote(from)} -> ${quote(leafOf(machine, first.to))} [${attributes.join(' ')}]`);
  }
  if (machine.transitions.some((each) => each.from === '*' && each.to !== '*')) {
    lines.push('"*" [shape=plain class="any" label="any state" fontsize=9]');
  }
  return lines;
}

/** An arrow at a frame is drawn to a box in it and cut off at the rim. */
function end(side: 'lhead' | 'ltail', machine: MachineGraph, state: string): string {
  return leafOf(machine, state) === state ? '' : `${side}=${quote(`cluster ${state}`)}`;
}

function leafOf(machine: MachineGraph, state: string): string {
  const inner = machine.states.filter((each) => each.parent === state);
  const first = inner.find((each) => each.initial) ?? inner[0];
  return first ? leafOf(machine, first.id) : state;
}

function labelOf(group: readonly GraphTransition[]): string {
  const words = [
    ...new Set(group.map(({ event, guard }) => (guard ? `${event} [${guard}]` : event))),
  ];
  const shown = words.slice(0, EVENTS_SHOWN);
  const more = words.length - shown.length;
  return [...shown, ...(more > 0 ? [`+ ${more} more`] : [])].map((word) => ` ${word} `).join('\n');
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function scaleOf(svg: string): number {
  const [, width, height] = /width="([\d.]+)pt" height="([\d.]+)pt"/.exec(svg) ?? [];
  return Math.min(BOX.width / Number(width), BOX.height / Number(height));
}

/** Only the picture: no XML prologue, no comments, none of Graphviz's own tooltips. */
function clean(svg: string): string {
  return svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<title>[\s\S]*?<\/title>\n?/g, '');
}
