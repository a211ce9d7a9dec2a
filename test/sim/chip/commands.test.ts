import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { ACK, createBench, createTestCard, createToken, SYNTAX_ERROR } from './bench.ts';

const commands = feature('virtual PN532: commands');

const LISTED = '01004420070488a1b2c3d4e50578807002';

commands.test('published frames pass byte for byte', () => {
  const { raw } = createBench();
  assert.equal(raw('0000ff05fbd4140100011600'), [ACK, '0000ff02fed5151600']);
  assert.equal(raw('0000ff02fed4022a00'), [ACK, '0000ff06fad50332010607e800']);
});

const TABLE: readonly (readonly [title: string, command: string, response: string])[] = [
  ['Diagnose echoes the line test', '00006c69626e6663', '01006c69626e6663'],
  ['Diagnose ROM', '0001', '0100'],
  ['Diagnose RAM', '0002', '0100'],
  ['Diagnose polls no FeliCa: 128 failures', '000401', '0180'],
  ['Diagnose presence without an activated card', '0006', '0127'],
  ['Diagnose antenna', '000720', '0100'],
  ['Diagnose with an unknown number', '0009', SYNTAX_ERROR],
  ['GetFirmwareVersion', '02', '0332010607'],
  ['GetGeneralStatus without targets', '04', '0500000000'],
  ['ReadRegister: one byte a register', '0663026303', '070000'],
  ['ReadRegister with half an address', '0663', SYNTAX_ERROR],
  ['WriteRegister: no status', '08630280630380', '09'],
  ['WriteRegister without a value', '086302', SYNTAX_ERROR],
  ['SetParameters', '1214', '13'],
  ['SAMConfiguration as libnfc sends it', '1401', '15'],
  ['SAMConfiguration with an unknown mode', '1405', SYNTAX_ERROR],
  ['RFConfiguration field on', '320101', '33'],
  ['RFConfiguration retries', '3205ff0102', '33'],
  ['RFConfiguration with a short item', '3205ff01', SYNTAX_ERROR],
  ['RFConfiguration with an unknown item', '320300', SYNTAX_ERROR],
  ['InListPassiveTarget for three targets', '4a0300', SYNTAX_ERROR],
  ['InListPassiveTarget with an unknown modulation', '4a0105', SYNTAX_ERROR],
  ['InListPassiveTarget with half a UID', '4a01000488', SYNTAX_ERROR],
  ['InAutoPoll without types', '601401', SYNTAX_ERROR],
  ['InAutoPoll with period 0', '60140020', SYNTAX_ERROR],
  ['InDataExchange without a target', '400100a40400', '4127'],
  ['InDataExchange without Tg', '40', SYNTAX_ERROR],
  ['InCommunicateThru', '420600', '4301'],
  ['InDeselect all of none', '4400', '4500'],
  ['InDeselect an unknown target', '4401', '4527'],
  ['InRelease all of none', '5200', '5300'],
  ['InSelect an unknown target', '5401', '5527'],
  ['InPSL on an unknown target', '4e010202', '4f27'],
  ['SetSerialBaudRate with an unknown rate', '1009', SYNTAX_ERROR],
  ['TgInitAsTarget, which is not modelled', '8c00', SYNTAX_ERROR],
  ['an unknown command', 'fe', SYNTAX_ERROR],
];

for (const [title, command, response] of TABLE) {
  commands.test(`rule: ${title}`, () => {
    assert.is(createBench().ask(command), response);
  });
}

commands.test('GIVEN a written register WHEN read THEN it has the value', () => {
  const { ask } = createBench();
  ask('08630280633c10');
  assert.is(ask('066302633c6303'), '07801000');
});

commands.test('GIVEN another frame identifier than D4 THEN it is a syntax error', () => {
  assert.equal(createBench().raw('0000ff02fed5022900'), [ACK, SYNTAX_ERROR]);
});

commands.test('GIVEN a card WHEN listed THEN RATS was sent and the ATS is reported', () => {
  const { ask, field } = createBench();
  field.enter(createTestCard());
  assert.is(ask('4a0100'), `4b01${LISTED}`);
  assert.is(ask('04'), '05000001010000' + '0000');
  assert.is(ask('0006'), '0100');
});

commands.test('GIVEN fAutomaticRATS off THEN no ATS, and the card takes no command', () => {
  const { ask, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  ask('1204');
  assert.is(ask('4a0100'), '4b0101004420070488a1b2c3d4e5');
  assert.is(ask('400100b095000e'), '4101');
  assert.equal(card.commands, []);
});

commands.test('GIVEN a Mifare token THEN it is listed without ATS and answers no APDU', () => {
  const { ask, field } = createBench();
  const token = createToken();
  field.enter(token);
  assert.is(ask('4a0100'), '4b010100040804deadbeef');
  assert.is(ask('400100b095000e'), '4101');
  assert.is(ask('0006'), '0127');
  assert.equal(token.commands, []);
});

commands.test('GIVEN two cards THEN MaxTg decides how many are listed, each has its number', () => {
  const { ask, field } = createBench();
  const [a, b] = [createTestCard(), createToken()];
  field.enter(a);
  field.enter(b);
  assert.is(ask('4a0100'), `4b01${LISTED}`);
  ask('5200');
  assert.is(ask('4a0200'), `4b02${LISTED}0200040804deadbeef`);
  assert.is(ask('400200'), '4101');
});

const FILTERS: readonly (readonly [uid: string, wanted: string, found: boolean])[] = [
  ['deadbeef', 'deadbeef', true],
  ['deadbeef', 'deadbee0', false],
  ['0488a1b2c3d4e5', '880488a1b2c3d4e5', true],
  ['0488a1b2c3d4e5', '880488a1b2c3d4e6', false],
  ['01020304050607080910', '880102038804050607080910', true],
];

for (const [uid, wanted, found] of FILTERS) {
  commands.test(`rule: a search for ${wanted} ${found ? 'finds' : 'does not find'} ${uid}`, () => {
    const { ask, field } = createBench();
    ask('3205ff0100');
    field.enter(createTestCard({ uid: Buffer.from(uid, 'hex') }));
    assert.is(ask(`4a0100${wanted}`).slice(0, 4), found ? '4b01' : '4b00');
  });
}

for (const other of ['4a010100ffff0100', '4a010200ffff0100', '4a010300', '4a0104']) {
  commands.test(`rule: ${other} (not type A) finds nothing`, () => {
    const { ask, field } = createBench();
    field.enter(createTestCard());
    ask('3205ff0102');
    assert.is(ask(other), '4b00');
  });
}

commands.test('GIVEN a card WHEN polled THEN InAutoPoll reports its type and data', () => {
  const { ask, field } = createBench();
  field.enter(createTestCard());
  assert.is(ask('60140220100311120403'), `61012011${LISTED}`);
  ask('5200');
  assert.is(ask('60010110'), '6100');
});

commands.test('GIVEN an active card WHEN listed again without release THEN it is deaf', () => {
  const { ask, field } = createBench();
  const card = createTestCard();
  ask('3205ff0100');
  field.enter(card);
  ask('4a0100');
  assert.is(ask('4a0100'), '4b00');
  ask('320100');
  assert.is(ask('4a0100'), `4b01${LISTED}`);
});

commands.test('GIVEN a deselected card THEN data finds no target until InSelect', () => {
  const { ask, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  ask('4a0100');
  assert.is(ask('4401'), '4500');
  assert.is(card.powerDowns, 1);
  assert.is(ask('400100b0950000'), '4127');
  assert.is(ask('5401'), '5500');
  assert.is(ask('400100b0950000'), '41009000');
});

commands.test('GIVEN a released card THEN its number is unknown and it can be listed anew', () => {
  const { ask, field } = createBench();
  field.enter(createTestCard());
  ask('4a0100');
  assert.is(ask('5201'), '5300');
  assert.is(ask('400100b0950000'), '4127');
  assert.is(ask('4a0100'), `4b01${LISTED}`);
});

commands.test('GIVEN a card that left THEN presence, data, deselect and release say 01', () => {
  const { ask, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  ask('4a0100');
  field.leave(card);
  field.enter(card);
  assert.is(ask('0006'), '0101');
  assert.is(ask('400100b0950000'), '4101');
  assert.is(ask('5201'), '5301');
  assert.is(ask('04'), '0501000000');
  assert.is(ask('4a0100'), `4b01${LISTED}`);
});

commands.test('WHEN the field goes off THEN every card loses power and sessions end', () => {
  const { ask, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  ask('4a0100');
  const before = card.powerDowns;
  ask('320100');
  assert.is(card.powerDowns, before + 1);
  assert.is(ask('400100b0950000'), '4127');
});

commands.test('PPS: a rate the ATS offers is taken, once, before the first block', () => {
  const { ask, field } = createBench();
  field.enter(createTestCard({ ats: Buffer.from('067777810280', 'hex') }));
  ask('4a0100');
  assert.is(ask('4e010202'), '4f00');
  assert.is(ask('04'), '050000010102020000');
  ask('400100b0950000');
  assert.is(ask('4e010101'), '4f01');
});

commands.test('PPS: a rate the ATS does not offer meets silence', () => {
  const { ask, field } = createBench();
  field.enter(createTestCard());
  ask('4a0100');
  assert.is(ask('4e010101'), '4f01');
});

commands.run();
