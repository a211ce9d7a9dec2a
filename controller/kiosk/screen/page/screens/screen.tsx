import type { KioskView } from '../../../view.ts';
import { Icon, TakeArt } from '../art.tsx';
import { Notice } from '../parts.tsx';
import { words } from '../words.ts';
import { CardScreen } from './card.tsx';
import { ConfirmPay, Paid, Paying } from './pay.tsx';
import { Pin, ServiceCode } from './pin.tsx';
import { Printed } from './print.tsx';
import { Maintenance } from './staff.tsx';
import { GuideScreen, Unreadable, Welcome } from './welcome.tsx';

export function ScreenOf({ now }: { readonly now: KioskView }) {
  const text = words.value;
  const { screen } = now;
  switch (screen.kind) {
    case 'welcome':
      return <Welcome guides={screen.guides} />;
    case 'guide':
      return <GuideScreen guide={screen.guide} guides={screen.guides} />;
    case 'reading':
      return <Waiting id="reading" title={text.reading.title} hint={text.reading.hint} />;
    case 'card':
      return <CardScreen now={now} card={screen.card} service={screen.service} />;
    case 'unreadable':
      return <Unreadable advice={screen.advice} />;
    case 'pin':
      return <Pin {...screen} />;
    case 'confirm-pay':
      return <ConfirmPay {...screen} />;
    case 'paying':
      return <Paying state={screen.state} item={screen.item} />;
    case 'paid':
      return <Paid {...screen} canPrint={now.canPrint} />;
    case 'printing':
      return <Waiting id="printing" title={text.printing.title} hint={text.printing.hint} />;
    case 'printed':
      return <Printed />;
    case 'take-card':
      return (
        <Notice
          id="take-card"
          tone="good"
          icon={<TakeArt />}
          advice={{ title: text.takeCard.title, lines: [text.takeCard.hint] }}
        />
      );
    case 'out-of-service':
      return (
        <Notice
          id="out-of-service"
          tone="warn"
          icon={<Icon name="warn" />}
          advice={screen.advice}
        />
      );
    case 'service-code':
      return <ServiceCode typed={screen.typed} wrong={screen.wrong} />;
    case 'maintenance':
      return <Maintenance devices={screen.devices} />;
  }
}

function Waiting({ id, title, hint }: { id: string; title: string; hint: string }) {
  return (
    <Notice id={id} tone="calm" icon={<Icon name="work" />} advice={{ title, lines: [hint] }} />
  );
}
