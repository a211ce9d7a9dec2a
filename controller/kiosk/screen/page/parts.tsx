/** The few things that every screen is made of. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Advice } from '../../view.ts';
import { words } from './words.ts';

interface ButtonProps {
  readonly id: string;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  /** The key of the keypad that presses it. */
  readonly hot?: string;
  readonly look?: 'plain' | 'main' | 'choice' | 'quiet' | 'danger';
  readonly disabled?: boolean;
  readonly pressed?: boolean;
}

export function Button({ id, onClick, children, hot, look = 'plain', ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${look}`}
      data-testid={id}
      data-hot={hot}
      disabled={rest.disabled}
      aria-pressed={rest.pressed}
      onClick={onClick}
    >
      {hot && /^\d$/.test(hot) && (
        <span class="hot" aria-hidden="true">
          {hot}
        </span>
      )}
      <span class="words">{children}</span>
    </button>
  );
}

/** One thing to tell, big, with what can be done about it below. */
export function Notice(props: {
  readonly id: string;
  readonly tone: 'calm' | 'good' | 'warn' | 'bad';
  readonly icon: ComponentChildren;
  readonly advice: Advice;
  readonly children?: ComponentChildren;
}) {
  const { id, tone, icon, advice, children } = props;
  return (
    <section class={`notice ${tone}`} data-testid={id}>
      <div class="notice-icon">{icon}</div>
      <h1>{advice.title}</h1>
      {advice.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {children && <div class="actions">{children}</div>}
    </section>
  );
}

/** Rows of label and value; rows without a value are left out. */
export function Rows({ rows }: { readonly rows: readonly (readonly [string, string | null])[] }) {
  return (
    <dl class="rows">
      {rows
        .filter(([, value]) => value !== null && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

const PAGE_SHARE = 0.85;

/** Longer than its place: big buttons turn the page, as nobody finds a scroll bar. */
export function Scroll(props: {
  readonly label: string;
  readonly children: ComponentChildren;
  /** What becomes lower when it becomes narrower: the buttons keep their place, needed or not. */
  readonly picture?: boolean;
}) {
  const { label, children, picture = false } = props;
  const box = useRef<HTMLElement>(null);
  const [place, setPlace] = useState({ above: false, below: false });
  const look = () => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = box.current ?? {};
    const now = { above: scrollTop > 1, below: scrollTop + clientHeight < scrollHeight - 1 };
    setPlace((was) => (was.above === now.above && was.below === now.below ? was : now));
  };
  useEffect(look);
  // Of the window, or of a dialog that opens.
  useEffect(() => {
    const sizes = new ResizeObserver(look);
    if (box.current) sizes.observe(box.current);
    return () => sizes.disconnect();
  }, []);
  const turn = (sign: 1 | -1) =>
    box.current?.scrollBy({ top: sign * PAGE_SHARE * box.current.clientHeight });
  return (
    <div class="scroll">
      <section
        class="scroll-box"
        ref={box}
        onScroll={look}
        onLoadCapture={look}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it
        tabIndex={0}
        aria-label={label}
      >
        {children}
      </section>
      {(picture || place.above || place.below) && (
        <div class="scroll-turn">
          <TurnButton id="less" able={place.above} onClick={() => turn(-1)} />
          <TurnButton id="more" able={place.below} onClick={() => turn(1)} />
        </div>
      )}
    </div>
  );
}

interface TurnProps {
  readonly id: 'less' | 'more';
  readonly able: boolean;
  readonly onClick: () => void;
}

function TurnButton({ id, able, onClick }: TurnProps) {
  return (
    <button
      type="button"
      class="button turn"
      data-testid={id}
      disabled={!able}
      aria-label={words.value[id]}
      onClick={onClick}
    >
      {id === 'less' ? '▲' : '▼'}
    </button>
  );
}

/** Asks before something that cannot be taken back; Escape is no. */
export function Dialog(props: {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** What is asked about, to be looked at. */
  readonly beside?: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.beside ? 'wide' : undefined}
      data-testid={props.id}
      aria-labelledby={`${props.id}-title`}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      {props.beside}
      <div class="question">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        <p>{props.hint}</p>
        <div class="actions stacked">{props.children}</div>
      </div>
    </dialog>
  );
}
