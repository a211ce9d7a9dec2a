import type { PanelState } from '../state.ts';
import { send } from './live.ts';
import { choose, LOCALES, locale, words } from './words.ts';

/** Longer than the anti-passback and recovery windows of the shipped lanes. */
const SKIP_MINUTES = 6;

export function Header({ now }: { now: PanelState }) {
  const { lane, site } = now;
  const text = words.value;
  const mode = modeOf(now);
  const kind = text.kind[lane.kind] ?? lane.kind;
  return (
    <header class="header">
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M10 13a5 5 0 0 1 0 6M15 10a10 10 0 0 1 0 12M20 7a15 15 0 0 1 0 18" />
      </svg>
      <div class="titles">
        <h1>{site}</h1>
        <p>
          {text.simulated} · {text.lane} <b>{lane.id}</b> · {kind} · {lane.place}
        </p>
      </div>
      <span class={`mode mode-${mode}`} data-testid="mode">
        {text.modes[mode] ?? mode}
      </span>
      <div class="switches">
        <Switch
          id="fire"
          label={text.fire}
          on={now.fire}
          flip={(on) => send({ type: 'fire', on })}
        />
        <Switch
          id="maintenance"
          label={text.maintenance}
          on={now.maintenance}
          flip={(on) => send({ type: 'maintenance', on })}
        />
        <Switch
          id="walk"
          label={text.walk}
          on={now.walk ?? true}
          flip={(through) => send({ type: 'walk', through })}
        />
        <button
          type="button"
          class="skip"
          data-testid="skip"
          title={text.skipHint}
          onClick={() => send({ type: 'skip', minutes: SKIP_MINUTES })}
        >
          +{SKIP_MINUTES} min
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring its own frame */}
      <div class="languages" role="group" aria-label={text.language}>
        {LOCALES.map((each) => (
          <button
            type="button"
            key={each}
            lang={each}
            data-testid={`lang-${each}`}
            aria-pressed={locale.value === each}
            onClick={() => choose(each)}
          >
            {each === 'zh-CN' ? '中文' : 'English'}
          </button>
        ))}
      </div>
    </header>
  );
}

/** Fire before maintenance before what the lane's own machine says. */
function modeOf({ fire, maintenance, active }: PanelState): string {
  if (fire) return 'fire';
  if (maintenance) return 'maintenance';
  return active.lane?.[0]?.split('.')[0] ?? 'inService';
}

interface SwitchProps {
  id: string;
  label: string;
  on: boolean;
  flip: (on: boolean) => void;
}

function Switch({ id, label, on, flip }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      class={`switch switch-${id}`}
      data-testid={`switch-${id}`}
      aria-checked={on}
      onClick={() => flip(!on)}
    >
      <span class="knob" aria-hidden="true" />
      {label}
    </button>
  );
}
