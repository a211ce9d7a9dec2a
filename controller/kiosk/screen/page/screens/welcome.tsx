import type { Advice, Guide, GuideLink } from '../../../view.ts';
import { Icon, InsertArt, LayArt } from '../art.tsx';
import { send } from '../live.ts';
import { Button, Notice, Scroll } from '../parts.tsx';
import { words } from '../words.ts';

export function Welcome({ guides }: { readonly guides: readonly GuideLink[] }) {
  const text = words.value.welcome;
  return (
    <div class="welcome" data-testid="welcome">
      <section class="present">
        <h1>{text.title}</h1>
        <div class="ways">
          <figure>
            <InsertArt />
            <figcaption>{text.insert}</figcaption>
          </figure>
          <figure>
            <LayArt />
            <figcaption>{text.lay}</figcaption>
          </figure>
        </div>
        <p class="hint">{text.hint}</p>
      </section>
      {guides.length > 0 && (
        <section class="guides">
          <h2>{text.guides}</h2>
          <GuideLinks guides={guides} />
        </section>
      )}
    </div>
  );
}

function GuideLinks(props: { readonly guides: readonly GuideLink[]; readonly open?: string }) {
  return (
    <nav class="choices">
      {props.guides.map(({ id, title }, index) => (
        <Button
          key={id}
          id={`guide-${id}`}
          look="choice"
          hot={String(index + 1)}
          pressed={props.open === undefined ? undefined : props.open === id}
          onClick={() => send({ type: 'guide', id })}
        >
          {title}
        </Button>
      ))}
    </nav>
  );
}

export function GuideScreen(props: {
  readonly guide: Guide;
  readonly guides: readonly GuideLink[];
}) {
  const { guide, guides } = props;
  return (
    <div class="split" data-testid="guide">
      <aside class="side">
        <GuideLinks guides={guides} open={guide.id} />
        <Button id="back" hot="Escape" onClick={() => send({ type: 'back' })}>
          {words.value.back}
        </Button>
      </aside>
      <article class="panel">
        <h1>{guide.title}</h1>
        <Scroll label={guide.title} key={guide.id}>
          {guide.sections.map(({ heading, lines }) => (
            <section class="chapter" key={heading}>
              <h2>{heading}</h2>
              <ul>
                {lines.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </section>
          ))}
        </Scroll>
      </article>
    </div>
  );
}

export function Unreadable({ advice }: { readonly advice: Advice }) {
  return (
    <Notice id="unreadable" tone="warn" icon={<Icon name="ask" />} advice={advice}>
      <Button id="back" look="main" hot="Escape" onClick={() => send({ type: 'back' })}>
        {words.value.back}
      </Button>
    </Notice>
  );
}
