/** Files of the SSC application: selected and read in whatever form this card wants. */

import { type Command, SW_OK } from '../../card/apdu.ts';
import * as records from '../../card/ssc/records.ts';
import {
  type Directory,
  selectDirectory,
  selectElementary,
  wantsOtherWay,
} from '../../card/ssc/select.ts';
import type { CardTalk } from './card-talk.ts';

export interface FileRead {
  /**
   * `locked`: the card wants an authentication first; `blocked`: application or card are out of
   * use; `failed`: no such file, or none that could be read.
   */
  readonly state: 'read' | 'locked' | 'blocked' | 'failed';
  /** By tag; what could not be read is missing. */
  readonly records: ReadonlyMap<number, Buffer>;
}

/** More records than any file of the standard has. */
const RECORDS_MAX = 16;

export class SscFiles {
  private readonly talk: CardTalk;
  /** The card has answered by tag: a record that it does not find is then not there. */
  private byTag = false;

  constructor(talk: CardTalk) {
    this.talk = talk;
  }

  /** Status word of the last SELECT; null when the card is lost. */
  select(fid: Buffer): Promise<number | null> {
    return this.firstOf(selectElementary(fid), wantsOtherWay);
  }

  /** A directory beside the current one is not found by every card under its file id. */
  enter(directory: Directory): Promise<number | null> {
    const goOn = (sw: number) => wantsOtherWay(sw) || sw === 0x6a82;
    return this.firstOf(selectDirectory(directory), goOn);
  }

  private async firstOf(
    ways: readonly Command[],
    goOn: (sw: number) => boolean,
  ): Promise<number | null> {
    let sw: number | null = null;
    for (const way of ways) {
      sw = (await this.talk.send(way))?.sw ?? null;
      if (sw === null || !goOn(sw)) break;
    }
    return sw;
  }

  async read(fid: Buffer, items: readonly records.Item[]): Promise<FileRead> {
    const selected = await this.select(fid);
    if (selected !== SW_OK) return { state: stateOf(selected), records: new Map() };
    const found = new Map<number, Buffer>();
    for (const item of items) {
      const answer = await this.talk.send(records.readByTag(item));
      if (!answer) break;
      if (answer.sw === SW_OK) {
        this.byTag = true;
        const value = records.parseRecord(answer.data, item.tag);
        if (value) found.set(item.tag, value);
      } else if (found.size === 0 && stateOf(answer.sw) !== 'failed') {
        return { state: stateOf(answer.sw), records: found };
      } else if (!this.byTag && records.wantsOtherForm(answer.sw)) return this.readOtherwise();
    }
    return { state: found.size > 0 ? 'read' : 'failed', records: found };
  }

  /** All records at once, or one by one in the order of their numbers. */
  private async readOtherwise(): Promise<FileRead> {
    const all = await this.talk.data(records.readAll());
    const found = new Map(all ? records.parseRecords(all) : []);
    const atOnce = found.size > 0;
    for (let number = 1; !atOnce && number <= RECORDS_MAX; number++) {
      const record = await this.talk.data(records.readByNumber(number));
      if (!record) break;
      for (const [tag, value] of records.parseRecords(record)) found.set(tag, value);
    }
    return { state: found.size > 0 ? 'read' : 'failed', records: found };
  }
}

function stateOf(sw: number | null): FileRead['state'] {
  if (sw === 0x6982) return 'locked';
  return sw === 0x6985 || sw === 0x9303 || sw === 0x6283 ? 'blocked' : 'failed';
}
