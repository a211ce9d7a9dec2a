/** What a lane does with lists: `tapway blacklist import`, `status`, `check` and `verify` */

import type { LaneConfig } from '../../config/schema.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';
import { type Active, type Chain, openKept, readActive } from '../blacklist/archive.ts';
import { type Answer, answerOf } from '../blacklist/blacklist.ts';
import { type Imported, importList } from '../blacklist/import.ts';
import { LIST_NAMES, type ListHeader, type ListName } from '../blacklist/list-file/header.ts';
import { cardKey } from '../blacklist/list-file/lines.ts';
import { type ListFile, readListHeader } from '../blacklist/list-file/read.ts';
import { verifyStore } from '../blacklist/store.ts';
import { Table } from '../blacklist/table.ts';
import { listDirectory, trustedKeys } from '../stores.ts';
import type { ExitCode, Io } from './io.ts';

/** What these commands need of a lane's configuration. */
export type Lane = Pick<LaneConfig, 'data_dir' | 'lists'>;

const HOUR_MS = 3_600_000;

/**
 * Brings a signed list, of whatever kind, into force; a running lane takes it over at once. With
 * `replace` also a full list of a lower version than the one in force, if it was issued later.
 */
export async function blacklistImport(
  io: Io,
  file: string,
  lane: Lane & { readonly replace?: boolean },
): Promise<ExitCode> {
  const { disk, clock } = io;
  const trust = trustedKeys(lane.lists);
  if (!trust.ok) return refuse(io, trust.fault.detail);
  if (trust.value.length === 0) {
    return refuse(io, 'lists.trusted_keys is empty: name the key of the office that signs lists');
  }
  const began_ms = clock.now_ms();
  const header = await readListHeader(disk, file);
  if (!header.ok) return refuse(io, header.fault.detail);
  const { list } = header.value;
  const done = await importList({
    ...{ disk, list, file, trust: trust.value, exact_max: lane.lists.exact_max },
    ...{ directory: listDirectory(lane.data_dir, list), replace: lane.replace },
  });
  if (!done.ok) return refuse(io, `${done.fault.detail}; what was in force stays in force`);
  const seconds = (clock.now_ms() - began_ms) / 1_000;
  for (const line of told(list, done.value, seconds)) io.out(line);
  return 0;
}

function told(list: ListName, imported: Imported, seconds: number): string[] {
  const { version, total, count, store, fresh } = imported;
  const place = store ? `in LevelDB, ${store}` : 'in memory';
  const rate = Math.round(count / Math.max(seconds, 0.001));
  return [
    `${list} ${version} ${fresh ? 'is' : 'was already'} in force: ${total} entries, ${place}`,
    `${count} entries read in ${seconds.toFixed(1)} s, ${rate} a second`,
  ];
}

/** Says which lists are in force. Exit 1: one is damaged, or the blacklist is missing or stale. */
export async function blacklistStatus(io: Io, lane: Lane): Promise<ExitCode> {
  let code: ExitCode = 0;
  for (const list of LIST_NAMES) {
    const directory = listDirectory(lane.data_dir, list);
    const active = await readActive(io.disk, directory);
    const last = active.ok && active.value ? await lastOf(io, directory, active.value) : null;
    const lines = active.ok ? describeList(io, lane, { list, active: active.value, last }) : null;
    for (const line of lines?.text ?? [`${list}: NOT IN ORDER, ${faultIn(active)}`]) io.out(line);
    if (!lines?.good) code = 1;
  }
  return code;
}

interface Described {
  readonly list: ListName;
  readonly active: Active | null;
  /** A text says what is wrong. */
  readonly last: { header: ListHeader; keyId: string } | string | null;
}

function describeList({ clock }: Io, { lists }: Lane, { list, active, last }: Described) {
  const matters = list === 'blacklist';
  if (!active || !last) return { good: !matters, text: [`${list}: none was ever imported`] };
  if (typeof last === 'string') return { good: false, text: [`${list}: NOT IN ORDER, ${last}`] };
  const { header, keyId } = last;
  const age_hours = (clock.wall_ms() - Date.parse(header.issued)) / HOUR_MS;
  const stale = matters && age_hours > lists.max_age_hours;
  const age = `${age_hours.toFixed(1)} hours ago${stale ? ', STALE' : ''}`;
  const { chain, store, previous } = active;
  return {
    good: !stale,
    text: [
      `${list}: version ${active.version}, ${header.total} entries`,
      `  issued ${header.issued}, ${age}`,
      `  signed by key ${keyId}${trusts(lists, keyId) ? '' : ', NO LONGER TRUSTED'}`,
      `  ${chain.map(({ file }) => file).join(' + ')}, ${store ?? 'in memory'}`,
      `  ${previous ? `version ${previous.version}, the one before, is kept` : 'none before it'}`,
    ],
  };
}

/** Is this card listed? Reads the kept files themselves; the store is not asked. */
export async function blacklistCheck(io: Io, serial: string, lane: Lane): Promise<ExitCode> {
  if (!/^([0-9A-Fa-f]{20}|[0-9A-Fa-f]{32})$/.test(serial)) {
    return refuse(
      io,
      'a card is named by its card id, 32, or its application serial, 20 hex digits',
    );
  }
  const { answer, version } = await lookUp(io, lane, Buffer.from(cardKey(serial), 'hex'));
  switch (answer.kind) {
    case 'absent':
      return bad(io, 'no blacklist was ever imported');
    case 'unreadable':
      return bad(io, answer.detail);
    case 'clear':
      io.out(`${serial} is clear, by version ${version}`);
      return 0;
    case 'listed':
      io.out(`${serial} is listed, by version ${version}: ${answer.reason}`);
      return 1;
  }
}

interface Looked {
  readonly answer: Answer | { readonly kind: 'absent' };
  /** 0 where no list could be opened. */
  readonly version: number;
  /** When the newest file of it was issued; null where none could be opened. */
  readonly issued: string | null;
}

/** Asks the kept files themselves, whoever else has the list open. @param card 10 bytes */
export async function lookUp(
  { disk }: Pick<Io, 'disk'>,
  { data_dir }: Pick<Lane, 'data_dir'>,
  card: Buffer,
): Promise<Looked> {
  const directory = listDirectory(data_dir, 'blacklist');
  const active = await readActive(disk, directory);
  if (!active.ok) return unreadable(active.fault.detail);
  if (!active.value) return { answer: { kind: 'absent' }, version: 0, issued: null };
  let found = 0;
  let issued: string | null = null;
  for (const kept of active.value.chain) {
    const file = await openKept({ disk, directory }, kept);
    if (!file.ok) return unreadable(file.fault.detail);
    issued = file.value.header.issued;
    try {
      for await (const part of file.value.entries())
        found = new Table(part, 11).find(card) ?? found;
    } finally {
      await file.value.close();
    }
  }
  const answer = answerOf(found);
  if (!answer) return unreadable('an entry with an unknown value');
  return { answer, version: active.value.version, issued };
}

function unreadable(detail: string): Looked {
  return { answer: { kind: 'unreadable', detail }, version: 0, issued: null };
}

/** Reads everything that is stored and compares it with its check values. Exit 1: damage. */
export async function blacklistVerify(io: Io, lane: Lane): Promise<ExitCode> {
  let found = 0;
  let damaged = 0;
  for (const list of LIST_NAMES) {
    const directory = listDirectory(lane.data_dir, list);
    const active = await readActive(io.disk, directory);
    if (active.ok && !active.value) continue;
    found += 1;
    const wrong = active.ok ? await damageIn(io, directory, active.value) : [active.fault.detail];
    for (const detail of wrong) io.out(`DAMAGED ${list}: ${detail}`);
    if (wrong.length === 0)
      io.out(`IN ORDER: ${list} version ${active.ok && active.value?.version}`);
    else damaged += 1;
  }
  if (found === 0) return refuse(io, `${lane.data_dir}: no list was ever imported`);
  return damaged > 0 ? 1 : 0;
}

async function damageIn(io: Io, directory: string, active: Active | null): Promise<string[]> {
  const wrong = new Set<string>();
  for (const chain of [active, active?.previous]) {
    if (!chain) continue;
    for (const kept of chain.chain) {
      const file = await openKept({ disk: io.disk, directory }, kept);
      if (file.ok) await file.value.close();
      else wrong.add(file.fault.detail);
    }
    if (!chain.store) continue;
    const [{ sm3 }] = chain.chain;
    const store = await verifyStore(io.disk, `${directory}/${chain.store}`, sm3);
    if (!store.ok) wrong.add(store.fault.detail);
  }
  return [...wrong];
}

/** Header and signer of the last file, or what is wrong with the chain or its store. */
async function lastOf(
  { disk }: Io,
  directory: string,
  { chain, store }: Chain,
): Promise<{ header: ListHeader; keyId: string } | string> {
  let last: ListFile | null = null;
  for (const kept of chain) {
    const file = await openKept({ disk, directory }, kept);
    if (!file.ok) return file.fault.detail;
    await file.value.close();
    last = file.value;
  }
  const sealed = store && (await verifyStore(disk, `${directory}/${store}`, chain[0].sm3));
  if (sealed && !sealed.ok) return sealed.fault.detail;
  return last ? { header: last.header, keyId: last.keyId ?? '' } : 'no files';
}

function trusts(lists: LaneConfig['lists'], keyId: string): boolean {
  const trust = trustedKeys(lists);
  return trust.ok && trust.value.some(({ id }) => id.toString('hex') === keyId);
}

function faultIn(reply: Reply<unknown>): string {
  return reply.ok ? '' : reply.fault.detail;
}

function bad(io: Io, detail: string): ExitCode {
  io.out(`NOT IN ORDER: ${detail}`);
  return 1;
}

function refuse(io: Io, detail: string): ExitCode {
  io.err(detail);
  return 2;
}
