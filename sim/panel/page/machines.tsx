import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Chart } from '../chart.ts';
import { type PanelState, stateId } from '../state.ts';
import { charts } from './live.ts';
import { words } from './words.ts';

const chosen = signal<string | null>(null);

/** One statechart at a time; the tabs tell the active state of all. */
export function Machines({ now }: { now: PanelState }) {
  const all = charts.value;
  const shown = all.find((each) => each.name === chosen.value) ?? all[0];
  return (
    <section class="panel machines" aria-labelledby="machines-title">
      <h2 id="machines-title">{words.value.machines}</h2>
      <div class="tabs" role="tablist" aria-labelledby="machines-title" onKeyDown={walkTabs}>
        {all.map(({ name }) => (
          <button
            type="button"
            key={name}
            role="tab"
            id={`tab-${name}`}
            data-testid={`tab-${name}`}
            aria-selected={name === shown?.name}
            aria-controls="chart"
            tabIndex={name === shown?.name ? 0 : -1}
            onClick={() => {
              chosen.value = name;
            }}
          >
            {name}
            <small data-testid={`active-${name}`}>{now.active[name]?.at(-1) ?? '–'}</small>
          </button>
        ))}
      </div>
      {shown && (
        <div
          class="tabpanel"
          id="chart"
          role="tabpanel"
          data-testid="chart"
          aria-labelledby={`tab-${shown.name}`}
        >
          <Picture key={shown.name} chart={shown} active={now.active[shown.name] ?? []} />
          <Moves chart={shown} active={now.active[shown.name] ?? []} />
        </div>
      )}
    </section>
  );
}

function Picture({ chart, active }: { chart: Chart; active: readonly string[] }) {
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const lit = new Set(active.flatMap(withParents).map((path) => stateId(chart.name, path)));
    for (const node of frame.current?.querySelectorAll('.state') ?? []) {
      node.classList.toggle('active', lit.has(node.id));
    }
  }, [chart, active.join()]);
  return (
    <div
      class="chart"
      aria-hidden="true"
      ref={frame}
      dangerouslySetInnerHTML={{ __html: chart.svg }}
    />
  );
}

/** Where the active state may go from here, in words; the picture may have no room for them. */
function Moves({ chart, active }: { chart: Chart; active: readonly string[] }) {
  const here = new Set(['*', ...active.flatMap(withParents)]);
  const ways = new Map<string, string[]>();
  for (const { from, to, event, guard } of chart.transitions) {
    if (!here.has(from) || to === '*' || here.has(to)) continue;
    ways.set(to, [...(ways.get(to) ?? []), guard ? `${event} [${guard}]` : event]);
  }
  return (
    <p class="moves" data-testid="moves">
      {words.value.next}
      {[...ways].map(([to, events]) => (
        <span key={to} title={events.join(', ')}>
          {brief(events)} → <b>{to}</b>
        </span>
      ))}
    </p>
  );
}

function brief(events: readonly string[]): string {
  const shown = events.slice(0, 2).join(', ');
  return events.length > 2 ? `${shown}, +${events.length - 2}` : shown;
}

/** `open.obstructed` → `open`, `open.obstructed`. */
function withParents(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}

/** Arrow keys move between tabs, as screen reader users expect. */
function walkTabs(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')];
  const here = tabs.findIndex((tab) => tab.ariaSelected === 'true');
  const next = tabs[(here + step + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}
