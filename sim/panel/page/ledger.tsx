import type { PanelState } from '../state.ts';
import { seenSeq } from './live.ts';
import { words, yuan } from './words.ts';

export function Ledger({ now }: { now: PanelState }) {
  const text = words.value;
  return (
    <section class="panel ledger" aria-labelledby="ledger-title">
      <h2>
        <span id="ledger-title">{text.ledger}</span>
        <small data-testid="ledger-length">
          {now.ledgerLength} {text.records}
        </small>
        <span class="takings">
          {text.takings} <b data-testid="takings">{yuan(now.takings_fen)}</b>
        </span>
      </h2>
      {now.ledger.length === 0 && <p class="empty">{text.noRecords}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list needs the keyboard */}
      <ol class="scroll" tabIndex={0} aria-labelledby="ledger-title">
        {now.ledger.map((row) => (
          <li key={row.seq} class={row.seq > seenSeq.value ? 'fresh' : ''} data-testid="ledger-row">
            <span class="seq">{row.seq}</span>
            <span class={`type type-${row.type}`}>{row.type}</span>
            <span class="text">{row.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
