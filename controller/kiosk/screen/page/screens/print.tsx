import type { Slip } from '../../../view.ts';
import { Icon } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Dialog, Notice } from '../parts.tsx';
import { words } from '../words.ts';

interface PrintProps {
  readonly what: Slip;
  readonly canReveal: boolean;
  readonly onClose: () => void;
}

/** Masked is the first and the main choice; everything else needs a word of consent. */
export function PrintDialog({ what, canReveal, onClose }: PrintProps) {
  const text = words.value;
  const print = (full: boolean) => {
    send({ type: 'print', what, full });
    onClose();
  };
  const full = canReveal && what === 'information';
  return (
    <Dialog id="ask-print" title={text.printAsk.title} hint={text.printAsk.hint} onClose={onClose}>
      <Button id="print-masked" look="main" hot="1" onClick={() => print(false)}>
        {full ? (
          <>
            {text.printAsk.masked}
            <small>{text.printAsk.maskedHint}</small>
          </>
        ) : (
          text.print
        )}
      </Button>
      {full && (
        <Button id="print-full" hot="2" onClick={() => print(true)}>
          {text.printAsk.full}
          <small>{text.printAsk.fullHint}</small>
        </Button>
      )}
      <Button id="print-no" look="quiet" hot="3" onClick={onClose}>
        {text.cancel}
      </Button>
    </Dialog>
  );
}

export function Printed() {
  const text = words.value;
  return (
    <Notice
      id="printed"
      tone="good"
      icon={<Icon name="paper" />}
      advice={{ title: text.printed.title, lines: [text.printed.hint] }}
    >
      <Button id="back" hot="Escape" onClick={() => send({ type: 'back' })}>
        {text.printed.again}
      </Button>
      <Button id="finish" look="main" hot="9" onClick={() => send({ type: 'finish' })}>
        {text.finish}
      </Button>
    </Notice>
  );
}
