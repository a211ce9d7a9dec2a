import type { KioskView } from '../../view.ts';
import { send } from './live.ts';
import { LANGUAGES, words } from './words.ts';

/** Always there: what the kiosk is, and how it shows and speaks. */
export function Header({ now }: { readonly now: KioskView }) {
  const text = words.value;
  return (
    <div class="header">
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M10 13a5 5 0 0 1 0 6M15 10a10 10 0 0 1 0 12M20 7a15 15 0 0 1 0 18" />
      </svg>
      <p class="site">{now.site.name}</p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring its own frame */}
      <div class="settings" role="group" aria-label={text.settings}>
        <Switch
          id="elder"
          label={text.elder}
          on={now.elder}
          flip={(on) => send({ type: 'elder', on })}
        />
        <Switch
          id="contrast"
          label={text.contrast}
          on={now.highContrast}
          flip={(high) => send({ type: 'contrast', high })}
        />
        <Switch
          id="sound"
          label={text.sound}
          on={now.sound}
          flip={(on) => send({ type: 'sound', on })}
        />
        {now.locales
          .filter((each) => each !== now.locale)
          .map((each) => (
            <button
              type="button"
              class="setting language"
              key={each}
              lang={each}
              data-testid={`lang-${each}`}
              onClick={() => send({ type: 'language', locale: each })}
            >
              {LANGUAGES[each] ?? each}
            </button>
          ))}
      </div>
    </div>
  );
}

interface SwitchProps {
  readonly id: string;
  readonly label: string;
  readonly on: boolean;
  readonly flip: (on: boolean) => void;
}

function Switch({ id, label, on, flip }: SwitchProps) {
  return (
    <button
      type="button"
      class="setting"
      data-testid={id}
      aria-pressed={on}
      onClick={() => flip(!on)}
    >
      {label}
    </button>
  );
}
