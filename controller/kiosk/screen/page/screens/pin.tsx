import type { Key, Screen } from '../../../view.ts';
import { Icon } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Notice } from '../parts.tsx';
import { words } from '../words.ts';

type PinProps = Extract<Screen, { readonly kind: 'pin' }>;

/** Tries left come first; the last one is used only after a yes. */
export function Pin({ triesLeft, typed, lastTry, wrong }: PinProps) {
  const { pin, cancel } = words.value;
  if (lastTry) {
    return (
      <Notice
        id="pin-last"
        tone="bad"
        icon={<Icon name="warn" />}
        advice={{ title: pin.tries(triesLeft), lines: [pin.last] }}
      >
        <Button id="confirm" look="danger" hot="1" onClick={() => send({ type: 'confirm' })}>
          {pin.lastAsk}
        </Button>
        <Button id="back" look="main" hot="Escape" onClick={() => send({ type: 'back' })}>
          {cancel}
        </Button>
      </Notice>
    );
  }
  return (
    <section class="code" data-testid="pin">
      <h1>{pin.title}</h1>
      <p class="tries" data-testid="tries">
        {pin.tries(triesLeft)}
      </p>
      {wrong && (
        <p class="remark" role="alert">
          {pin.wrong}
        </p>
      )}
      <Pad typed={typed} />
      <p class="hint">{pin.hint}</p>
    </section>
  );
}

export function ServiceCode({ typed, wrong }: { readonly typed: number; readonly wrong: boolean }) {
  const { staff } = words.value;
  return (
    <section class="code" data-testid="service-code">
      <h1>{staff.title}</h1>
      {wrong && (
        <p class="remark" role="alert">
          {staff.wrong}
        </p>
      )}
      <Pad typed={typed} />
    </section>
  );
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** The page forgets a digit as soon as it has sent it; dots say how many there are. */
function Pad({ typed }: { readonly typed: number }) {
  const { pin, back } = words.value;
  const press = (key: Key) => () => send({ type: 'key', key });
  return (
    <>
      <p class="dots" role="status" aria-label={pin.typed(typed)} data-testid="dots">
        {'●'.repeat(typed)}
        <i aria-hidden="true">{'○'.repeat(Math.max(0, 6 - typed))}</i>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring its own frame */}
      <div class="pad" role="group" aria-label={pin.pad}>
        {DIGITS.map((digit) => (
          <PadKey key={digit} name={digit} hot={digit} onClick={press(digit)} />
        ))}
        <PadKey name={pin.clear} hot="Backspace" id="clear" onClick={press('clear')} />
        <PadKey name="0" hot="0" onClick={press('0')} />
        <PadKey name={pin.enter} hot="Enter" id="enter" onClick={press('enter')} />
      </div>
      <Button id="back" hot="Escape" onClick={() => send({ type: 'back' })}>
        {back}
      </Button>
    </>
  );
}

interface PadKeyProps {
  readonly name: string;
  readonly hot: string;
  readonly id?: string;
  readonly onClick: () => void;
}

function PadKey({ name, hot, id, onClick }: PadKeyProps) {
  return (
    <button
      type="button"
      class={`key ${id ?? ''}`}
      data-testid={`key-${id ?? name}`}
      data-hot={hot}
      onClick={onClick}
    >
      {name}
    </button>
  );
}
