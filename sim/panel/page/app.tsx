import { useEffect } from 'preact/hooks';
import type { PanelState } from '../state.ts';
import { Header } from './header.tsx';
import { Lane } from './lane.tsx';
import { Ledger } from './ledger.tsx';
import { connected, refusal, state } from './live.ts';
import { Machines } from './machines.tsx';
import { LastTap, RecentTaps } from './taps.tsx';
import { Tray } from './tray.tsx';
import { locale, localText, words } from './words.ts';

export function App() {
  const now = state.value;
  useEffect(() => {
    document.documentElement.lang = locale.value;
  }, [locale.value]);
  useEffect(() => {
    if (now) document.title = `tapway · ${now.lane.id} · ${now.site}`;
  }, [now?.lane.id, now?.site]);
  return (
    <>
      <Banner />
      {now ? <Page now={now} /> : <main class="waiting">{words.value.connecting}</main>}
    </>
  );
}

function Banner() {
  const text = state.value && !connected.value ? words.value.disconnected : refusal.value;
  return (
    <div class="banner" role="alert" data-testid="banner" hidden={!text}>
      {text}
    </div>
  );
}

function Page({ now }: { now: PanelState }) {
  return (
    <div class={`page ${connected.value ? '' : 'stale'}`}>
      <Header now={now} />
      <main class="columns">
        <Lane now={now} />
        <Tray now={now} />
        <LastTap now={now} />
        <RecentTaps now={now} />
        <Machines now={now} />
        <Ledger now={now} />
      </main>
      <footer data-testid="honesty">
        <strong>{words.value.honesty}</strong>
        <ul>
          {now.honesty.map((line) => (
            <li key={line.en}>{localText(line)}</li>
          ))}
        </ul>
      </footer>
    </div>
  );
}
