/** Drawings that say the same as the words, for those who do not read them. */

export function InsertArt() {
  return (
    <svg class="art" viewBox="0 0 240 200" aria-hidden="true">
      <rect class="machine" x="20" y="16" width="200" height="70" rx="14" />
      <rect class="slot" x="56" y="60" width="128" height="12" rx="6" />
      <g class="slide-up">
        <CardFace x={66} y={80} upright />
      </g>
    </svg>
  );
}

export function LayArt() {
  return (
    <svg class="art" viewBox="0 0 240 200" aria-hidden="true">
      <rect class="machine" x="30" y="112" width="180" height="76" rx="14" />
      <path
        class="waves"
        d="M96 150a34 34 0 0 1 48 0M106 160a20 20 0 0 1 28 0M116 170a6 6 0 0 1 8 0"
      />
      <g class="slide-down">
        <CardFace x={56} y={14} />
      </g>
    </svg>
  );
}

export function TakeArt() {
  return (
    <svg class="art" viewBox="0 0 240 200" aria-hidden="true">
      <rect class="machine" x="20" y="16" width="200" height="70" rx="14" />
      <rect class="slot" x="56" y="60" width="128" height="12" rx="6" />
      <g class="slide-out">
        <CardFace x={66} y={80} upright />
      </g>
    </svg>
  );
}

function CardFace({ x, y, upright = false }: { x: number; y: number; upright?: boolean }) {
  const [width, height] = upright ? [108, 110] : [128, 82];
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect class="card-face" width={width} height={height} rx="10" />
      <rect class="card-chip" x="14" y="16" width="28" height="22" rx="4" />
      <path
        class="card-lines"
        d={`M14 ${height - 26}h${width - 40}M14 ${height - 14}h${width - 62}`}
      />
      <circle class="card-seal" cx={width - 24} cy="26" r="12" />
    </g>
  );
}

const PATHS = {
  good: 'M12 33l14 14 28-32',
  bad: 'M17 17l32 32M49 17L17 49',
  warn: 'M33 13v26M33 50v3',
  ask: 'M22 25a11 11 0 1 1 15 10c-3 1.500-4 3-4 7M33 51v2',
  work: 'M33 13a20 20 0 1 1-20 20',
  paper: 'M19 11h28v42l-7-5-7 5-7-5-7 5zM26 22h14M26 31h14',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 66 66" aria-hidden="true">
      <circle class="icon-ground" cx="33" cy="33" r="32" />
      <path class="icon-line" d={PATHS[name]} />
    </svg>
  );
}
