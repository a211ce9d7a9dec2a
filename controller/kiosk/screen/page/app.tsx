import { useEffect } from 'preact/hooks';
import type { KioskView } from '../../view.ts';
import { Icon } from './art.tsx';
import { Header } from './header.tsx';
import { locale, send, view } from './live.ts';
import { Button, Dialog, Notice } from './parts.tsx';
import { PrintDialog } from './screens/print.tsx';
import { ScreenOf } from './screens/screen.tsx';
import { words } from './words.ts';

export function App() {
  const now = view.value;
  useEffect(() => {
    const page = document.documentElement;
    page.lang = locale.value;
    page.classList.toggle('elder', now?.elder ?? false);
    page.classList.toggle('contrast', now?.highContrast ?? false);
    document.title = now?.site.name ?? 'tapway';
  });
  return now ? <Kiosk now={now} /> : <Connecting />;
}

function Connecting() {
  const { connecting, connectingHint } = words.value;
  return (
    <main class="screen">
      <Notice
        id="connecting"
        tone="calm"
        icon={<Icon name="work" />}
        advice={{ title: connecting, lines: [connectingHint] }}
      />
    </main>
  );
}

function Kiosk({ now }: { readonly now: KioskView }) {
  const { screen, notice } = now;
  return (
    <>
      <header>
        <Header now={now} />
        <Steps now={now} />
        {notice && (
          <p class="banner" role="alert" data-testid="notice">
            {notice.text}
          </p>
        )}
      </header>
      <main class={`screen on-${screen.kind}`} data-testid="screen" data-screen={screen.kind}>
        <ScreenOf now={now} key={screen.kind} />
      </main>
      <Footer now={now} />
      {now.preview && <PrintDialog preview={now.preview} canPrint={now.canPrint} />}
      {now.clearsIn_s !== null && <StillThere seconds={now.clearsIn_s} />}
    </>
  );
}

const STEP_OF: Readonly<Partial<Record<KioskView['screen']['kind'], number>>> = {
  welcome: 0,
  guide: 0,
  unreadable: 0,
  reading: 0,
  card: 1,
  pin: 1,
  'confirm-pay': 1,
  paying: 1,
  paid: 1,
  printing: 2,
  printed: 2,
  'take-card': 3,
};

function Steps({ now }: { readonly now: KioskView }) {
  const step = STEP_OF[now.screen.kind];
  const { steps, stepsLabel } = words.value;
  if (step === undefined) return null;
  return (
    <ol class="steps" aria-label={stepsLabel}>
      {steps.map((name, index) => (
        <li
          key={name}
          class={index < step ? 'done' : undefined}
          aria-current={index === step ? 'step' : undefined}
        >
          <b aria-hidden="true">{index < step ? '✓' : index + 1}</b>
          {name}
        </li>
      ))}
    </ol>
  );
}

/** What is spoken stands here as well, for those who cannot hear it. */
function Footer({ now }: { readonly now: KioskView }) {
  const text = words.value;
  const quiet = now.screen.kind === 'welcome' || now.screen.kind === 'out-of-service';
  return (
    <footer class="footer">
      <p class="caption" aria-live="polite" data-testid="caption">
        {now.says?.prompt}
      </p>
      <p class="phone">
        {text.help} <b>{now.site.phone}</b>
      </p>
      {quiet && (
        <Button id="staff" look="quiet" onClick={() => send({ type: 'staff' })}>
          {text.staff.open}
        </Button>
      )}
    </footer>
  );
}

function StillThere({ seconds }: { readonly seconds: number }) {
  const { idle, finishNoCard } = words.value;
  const stay = () => send({ type: 'stay' });
  return (
    <Dialog id="idle" title={idle.title} hint={idle.seconds(seconds)} onClose={stay}>
      <Button id="stay" look="main" hot="1" onClick={stay}>
        {idle.stay}
      </Button>
      <Button id="idle-finish" hot="2" onClick={() => send({ type: 'finish' })}>
        {finishNoCard}
      </Button>
    </Dialog>
  );
}
