/**
 * The stage around the simulated kiosk: a tray of people's cards, a slot and a pad to put them,
 * paper that comes out, and what may go wrong.
 */

import type { Source } from '../../controller/web/push.ts';
import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import type { Person } from '../card/people.ts';
import { drawPaper } from '../printer/picture.ts';
import type { Equipment } from './equipment.ts';
import type { Place, StageCommand, StageState, TrayPerson } from './state.ts';

const HONESTY = [
  {
    en: 'People, cards, keys and the HSM are synthetic. The kiosk is the real program.',
    'zh-CN': '人员、卡片、密钥和加密机均为虚构；自助机是真实的程序。',
  },
  {
    en: 'Slot: at the reader port; pcscd itself is not in this picture. Radio is not modelled.',
    'zh-CN': '插卡口在读卡器接口处模拟，不经过 pcscd;射频未模拟。',
  },
];

/** The PN532 needs a moment with an empty field to see that a card has left. */
const PUT_MS = 120;
const DEBIT = 0x54;

export interface Stage extends Source {
  state(): StageState;
  command(command: StageCommand): void;
  /** The paper as a picture (SVG). */
  paper(): string;
}

export interface StageOptions {
  readonly site: string;
  readonly kiosk: string;
  readonly people: readonly Person[];
  readonly equipment: Equipment;
  readonly clock: Clock;
  /** Called when a card leaves: what it remembers is to be kept. */
  readonly settled: () => void;
}

export function createStage(options: StageOptions): Stage {
  const { people, equipment, clock, settled } = options;
  const { field, slot, printer } = equipment;
  const places = new Map<string, Place>();
  const listeners = new Set<() => void>();
  let tears = false;
  let paper = 0;
  let putting: Timer = null;

  printer.onChange(() => {
    paper += 1;
    changed();
  });
  // A card that tears itself away lies on the tray again.
  field.onChange(() => {
    for (const { id, contactless } of people) {
      const there = contactless !== null && field.targets().includes(contactless);
      if (places.get(id) === 'pad' && !there) {
        places.set(id, 'tray');
        tears = false;
      }
    }
    changed();
  });

  return {
    state,
    command,
    paper: () => drawPaper(printer.paper),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  function changed(): void {
    for (const listener of listeners) listener();
  }

  function command(asked: StageCommand): void {
    switch (asked.type) {
      case 'put':
        put(asked.person, asked.place);
        break;
      case 'fault':
        equipment.setFault(asked.fault, asked.on);
        break;
      case 'tear':
        tears = asked.on;
        field.clearTears();
        if (tears) field.tearNext({ ins: DEBIT, moment: 'after' });
        break;
      case 'tidy':
        printer.power(false);
        printer.power(!equipment.faults.has('printer-off'));
        break;
    }
    changed();
  }

  /** One card in the slot; on the pad as many as one likes. */
  function put(id: string, place: Place): void {
    const person = people.find((each) => each.id === id);
    if (!person) return;
    const from = places.get(id) ?? 'tray';
    if (from === place) return;
    takeAway(person, from);
    clock.clearTimeout(putting);
    if (place === 'tray') return;
    const other = people.find((each) => place === 'slot' && places.get(each.id) === 'slot');
    if (other) takeAway(other, 'slot');
    putting = clock.setTimeout(() => lay(person, place), PUT_MS);
  }

  function lay(person: Person, place: Place): void {
    const { id, contact, contactless } = person;
    if (place === 'slot' && contact) slot.insert(contact);
    else if (place === 'pad' && contactless) field.enter(contactless);
    // A card without this face may lie there, and nothing will happen.
    places.set(id, place);
    changed();
  }

  function takeAway({ id, contactless }: Person, from: Place): void {
    places.set(id, 'tray');
    if (from === 'slot') slot.pull();
    if (from === 'pad' && contactless) field.leave(contactless);
    settled();
  }

  function state(): StageState {
    return {
      ...{ site: options.site, kiosk: options.kiosk, honesty: HONESTY, tears, paper },
      people: people.map(viewOf),
      faults: [...equipment.faults],
    };
  }

  function viewOf({ id, name, note, contact, contactless, card }: Person): TrayPerson {
    return {
      ...{ id, name, note, place: places.get(id) ?? 'tray' },
      faces: { slot: contact !== null, pad: contactless !== null },
      balance_fen: card?.purse?.balance_fen ?? null,
    };
  }
}
