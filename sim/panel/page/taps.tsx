import type { PanelState, TapView } from '../state.ts';
import { localText, words, yuan } from './words.ts';

/** The newest tap on a time axis: what ran, when, and beside what. */
export function LastTap({ now }: { now: PanelState }) {
  const text = words.value;
  const [tap] = now.taps;
  return (
    <section class="panel last-tap" aria-labelledby="last-tap-title">
      <h2 id="last-tap-title">
        {text.lastTap}
        {tap && (
          <small class="total" data-testid="tap-total">
            {text.total} <b>{totalOf(tap).toFixed(0)} ms</b>
          </small>
        )}
      </h2>
      {tap ? <Axis tap={tap} now={now} /> : <p class="empty">{text.noTaps}</p>}
    </section>
  );
}

function Axis({ tap, now }: { tap: TapView; now: PanelState }) {
  const text = words.value;
  const total_ms = Math.max(totalOf(tap), 1);
  const step_ms = stepOf(total_ms);
  const end_ms = Math.ceil(total_ms / step_ms) * step_ms;
  const percent = (at_ms: number) => `${(at_ms / end_ms) * 100}%`;
  const ticks = Array.from({ length: Math.round(end_ms / step_ms) + 1 }, (_, i) => i * step_ms);
  return (
    <>
      <p class={`result result-${tap.light}`}>
        <span class="dot" aria-hidden="true" />
        <b>{localText(tap.title) ?? tap.message}</b>
        <span>{cardName(now, tap.card)}</span>
        {tap.amount_fen !== null && <span class="amount">{yuan(tap.amount_fen)}</span>}
      </p>
      {tap.fault && <p class="fault">{tap.fault}</p>}
      <ol class="axis" data-testid="axis">
        {tap.spans.map((span) => (
          <li key={`${tap.id} ${span.name} ${span.from_ms}`} data-testid="span">
            <span class="stage">{span.name}</span>
            <span class="track">
              <span
                class={`bar kind-${kindOf(span.name)}`}
                style={{
                  left: percent(span.from_ms),
                  width: percent(Math.max(span.to_ms - span.from_ms, 0)),
                }}
              />
            </span>
            <span class="took">{(span.to_ms - span.from_ms).toFixed(1)}</span>
          </li>
        ))}
        <li class="ticks" aria-hidden="true">
          <span class="stage">ms</span>
          <span class="track">
            {ticks.map((at_ms) => (
              <span key={at_ms} class="tick" style={{ left: percent(at_ms) }}>
                {at_ms}
              </span>
            ))}
          </span>
          <span class="took" />
        </li>
      </ol>
      <p class="legend" aria-hidden="true">
        {(['card', 'sam', 'disk', 'gate'] as const).map((kind) => (
          <span key={kind}>
            <i class={`kind-${kind}`} /> {text.kinds[kind]}
          </span>
        ))}
      </p>
    </>
  );
}

export function RecentTaps({ now }: { now: PanelState }) {
  const text = words.value;
  return (
    <section class="panel recent" aria-labelledby="recent-title">
      <h2 id="recent-title">{text.recent}</h2>
      {now.taps.length === 0 && <p class="empty">{text.noTaps}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list needs the keyboard */}
      <ol class="scroll" tabIndex={0} aria-labelledby="recent-title">
        {now.taps.map((tap) => (
          <li key={tap.id} class={`result-${tap.light}`} data-testid="tap-row">
            <span class="dot" aria-hidden="true" />
            <b>{localText(tap.title) ?? tap.message}</b>
            <b class="figure">{tap.amount_fen === null ? '' : yuan(tap.amount_fen)}</b>
            <small>
              {tap.at} · {cardName(now, tap.card)}
            </small>
            <small class="figure">
              {tap.balance_fen === null ? '' : text.left(yuan(tap.balance_fen))}
            </small>
          </li>
        ))}
      </ol>
    </section>
  );
}

function cardName(now: PanelState, id: string): string {
  return localText(now.tray.find((card) => card.id === id)?.name) ?? id;
}

function totalOf(tap: TapView): number {
  return Math.max(0, ...tap.spans.map((span) => span.to_ms));
}

/** Four to eight ticks, at round numbers. */
function stepOf(total_ms: number): number {
  const rough = 10 ** Math.floor(Math.log10(total_ms));
  return [rough / 5, rough / 2, rough, rough * 2].find((step) => total_ms / step <= 6) ?? rough;
}

/** Who is at work in a stage, by the field's names of stages. */
function kindOf(stage: string): 'card' | 'sam' | 'disk' | 'gate' {
  if (/8070|8072|sam/i.test(stage)) return 'sam';
  if (/intent|outcome|debited|disk|ledger/i.test(stage)) return 'disk';
  return /open|screen|plan|authorise|confirm/i.test(stage) ? 'gate' : 'card';
}
