import { useState } from 'preact/hooks';
import type { CardView, KioskView, Service, Slip } from '../../../view.ts';
import { send } from '../live.ts';
import { Button, Dialog } from '../parts.tsx';
import { words } from '../words.ts';
import { ServicePanel } from './services.tsx';

interface CardProps {
  readonly now: KioskView;
  readonly card: CardView;
  readonly service: Service;
}

/** Left (or on top) what card it is and what can be done with it; beside it the answer. */
export function CardScreen({ now, card, service }: CardProps) {
  const text = words.value;
  const [asking, ask] = useState(false);
  const slip = slipOf(service);
  return (
    <div class="split" data-testid="card">
      <aside class="side">
        <Identity card={card} />
        <nav class="choices">
          {card.services.map((each, index) => (
            <Button
              key={each}
              id={`service-${each}`}
              look="choice"
              hot={String(index + 1)}
              pressed={each === service}
              onClick={() => send({ type: 'service', service: each })}
            >
              {text.services[each]}
            </Button>
          ))}
        </nav>
      </aside>
      <article class="panel">
        <ServicePanel card={card} service={service} />
        <div class="actions">
          {card.canReveal && (
            <Button
              id="reveal"
              hot="7"
              pressed={card.revealed}
              onClick={() => (card.revealed ? send({ type: 'reveal', on: false }) : ask(true))}
            >
              {card.revealed ? text.hide : text.reveal}
            </Button>
          )}
          {slip && (
            <Button
              id="print"
              hot="8"
              disabled={!now.canPrint}
              onClick={() => send({ type: 'preview', what: slip, full: false })}
            >
              {now.canPrint ? text.print : text.noPrinter}
            </Button>
          )}
          <Button id="finish" look="main" hot="9" onClick={() => send({ type: 'finish' })}>
            {card.face === 'contact' ? text.finish : text.finishNoCard}
          </Button>
        </div>
      </article>
      {asking && <RevealDialog onClose={() => ask(false)} />}
    </div>
  );
}

function slipOf(service: Service): Slip | null {
  return service === 'information' || service === 'balance' || service === 'validity'
    ? service
    : null;
}

function Identity({ card }: { readonly card: CardView }) {
  const text = words.value;
  const state = card.validity?.state;
  return (
    <section class={`identity kind-${card.kind}`} data-testid="identity">
      <p class="identity-kind">
        {text.kinds[card.kind]}
        {card.generation && <b>{text.generations[card.generation]}</b>}
      </p>
      <h1>{card.holder?.name ?? card.advice?.title ?? text.kinds[card.kind]}</h1>
      {state && <p class={`pill ${state}`}>{text.validity[state]}</p>}
    </section>
  );
}

function RevealDialog({ onClose }: { readonly onClose: () => void }) {
  const text = words.value;
  const agree = () => {
    send({ type: 'reveal', on: true });
    onClose();
  };
  return (
    <Dialog
      id="ask-reveal"
      title={text.revealAsk.title}
      hint={text.revealAsk.hint}
      onClose={onClose}
    >
      <Button id="reveal-yes" look="main" hot="1" onClick={agree}>
        {text.yes}
      </Button>
      <Button id="reveal-no" hot="2" onClick={onClose}>
        {text.no}
      </Button>
    </Dialog>
  );
}
