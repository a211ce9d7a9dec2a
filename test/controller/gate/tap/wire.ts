/**
 * Lines of a tap's transcript (test/kit/apdu-script.ts), put together from the layouts of
 * docs/protocol.md and from nothing of the controller. Answers of card and SAM are made up: what
 * their MACs are worth is for other tests.
 */

export const SERIAL = '03104399900000000042';
const ISSUER = '01133320FFFFFFFF';
export const TERMINAL = '332099000001';
export const PSAM = '33209900000000000001';
/** The fake clock's first moment, in Ningbo. */
export const AT = '20260101080000';
const RANDOM = '62020EC1';
export const MAC1 = 'B915CAE7';
export const TAC = '4FE3D8DD';
export const MAC2 = '046BF062';
export const PROOF_MAC2 = '0A0B0C0D';

/** A card as SELECT tells it; every field has an ordinary value. */
export interface Face {
  readonly type?: string;
  readonly version?: string;
  readonly serial?: string;
  readonly city?: string;
  readonly start?: string;
  readonly expiry?: string;
  readonly cardType?: string;
}

const BLANK_TRIP = '00'.repeat(48);

export interface TripFields {
  readonly kind: string;
  readonly place?: string;
  readonly amount?: number;
  readonly balance?: number;
  readonly at?: string;
  /** What an incomplete trip costs, and how long it may last. */
  readonly max?: number;
  readonly minutes?: number;
}

/** 48 bytes of EF1E, written at metro station 00010001 unless told otherwise. */
export function trip(fields: TripFields): string {
  const {
    kind,
    place = '00010001',
    amount = 0,
    balance = 0,
    at = AT,
    max = 0,
    minutes = 0,
  } = fields;
  const head = `${kind}0000${TERMINAL}01${place}000000${hex(amount, 4)}${hex(balance, 4)}${at}`;
  return `${head}33200000000000003320${hex(max, 4)}${hex(minutes, 2)}`;
}

export function publicInfo(face: Face = {}): string {
  const { type = '02', version = '01', serial = SERIAL, cardType = '00' } = face;
  const { city = '3320', start = '20230101', expiry = '20331231' } = face;
  return `0113${city}FFFFFFFF${type}${version}${serial}${start}${expiry}${cardType}00`;
}

export const SELECT = '=> 00A40400 08 A000000632010105 00';

export function select(face: Face = {}): string[] {
  return [SELECT, `<= 6F31 8408A000000632010105 A525 9F080102 9F0C1E ${publicInfo(face)} 9000`];
}

/** A card whose FCI is silent: EF15 is read as a file. */
export function selectShort(face: Face = {}): string[] {
  return [
    ...[SELECT, '<= 6F0A 8408A000000632010105 9000'],
    ...['=> 00B095001E', `<= ${publicInfo(face)} 9000`],
  ];
}

export function readTrip(record = BLANK_TRIP): string[] {
  return ['=> 00B201F400', `<= ${record} 9000`];
}

export function management(interoperable: boolean, kind = '01'): string[] {
  const flag = interoperable ? '0001' : '0000';
  return ['=> 00B097003C', `<= 0000015637005810${flag}${kind}${'00'.repeat(49)} 9000`];
}

export interface Debit {
  readonly amount: number;
  /** Before. */
  readonly balance?: number;
  readonly counter?: number;
  readonly key?: string;
  readonly serial?: string;
  readonly termSeq?: string;
  readonly at?: string;
}

export function ask(amount: number, key = '41'): string {
  return `=> 805003020B ${key} ${hex(amount, 4)} ${TERMINAL} 0F`;
}

/** 8050 with its offer: SM4 for key 41, else 3DES. */
export function offer({ amount, balance = 5_000, counter = 7, key = '41' }: Debit): string[] {
  const algorithm = key === '41' ? '04' : '00';
  const told = `${hex(balance, 4)} ${hex(counter, 2)} 000000 01 ${algorithm} ${RANDOM}`;
  return [ask(amount, key), `<= ${told} 9000`];
}

export function cache(record: string, answer = '9000'): string[] {
  return [`=> 80DC00F030 ${record}`, `<= ${answer}`];
}

export function debit(answer = `${TAC}${MAC2} 9000`, termSeq = '000001E7', at = AT): string[] {
  return [`=> 805401000F ${termSeq} ${at} ${MAC1} 08`, `<= ${answer}`];
}

export function prove(counter: number, answer = `${PROOF_MAC2}${TAC} 9000`): string[] {
  return [`=> 805A000902 ${hex(counter, 2)} 08`, `<= ${answer}`];
}

/** The SAM's side of one debit: 8070. */
export function sign(given: Debit, answer?: string): string[] {
  const { amount, counter = 7, key = '41', serial = SERIAL, at = AT } = given;
  const algorithm = key === '41' ? '04' : '00';
  const data = `${RANDOM} ${hex(counter, 2)} ${hex(amount, 4)} 09 ${at} 01 ${algorithm}`;
  const told = answer ?? `${given.termSeq ?? '000001E7'} ${MAC1} 9000`;
  return [`=> 8070000024 ${data} ${serial.slice(4)} ${ISSUER} 08`, `<= ${told}`];
}

export function verify(answer = '9000', mac2 = MAC2): string[] {
  return [`=> 8072000004 ${mac2}`, `<= ${answer}`];
}

/** What a PSAM is asked at its start. */
export const SAM_START: readonly string[] = [
  ...['=> 00A40000 02 3F00 00', '<= 9000'],
  ...['=> 00B095000E', `<= ${PSAM} 0101 0000 9000`],
  ...['=> 00B0960006', `<= ${TERMINAL} 9000`],
  ...['=> 00A40000 02 8011 00', '<= 9000'],
  ...['=> 00B0970019', `<= 41 ${'00'.repeat(24)} 9000`],
];

export const CHALLENGE = ['=> 0084000004', '<= A1A2A3A4 9000'];
export const LOCK_FACTORS = ['=> 801A450110 4399900000000042 01133320FFFFFFFF', '<= 9000'];
export const LOCK_MAC = ['=> 80FA050010 A1A2A3A400000000 841E000004800000 04', '<= C1C2C3C4 9000'];

export function block(answer = '9000'): string[] {
  return ['=> 841E000004 C1C2C3C4', `<= ${answer}`];
}

function hex(value: number, bytes: number): string {
  return value
    .toString(16)
    .toUpperCase()
    .padStart(bytes * 2, '0');
}
