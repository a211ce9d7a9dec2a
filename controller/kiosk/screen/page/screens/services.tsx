/** The answer to each service: what the card says, its money, its validity. */

import type { Advice, CardView, Service } from '../../../view.ts';
import { Icon } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Rows, Scroll } from '../parts.tsx';
import { dateOf, words, yuan } from '../words.ts';

export function ServicePanel(props: { readonly card: CardView; readonly service: Service }) {
  const { card, service } = props;
  const title = words.value.services[service] ?? '';
  return (
    <>
      <h2 class="panel-title">{title}</h2>
      <Scroll label={title} key={service}>
        <Answer card={card} service={service} />
      </Scroll>
    </>
  );
}

function Answer({ card, service }: { readonly card: CardView; readonly service: Service }) {
  switch (service) {
    case 'information':
      return <Information card={card} />;
    case 'balance':
      return card.purse && <Balance purse={card.purse} />;
    case 'validity':
      return card.validity && <ValidityAnswer validity={card.validity} />;
    case 'insurance':
      return <Insurance rows={card.insurance ?? []} />;
    case 'pay':
      return <Items items={card.items} />;
  }
}

function Information({ card }: { readonly card: CardView }) {
  const text = words.value;
  const { fields } = text;
  const { holder, card: said, bank, purse } = card;
  const state = card.holderState === 'read' ? null : (card.holderState ?? null);
  return (
    <>
      {card.advice && (
        <section class="advice">
          <h3>{card.advice.title}</h3>
          <AdviceLines advice={card.advice} />
        </section>
      )}
      {state && <p class="remark">{text.holderStates[state]}</p>}
      <div class="with-photo">
        <div>
          {holder && (
            <Rows
              rows={[
                [fields.name, holder.name],
                [fields.citizenNumber, holder.citizenNumber],
                [fields.sex, holder.sex && text.sexes[holder.sex]],
                [fields.ethnicGroup, holder.ethnicGroup],
                [fields.birthDate, holder.birthDate],
              ]}
            />
          )}
          {said && (
            <Rows
              rows={[
                [fields.number, said.number],
                [fields.region, said.region],
                [fields.cardClass, said.cardClass && (text.classes[said.cardClass] ?? null)],
                [fields.issuedOn, dateOf(said.issuedOn)],
                [fields.validUntil, dateOf(said.validUntil)],
                [fields.version, said.version],
                [fields.genuine, text.genuine[said.genuine] ?? null],
                [fields.id, said.id],
              ]}
            />
          )}
        </div>
        {card.photo && <img class="photo" src={card.photo} alt={text.photo} />}
      </div>
      {bank && (
        <Rows
          rows={[
            [fields.bank, bank.name],
            [fields.account, bank.account],
            [fields.label, bank.label],
            [fields.expires, bank.expires],
          ]}
        />
      )}
      {purse && !said && <Rows rows={[[fields.serial, purse.serial]]} />}
      {card.warnings.map((warning) => (
        <p class="remark" key={warning}>
          {text.warnings[warning]}
        </p>
      ))}
    </>
  );
}

function AdviceLines({ advice }: { readonly advice: Advice }) {
  const { guide } = advice;
  return (
    <>
      {advice.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {guide && (
        <Button
          id={`guide-${guide.id}`}
          look="choice"
          hot="6"
          onClick={() => send({ type: 'guide', id: guide.id })}
        >
          {guide.title}
        </Button>
      )}
    </>
  );
}

function Balance({ purse }: { readonly purse: NonNullable<CardView['purse']> }) {
  const text = words.value;
  const { fields, tripKinds } = text;
  return (
    <>
      {purse.balance_fen !== null && (
        <p class="balance" data-testid="balance">
          {fields.balance} <b>{yuan(purse.balance_fen)}</b>
        </p>
      )}
      <Rows
        rows={[
          [fields.serial, purse.serial],
          [fields.startsOn, dateOf(purse.startsOn)],
          [fields.endsOn, dateOf(purse.endsOn)],
        ]}
      />
      <h3>{text.trips}</h3>
      {purse.records.length === 0 && <p>{text.noTrips}</p>}
      <table class="trips">
        <tbody>
          {purse.records.map((record) => (
            <tr key={`${record.at}${record.terminal}${record.kind}`}>
              <td>{record.at?.slice(0, 16) ?? '—'}</td>
              <td>{tripKinds[record.kind]}</td>
              <td class="money">{yuan(record.amount_fen)}</td>
              <td class="terminal">
                {text.terminal} {record.terminal}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const TONES = {
  valid: 'good',
  expired: 'bad',
  superseded: 'bad',
  locked: 'bad',
  lost: 'bad',
  unsure: 'ask',
} as const;

function ValidityAnswer({ validity }: { readonly validity: NonNullable<CardView['validity']> }) {
  return (
    <section class="verdict" data-testid="verdict" data-state={validity.state}>
      <Icon name={TONES[validity.state]} />
      <div>
        <h3>{validity.advice.title}</h3>
        <AdviceLines advice={validity.advice} />
      </div>
    </section>
  );
}

function Insurance({ rows }: { readonly rows: NonNullable<CardView['insurance']> }) {
  if (rows.length === 0) return <p>{words.value.insuranceNone}</p>;
  return <Rows rows={rows.map(({ label, value }) => [label, value] as const)} />;
}

function Items({ items }: { readonly items: CardView['items'] }) {
  const text = words.value.pay;
  if (items.length === 0) return <p>{text.none}</p>;
  return (
    <div class="items">
      <h3>{text.title}</h3>
      {items.map(({ id, name, price_fen }) => (
        <Button
          key={id}
          id={`item-${id}`}
          look="choice"
          onClick={() => send({ type: 'pay', item: id })}
        >
          {name} <b class="money">{yuan(price_fen)}</b>
        </Button>
      ))}
    </div>
  );
}
