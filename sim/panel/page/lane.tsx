import type { PanelState } from '../state.ts';
import { locale, localText, words } from './words.ts';

/** The lane as one sees it when walking towards it. */
export function Lane({ now }: { now: PanelState }) {
  const { sign, barrier } = now;
  const text = words.value;
  const shown = localText(sign.text);
  const open = barrier.position === 'open' || barrier.position === 'opening';
  return (
    <section class={`panel lane light-${sign.light}`} aria-label={text.lane}>
      <div class="display">
        <Glyph sign={sign} />
        <div class="says" role="status" aria-live="polite" lang={locale.value}>
          <p class="title" data-testid="sign-title">
            {shown?.title}
          </p>
          <p class="advice" data-testid="sign-advice">
            {shown?.advice}
          </p>
        </div>
        <p class="sound" data-testid="sound">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M3 8v4h3l4 3.5V4.5L6 8z" />
            {sign.sound === 'none' ? (
              <path class="line" d="m13 8 4 4m0-4-4 4" />
            ) : (
              <path class="line" d="M13 7.5a4 4 0 0 1 0 5M15.5 5.5a7 7 0 0 1 0 9" />
            )}
          </svg>
          {text.sounds[sign.sound]}
        </p>
      </div>
      <Picture open={open} now={now} />
      <p class="captions">
        <span data-testid="barrier" data-position={barrier.position}>
          {text.gate}: <b>{text.positions[barrier.position]}</b>
        </span>
        <span class={barrier.occupied ? 'occupied' : 'free'} data-testid="zone">
          {barrier.occupied ? text.zone : ''}
        </span>
      </p>
    </section>
  );
}

/** A shape beside the colour, for those who do not see the colour. */
function Glyph({ sign: { light, sound } }: Pick<PanelState, 'sign'>) {
  const shapes = {
    off: 'M20 31v.1',
    blue: 'M20 12v12m-6-5 6 6 6-6M13 30h14',
    green: 'M12 21l6 6 11-13',
    amber: 'M20 11v12M20 29v.1',
    red: 'M13 13l14 14M27 13 13 27',
  };
  return (
    <svg class="glyph" viewBox="0 0 40 40" role="img" aria-label={words.value.lights[light]}>
      <circle cx="20" cy="20" r="19" />
      <path d={sound === 'alarm' ? shapes.amber : shapes[light]} />
    </svg>
  );
}

function Picture({ open, now }: { open: boolean; now: PanelState }) {
  const { occupied } = now.barrier;
  return (
    <svg
      class={`picture ${open ? 'is-open' : ''} ${occupied ? 'is-occupied' : ''}`}
      viewBox="0 0 640 262"
      aria-hidden="true"
    >
      <defs>
        <linearGradient id="steel" x1="0" x2="1">
          <stop offset="0" stop-color="#c3ced8" />
          <stop offset=".35" stop-color="#f4f7fa" />
          <stop offset="1" stop-color="#b4c1cc" />
        </linearGradient>
        <linearGradient id="inner" x1="0" x2="1">
          <stop offset="0" stop-color="#93a3b1" />
          <stop offset="1" stop-color="#b9c5cf" />
        </linearGradient>
        <linearGradient id="glass" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stop-color="#bfe6ea" stop-opacity=".85" />
          <stop offset=".5" stop-color="#e9f7f8" stop-opacity=".7" />
          <stop offset="1" stop-color="#9fd3d9" stop-opacity=".85" />
        </linearGradient>
        <linearGradient id="floor" x1="0" x2="0" y1="0" y2="1">
          <stop offset="0" stop-color="#dbe3ea" />
          <stop offset="1" stop-color="#eaf0f4" />
        </linearGradient>
      </defs>
      <rect class="wall" width="640" height="172" />
      <path
        class="tiles"
        d="M0 56h640M0 114h640M107 0v172M213 0v172M320 0v172M427 0v172M533 0v172"
      />
      <rect y="172" width="640" height="90" fill="url(#floor)" />
      <path class="lane-floor" d="M246 172h148l74 90H172z" />
      <path class="zone" d="M226 196h188l20 24H206z" />
      <path class="arrow" d="m320 226 22 14h-12v16h-20v-16h-12z" />
      <Cabinet side="far left" />
      <Cabinet side="far right" />
      <g class="leaf leaf-left">
        <path d="M222 92q0-8 8-8h78q10 0 10 10v110h-96z" />
        <path class="shine" d="M240 96l24 0-20 96h-12z" />
      </g>
      <g class="leaf leaf-right">
        <path d="M418 92q0-8-8-8h-78q-10 0-10 10v110h96z" />
        <path class="shine" d="M366 96h24l-20 96h-12z" />
      </g>
      <Passenger />
      <Cabinet side="left" />
      <Cabinet side="right" />
      <Reader active={now.tray.some((card) => card.inField)} />
    </svg>
  );
}

function Cabinet({ side }: { side: 'left' | 'right' | 'far left' | 'far right' }) {
  const mirrored = side.endsWith('right') ? 'translate(640 0) scale(-1 1)' : undefined;
  if (side.startsWith('far')) {
    return (
      <g class="cabinet" transform={mirrored}>
        <path fill="url(#inner)" d="M206 78q0-8 8-8h10q8 0 12 6l8 12v88l-38 78z" />
      </g>
    );
  }
  return (
    <g class="cabinet" transform={mirrored}>
      <path class="shadow" d="M112 248h112l14 10H104z" />
      <path fill="url(#steel)" d="M122 96q0-26 26-26h38q26 0 26 26v154h-90z" />
      <path class="dark" d="M122 98q0-28 26-28h38q26 0 26 28v10h-90z" />
      <path class="strip" d="M136 124h62" />
      <path class="seam" d="M122 232h90M167 140v80" />
    </g>
  );
}

/** The reader on the right post, and a card held to it. */
function Reader({ active }: { active: boolean }) {
  return (
    <g class={`reader ${active ? 'is-active' : ''}`}>
      <rect class="pad" x="440" y="76" width="66" height="40" rx="9" />
      <g class="waves">
        <path d="M465 92a6 6 0 0 1 0 8M470 88a12 12 0 0 1 0 16M475 84a18 18 0 0 1 0 24" />
      </g>
      <g class="held">
        <rect x="478" y="58" width="60" height="38" rx="5" />
        <rect class="held-chip" x="486" y="70" width="11" height="9" rx="2" />
        <path d="M504 84h26M504 89h17" />
      </g>
    </g>
  );
}

function Passenger() {
  return (
    <g class="passenger">
      <ellipse class="shadow" cx="320" cy="244" rx="44" ry="7" />
      <circle cx="320" cy="52" r="18" />
      <rect x="297" y="77" width="46" height="86" rx="17" />
      <path class="limb" d="M297 93l-9 54M343 93l9 54" />
      <path class="limb leg" d="M309.5 155l-3 80M330.5 155l3 80" />
    </g>
  );
}
