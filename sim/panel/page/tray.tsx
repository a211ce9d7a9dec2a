import type { PanelState, TrayCard } from '../state.ts';
import { send } from './live.ts';
import { localText, words, yuan } from './words.ts';

export function Tray({ now }: { now: PanelState }) {
  return (
    <section class="panel tray" aria-labelledby="tray-title">
      <h2 id="tray-title">
        {words.value.tray} <small>{words.value.trayHint}</small>
      </h2>
      <ul>
        {now.tray.map((card) => (
          <li key={card.id}>
            <CardButton card={card} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function CardButton({ card }: { card: TrayCard }) {
  const text = words.value;
  const looks = `look-${card.algorithm ?? 'plain'} gesture-${card.gesture}`;
  return (
    <button
      type="button"
      class={`card ${looks} ${card.inField ? 'in-field' : ''}`}
      data-testid={`tray-${card.id}`}
      title={card.serial ?? undefined}
      onClick={() => send({ type: 'tap', card: card.id })}
    >
      <span class="face">
        <span class="name">{localText(card.name)}</span>
        <Chip />
        <span class="money">{moneyOf(card, text.noPurse)}</span>
        {card.inField ? <span class="field">{text.inField}</span> : <Badges card={card} />}
      </span>
      <span class="note">{localText(card.note)}</span>
    </button>
  );
}

function Badges({ card }: { card: TrayCard }) {
  const mark = { hold: '', tear: '↗', two: '×2' }[card.gesture];
  return (
    <span class="badges">
      {mark && (
        <span class="badge">
          <span aria-hidden="true">{mark}</span>
          <span class="unseen">{words.value.gestures[card.gesture]}</span>
        </span>
      )}
      {card.algorithm && <span class="badge">{card.algorithm.toUpperCase()}</span>}
    </span>
  );
}

function Chip() {
  return (
    <svg class="chip" viewBox="0 0 22 17" aria-hidden="true">
      <rect x=".5" y=".5" width="21" height="16" rx="3" />
      <path d="M.5 6h7v5h-7M21.5 6h-7v5h7M7.5.5v16M14.5.5v16" />
    </svg>
  );
}

/** Two cards at once have two balances, and the card shows neither. */
function moneyOf({ balance_fen, gesture }: TrayCard, noPurse: string): string {
  if (balance_fen !== null) return yuan(balance_fen);
  return gesture === 'two' ? '' : noPurse;
}
