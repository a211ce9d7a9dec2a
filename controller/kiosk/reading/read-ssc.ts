/** The SSC application of one card: environment, issuer's file, holder's file, photo, validity. */

import { SW_OK } from '../../card/apdu.ts';
import { bcdStamp, hexOf } from '../../card/bytes.ts';
import { listKey } from '../../card/ssc/card-id.ts';
import { isCardNumber, isCitizenNumber } from '../../card/ssc/check-digits.ts';
import { regionName } from '../../card/ssc/codes.ts';
import { historicalBytes } from '../../card/ssc/historical.ts';
import {
  HOLDER_FILE,
  HOLDER_ITEMS,
  type HolderFile,
  parseHolderFile,
} from '../../card/ssc/holder-file.ts';
import {
  ISSUER_FILE,
  ISSUER_ITEMS,
  type IssuerFile,
  parseIssuerFile,
} from '../../card/ssc/issuer-file.ts';
import { type Environment, parseEnvironment, selectEnvironment } from '../../card/ssc/select.ts';
import type { CardWarning, Holder, SscReport } from '../report.ts';
import type { CardTalk } from './card-talk.ts';
import { readPhoto } from './read-photo.ts';
import type { ReadingDeps } from './reading.ts';
import { SscFiles } from './ssc-files.ts';
import { createUnlocking, type Identity, type Unlocking } from './unlock.ts';
import { validityOf } from './validity.ts';

export interface SscPart {
  readonly report: SscReport;
  readonly warnings: readonly CardWarning[];
}

/** `maybe-locked`: an answer that locked cards give, and some that are no SSC at all. */
export type SscAnswer = SscPart | 'maybe-locked' | 'none';

export async function readSsc(talk: CardTalk, deps: ReadingDeps): Promise<SscAnswer> {
  const opened = await openEnvironment(talk);
  if (typeof opened === 'string') return opened;
  const files = new SscFiles(talk);
  const issuerRead = await files.read(ISSUER_FILE, Object.values(ISSUER_ITEMS));
  const issuer = parseIssuerFile(issuerRead.records);
  // Without its name in the FCI the environment is proved by its file alone.
  if (!opened.environment && !opened.locked && !issuer.cardId) return 'none';
  const locked = opened.locked || issuerRead.state === 'blocked';
  const historical = historicalBytes(talk.card.ats);
  const card = { environment: opened.environment, issuer, locked, historical };
  const parts = locked ? UNREAD : await readHolder(talk, files, { ...deps, card });
  return partOf(card, parts, await validity(card, deps));
}

/** A card of which nothing is known but that it refuses. */
export function lockedSsc(): SscPart {
  const issuer = parseIssuerFile(new Map());
  const card = { environment: null, issuer, locked: true, historical: null };
  return partOf(card, UNREAD, { state: 'locked', reason: 'card-locked' });
}

interface CardFacts {
  readonly environment: Environment | null;
  readonly issuer: IssuerFile;
  readonly locked: boolean;
  readonly historical: Buffer | null;
}

interface HolderParts extends Pick<SscReport, 'genuine' | 'holderState' | 'photo'> {
  readonly file: HolderFile | null;
}

const UNREAD: HolderParts = {
  genuine: 'unchecked',
  holderState: 'failed',
  photo: null,
  file: null,
};

/** The environment's FCI; null when the card selected it without giving one. */
async function openEnvironment(
  talk: CardTalk,
): Promise<{ environment: Environment | null; locked: boolean } | 'maybe-locked' | 'none'> {
  const command = selectEnvironment();
  let answer = await talk.send(command);
  // Some readers hand a contactless card's FCI on only when it is asked for.
  if (answer?.sw === SW_OK && answer.data.length === 0) {
    answer = await talk.send({ ...command, le: 256 });
  }
  switch (answer?.sw) {
    case SW_OK: {
      const environment = parseEnvironment(answer.data);
      return environment || answer.data.length === 0 ? { environment, locked: false } : 'none';
    }
    case 0x6283:
    case 0x6284:
    case 0x9303:
      return { environment: parseEnvironment(answer.data), locked: true };
    case 0x6a81:
    case 0x6985:
      return 'maybe-locked';
    default:
      return 'none';
  }
}

async function readHolder(
  talk: CardTalk,
  files: SscFiles,
  deps: ReadingDeps & { readonly card: CardFacts },
): Promise<HolderParts> {
  const unlocking = createUnlocking(talk, deps, identityOf(deps.card));
  const genuine = await unlocking.genuine();
  // A card that failed the proof gets no proof of ours; nor would wrong keys of ours cost it a try.
  const guarded: Unlocking =
    genuine === 'counterfeit' ? { ...unlocking, unlock: UNABLE } : unlocking;
  const ahead = deps.ssc.ef06_auth === 'always' ? await guarded.unlock() : null;
  let read = await files.read(HOLDER_FILE, Object.values(HOLDER_ITEMS));
  let unlocked = ahead;
  if (read.state === 'locked' && ahead === null) {
    unlocked = await guarded.unlock();
    if (unlocked === 'open') read = await files.read(HOLDER_FILE, Object.values(HOLDER_ITEMS));
  }
  const holderState = stateOf(read.state, unlocked);
  const wantsPhoto = deps.ssc.photo && holderState === 'read';
  return {
    genuine,
    holderState,
    photo: wantsPhoto ? await readPhoto(talk, files, guarded) : null,
    file: read.state === 'read' ? parseHolderFile(read.records) : null,
  };
}

const UNABLE: Unlocking['unlock'] = async () => 'unable';

function stateOf(
  read: 'read' | 'locked' | 'blocked' | 'failed',
  unlocked: Awaited<ReturnType<Unlocking['unlock']>> | null,
): SscReport['holderState'] {
  if (read === 'read') return 'read';
  if (read !== 'locked') return 'failed';
  return unlocked === 'refused' ? 'refused' : 'locked';
}

function identityOf({ environment, issuer, historical }: CardFacts): Identity | null {
  const { cardId } = issuer;
  if (!cardId || !historical) return null;
  // Cards before generation 3 do not tell: Beijing used SSF33, everybody else DES.
  const algorithm = environment?.algorithm ?? (cardId.region.startsWith('11') ? 'ssf33' : 'des');
  return { algorithm, cardId: cardId.bytes, region: cardId.region, historical };
}

async function validity({ issuer, locked }: CardFacts, deps: ReadingDeps) {
  const { deadCards, clock, utcOffset_minutes } = deps;
  const current = deadCards !== null && deadCards.health().kind !== 'absent';
  const asked =
    current && issuer.cardId ? await deadCards.check(listKey(issuer.cardId.bytes)) : null;
  // A stale list is right about what it names, and silent about what came after it.
  const stale = asked?.kind === 'clear' && deadCards?.health().kind === 'stale';
  const stamp = hexOf(bcdStamp(clock.wall_ms(), utcOffset_minutes));
  return validityOf({
    generation: issuer.generation,
    validUntil: issuer.validUntil.date,
    locked,
    listed: asked === null || stale ? { kind: 'absent' } : asked,
    today: stamp.replace(/^(\d{4})(\d{2})(\d{2}).*$/, '$1-$2-$3'),
  });
}

function partOf(card: CardFacts, parts: HolderParts, verdict: SscReport['validity']): SscPart {
  const { environment, issuer } = card;
  const { genuine, holderState, photo, file } = parts;
  const region = issuer.cardId?.region ?? '';
  const identity = identityOf(card);
  return {
    report: {
      generation: issuer.generation,
      version: issuer.version,
      algorithm: environment?.algorithm ?? identity?.algorithm ?? 'des',
      cardId: issuer.cardId ? hexOf(issuer.cardId.bytes) : '',
      cardNumber: issuer.cardNumber,
      cardClass: issuer.cardClass,
      region: { code: region, name: regionName(region) ?? regionName(`${region.slice(0, 4)}00`) },
      issuedOn: issuer.issuedOn.date,
      validUntil: issuer.validUntil.date,
      genuine,
      holder: file && holderOf(file),
      holderState,
      photo,
      validity: verdict,
    },
    warnings: warningsOf(card, file),
  };
}

/** Null on a card that waits for its holder: name and number are blank. */
function holderOf(file: HolderFile): Holder | null {
  const { name, citizenNumber, sex, ethnicGroup, birthDate } = file;
  if (name.text === '' && citizenNumber === null) return null;
  return {
    name: name.text,
    citizenNumber: citizenNumber ?? '',
    sex,
    ethnicGroup,
    birthDate: birthDate.date,
  };
}

function warningsOf({ issuer, historical }: CardFacts, file: HolderFile | null): CardWarning[] {
  const { cardId, cardNumber, issuedOn, validUntil } = issuer;
  const serial = historical && hexOf(historical.subarray(9));
  const odd: Readonly<Record<CardWarning, boolean>> = {
    'card-number-check': cardNumber !== null && !isCardNumber(cardNumber),
    'citizen-number-check': !!file?.citizenNumber && !isCitizenNumber(file.citizenNumber),
    'card-id-structure': cardId !== null && !cardId.structured,
    'serial-mismatch': cardId !== null && serial !== null && cardId.serial !== serial,
    'bad-date': issuedOn.bad || validUntil.bad || file?.birthDate.bad === true,
    'bad-text': file?.name.broken === true,
  };
  return (Object.keys(odd) as CardWarning[]).filter((warning) => odd[warning]);
}
