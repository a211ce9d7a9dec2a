import type { PayItem, Screen } from '../../../view.ts';
import { Icon, LayArt } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Notice, Rows } from '../parts.tsx';
import { words, yuan } from '../words.ts';

type ConfirmProps = Extract<Screen, { readonly kind: 'confirm-pay' }>;

export function ConfirmPay({ item, balance_fen, again, noReceipt }: ConfirmProps) {
  const { pay, cancel } = words.value;
  return (
    <Notice
      id="confirm-pay"
      tone="calm"
      icon={<p class="price">{yuan(item.price_fen)}</p>}
      advice={{ title: pay.question, lines: [] }}
    >
      <Rows
        rows={[
          [pay.item, item.name],
          [pay.balance, balance_fen === null ? null : yuan(balance_fen)],
        ]}
      />
      {again && <p class="remark">{pay.againAsk}</p>}
      {noReceipt && <p class="remark">{pay.noReceipt}</p>}
      <Button id="confirm" look="main" hot="1" onClick={() => send({ type: 'confirm' })}>
        {pay.confirm} {yuan(item.price_fen)}
      </Button>
      <Button id="back" hot="Escape" onClick={() => send({ type: 'back' })}>
        {cancel}
      </Button>
    </Notice>
  );
}

export function Paying(props: { readonly item: PayItem; readonly state: 'working' | 'tap-again' }) {
  const { pay } = words.value;
  const again = props.state === 'tap-again';
  const lines = [again ? pay.tapAgainHint : pay.workingHint];
  return (
    <Notice
      id={`paying-${props.state}`}
      tone={again ? 'warn' : 'calm'}
      icon={again ? <LayArt /> : <Icon name="work" />}
      advice={{
        title: again ? pay.tapAgain : `${pay.working} ${yuan(props.item.price_fen)}`,
        lines,
      }}
    >
      {again && (
        <Button id="finish" hot="9" onClick={() => send({ type: 'finish' })}>
          {pay.withoutCard}
        </Button>
      )}
    </Notice>
  );
}

const LOOKS = {
  paid: { tone: 'good', icon: 'good' },
  refused: { tone: 'bad', icon: 'bad' },
  uncertain: { tone: 'warn', icon: 'ask' },
} as const;

type PaidProps = Extract<Screen, { readonly kind: 'paid' }> & { readonly canPrint: boolean };

export function Paid({ outcome, item, title, advice, balance_fen, receipt, canPrint }: PaidProps) {
  const { pay, back, finish } = words.value;
  const { tone, icon } = LOOKS[outcome];
  const heading = outcome === 'uncertain' ? title : pay[outcome];
  const lines = outcome === 'refused' ? [title, advice] : [advice];
  return (
    <Notice
      id={`paid-${outcome}`}
      tone={tone}
      icon={<Icon name={icon} />}
      advice={{ title: heading, lines: lines.filter((line) => line !== '') }}
    >
      <Rows
        rows={[
          [pay.item, item.name],
          [pay.price, yuan(item.price_fen)],
          [pay.balance, balance_fen === null ? null : yuan(balance_fen)],
        ]}
      />
      {receipt && (
        <Button
          id="receipt"
          look="main"
          hot="8"
          disabled={!canPrint}
          onClick={() => send({ type: 'preview', what: 'receipt', full: false })}
        >
          {pay.receipt}
        </Button>
      )}
      <Button id="back" hot="Escape" onClick={() => send({ type: 'back' })}>
        {back}
      </Button>
      <Button id="finish" hot="9" onClick={() => send({ type: 'finish' })}>
        {finish}
      </Button>
    </Notice>
  );
}
