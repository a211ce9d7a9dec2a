import type { Preview } from '../../../view.ts';
import { Icon } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Dialog, Notice, Scroll } from '../parts.tsx';
import { words } from '../words.ts';

interface PrintProps {
  readonly preview: Preview;
  readonly canPrint: boolean;
}

/** The slip as it will come out, masked first; everything else needs a word of consent. */
export function PrintDialog({ preview, canPrint }: PrintProps) {
  const text = words.value;
  const { printAsk } = text;
  const { what, full, canFull, picture } = preview;
  const close = () => send({ type: 'back' });
  const paper = (
    <Scroll label={printAsk.preview} picture>
      <img class="slip" src={picture} alt={printAsk.preview} />
    </Scroll>
  );
  return (
    <Dialog
      id="ask-print"
      title={printAsk.title}
      hint={printAsk.hint}
      onClose={close}
      beside={paper}
    >
      <Button
        id="print-go"
        look="main"
        hot="1"
        disabled={!canPrint}
        onClick={() => send({ type: 'print', what, full })}
      >
        {canPrint ? text.print : text.noPrinter}
        {canFull && <small>{full ? printAsk.full : printAsk.masked}</small>}
      </Button>
      {canFull && (
        <Button
          id={full ? 'print-masked' : 'print-full'}
          hot="2"
          onClick={() => send({ type: 'preview', what, full: !full })}
        >
          {full ? printAsk.masked : printAsk.full}
          <small>{full ? printAsk.maskedHint : printAsk.fullHint}</small>
        </Button>
      )}
      <Button id="print-no" look="quiet" hot="3" onClick={close}>
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
