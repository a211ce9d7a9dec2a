import { useEffect, useRef, useState } from 'preact/hooks';
import type { Fault, Place, StageState, TrayPerson } from '../state.ts';
import { FAULTS } from '../state.ts';
import { locale, send, state } from './live.ts';

const WORDS = {
  'zh-CN': {
    tray: '来办事的人',
    hint: '把卡插入，或放到感应区',
    slot: '插卡',
    pad: '感应',
    take: '取回',
    faults: '出点故障',
    tear: '下次扣款时把卡拿走',
    paper: '凭条',
    tidy: '撕下',
    other: 'English',
  },
  en: {
    tray: 'People with their cards',
    hint: 'insert a card, or lay it on the pad',
    slot: 'Insert',
    pad: 'Lay on pad',
    take: 'Take back',
    faults: 'What goes wrong',
    tear: 'Pull the card in the next debit',
    paper: 'Paper',
    tidy: 'Tear off',
    other: '中文',
  },
} as const;

const FAULT_WORDS: Readonly<Record<Fault, Readonly<Record<'zh-CN' | 'en', string>>>> = {
  'paper-out': { 'zh-CN': '没纸', en: 'No paper' },
  'paper-low': { 'zh-CN': '纸快用完', en: 'Paper low' },
  'cover-open': { 'zh-CN': '纸仓盖打开', en: 'Cover open' },
  'cutter-jammed': { 'zh-CN': '切刀卡住', en: 'Cutter jammed' },
  'printer-off': { 'zh-CN': '打印机断电', en: 'Printer off' },
  'slot-unplugged': { 'zh-CN': '插卡口拔掉', en: 'Slot unplugged' },
  'pad-unplugged': { 'zh-CN': '感应区拔掉', en: 'Pad unplugged' },
  'hsm-off': { 'zh-CN': '加密机不应答', en: 'HSM silent' },
};

export function App() {
  const now = state.value;
  if (!now) return null;
  return (
    <main class="stage">
      <Tray now={now} />
      <Kiosk now={now} />
      <Paper now={now} />
    </main>
  );
}

/** The screen of a real kiosk stands upright and has 1080 × 1920 dots: it is shown smaller. */
const SCREEN = { width: 1_080, height: 1_920 };

function Kiosk({ now }: { now: StageState }) {
  const frame = useRef<HTMLElement>(null);
  const [scale, setScale] = useState(0.5);
  useEffect(() => {
    const fit = () => {
      const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
      setScale(Math.min(clientWidth / SCREEN.width, clientHeight / SCREEN.height));
    };
    const watch = new ResizeObserver(fit);
    if (frame.current) watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  const size = {
    width: `${SCREEN.width}px`,
    height: `${SCREEN.height}px`,
    transform: `translateX(-50%) scale(${scale})`,
  };
  return (
    <section class="kiosk" ref={frame}>
      <iframe src={now.kiosk} style={size} title={`${now.site} kiosk`} allow="autoplay" />
    </section>
  );
}

function Tray({ now }: { now: StageState }) {
  const words = WORDS[locale.value];
  return (
    <section class="tray" aria-labelledby="tray-title">
      <header>
        <h1 id="tray-title">{words.tray}</h1>
        <button type="button" class="plain" onClick={turnLanguage}>
          {words.other}
        </button>
      </header>
      <p class="hint">{words.hint}</p>
      <ul>
        {now.people.map((person) => (
          <Card key={person.id} person={person} />
        ))}
      </ul>
    </section>
  );
}

function turnLanguage(): void {
  locale.value = locale.value === 'en' ? 'zh-CN' : 'en';
}

function Card({ person }: { person: TrayPerson }) {
  const { id, name, note, place, balance_fen } = person;
  const words = WORDS[locale.value];
  const move = (to: Place) => () => send({ type: 'put', person: id, place: to });
  return (
    <li class={`card ${place}`} data-testid={`person-${id}`}>
      <strong>{name[locale.value] ?? name.en}</strong>
      <span class="note">{note[locale.value] ?? note.en}</span>
      {balance_fen !== null && <span class="money">¥{(balance_fen / 100).toFixed(2)}</span>}
      <span class="hands">
        {place === 'tray' ? (
          <>
            <button type="button" onClick={move('slot')}>
              {words.slot}
            </button>
            <button type="button" onClick={move('pad')}>
              {words.pad}
            </button>
          </>
        ) : (
          <button type="button" class="take" onClick={move('tray')}>
            {words.take}
          </button>
        )}
      </span>
    </li>
  );
}

function Paper({ now }: { now: StageState }) {
  const words = WORDS[locale.value];
  const text = locale.value;
  return (
    <section class="side" aria-labelledby="paper-title">
      <header>
        <h2 id="paper-title">{words.paper}</h2>
        <button type="button" class="plain" onClick={() => send({ type: 'tidy' })}>
          {words.tidy}
        </button>
      </header>
      <div class="paper">
        <img src={`/paper.svg?${now.paper}`} alt="" />
      </div>
      <h2>{words.faults}</h2>
      <ul class="faults">
        {FAULTS.map((fault) => (
          <li key={fault}>
            <Switch
              name={FAULT_WORDS[fault][text]}
              on={now.faults.includes(fault)}
              turn={(on) => send({ type: 'fault', fault, on })}
            />
          </li>
        ))}
        <li>
          <Switch name={words.tear} on={now.tears} turn={(on) => send({ type: 'tear', on })} />
        </li>
      </ul>
      {now.honesty.map((line) => (
        <p class="hint" key={line.en}>
          {line[text]}
        </p>
      ))}
    </section>
  );
}

function Switch(props: { name: string; on: boolean; turn: (on: boolean) => void }) {
  const { name, on, turn } = props;
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={() => turn(!on)} />
      {name}
    </label>
  );
}
