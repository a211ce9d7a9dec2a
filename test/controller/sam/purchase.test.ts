/** One contract, three SAMs: the virtual PSAM, the same as bare T=0, and the software SAM. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type Command, exchange, type Response } from '../../../controller/card/apdu.ts';
import { blockApplication, getChallenge } from '../../../controller/card/purse/block.ts';
import { debit, parseDebitProof } from '../../../controller/card/purse/debit.ts';
import { initPurchase, parsePurchaseOffer } from '../../../controller/card/purse/init-purchase.ts';
import { parseProof, prove } from '../../../controller/card/purse/prove.ts';
import { selectByName } from '../../../controller/card/purse/select.ts';
import { parseKeySet } from '../../../controller/sam/key-set.ts';
import { createPsam } from '../../../controller/sam/psam.ts';
import type { PurchaseInput, PurchaseSam } from '../../../controller/sam/sam.ts';
import { createSoftwareSam } from '../../../controller/sam/software.ts';
import { ok } from '../../../firmware-bridge/ports.ts';
import { PURSE_AID } from '../../../sim/card/personalise.ts';
import type { PurseCard } from '../../../sim/card/purse.ts';
import { keysAsJson, SCHEMES } from '../../../sim/keys.ts';
import { createVirtualPsam, type PsamOptions } from '../../../sim/sam/psam.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { AT, bytes, cardOf, NO_TIME, TERMINAL, upper } from '../../sim/card/hand.ts';
import { inputOf, must, told } from './input.ts';

const purchase = feature('sam purchase');
const ALGORITHMS = ['sm4', '3des'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
/** 801A names its key by version: SM4 has 01, 3DES has 02. */
const LOCK_VERSION = { sm4: '01', '3des': '02' } as const;

function behind(slot: ReturnType<typeof createVirtualPsam>, lockVersion: string): PurchaseSam {
  return createPsam(slot, {
    timeout_ms: 500,
    application: bytes('8011'),
    lockKeyUsage: 0x45,
    lockKeyVersion: Number.parseInt(lockVersion, 16),
  });
}

function virtual(options: PsamOptions = {}) {
  return (lockVersion: string) =>
    behind(createVirtualPsam(NO_TIME, { timed: false, ...options }), lockVersion);
}

function software(lockKeyVersion: string): PurchaseSam {
  return createSoftwareSam({
    keySet: must(parseKeySet(keysAsJson())),
    algorithms: { '00': '3des', '04': 'sm4' },
    sessionMode: 'complement',
    firstTermSeq: 1,
    lockKeyVersion,
  });
}

const SAMS: readonly (readonly [string, (lockVersion: string) => PurchaseSam])[] = [
  ['PSAM', virtual()],
  ['bare T=0 PSAM', virtual({ getResponse: true })],
  ['software SAM', software],
];

function inputFor(scheme: Algorithm, differs: Partial<PurchaseInput> = {}): PurchaseInput {
  return inputOf(SCHEMES[scheme].algorithmId, differs);
}

async function started(make: (lockVersion: string) => PurchaseSam, lockVersion = '01') {
  const sam = make(lockVersion);
  must(await sam.start());
  return sam;
}

async function ask(card: PurseCard, command: Command): Promise<Response> {
  const target = { transceive: async (raw: Buffer) => ok(card.exchange(raw).answer) };
  return must(await exchange(target, command, 500));
}

/** From SELECT to the answer of 8054. */
async function pay(sam: PurchaseSam, card: PurseCard) {
  await ask(card, selectByName(PURSE_AID));
  const { keyIndex } = SCHEMES[card.algorithm];
  const offer = parsePurchaseOffer(
    (await ask(card, initPurchase(keyIndex, 200, bytes(TERMINAL)))).data,
  );
  if (!offer) throw new Error('no offer');
  const { random, counter, keyVersion, algorithm } = offer;
  const input = inputFor(card.algorithm, { random, counter, keyVersion, algorithm });
  const { termSeq, mac1 } = must(await sam.initPurchase(input));
  return { termSeq, answer: await ask(card, debit(termSeq, bytes(AT), mac1)) };
}

async function mac2Of(sam: PurchaseSam, card: PurseCard): Promise<Buffer> {
  const { answer } = await pay(sam, card);
  assert.is(answer.sw, 0x9000);
  const proof = parseDebitProof(answer.data);
  if (!proof) throw new Error('no proof');
  return proof.mac2;
}

for (const [name, make] of SAMS) {
  purchase.test(`${name}: GIVEN a start THEN its identity`, async () => {
    const sam = make('01');
    const identity = must(await sam.start());
    assert.is(upper(identity.terminal), TERMINAL);
    assert.is(upper(identity.serial), '33209900000000000001');
    assert.is(identity.keyIndex, 0x41);
    assert.equal(sam.identity, identity);
    await sam.close();
  });

  for (const algorithm of ALGORITHMS) {
    purchase.test(`${name}: GIVEN a ${algorithm} card THEN it pays, and MAC2 holds`, async () => {
      const sam = await started(make);
      const card = cardOf({ algorithm });
      const mac2 = await mac2Of(sam, card);
      assert.is(card.balance_fen, 4_800);
      const proof = parseProof((await ask(card, prove(0x09, 1))).data);
      assert.equal(proof?.mac2, mac2, '805A repeats it');
      assert.is(told(await sam.creditPurchase(mac2)), 'verified');
      assert.is(told(await sam.creditPurchase(mac2)), 'no-session', 'not twice');
    });

    purchase.test(
      `${name}: GIVEN a wrong MAC2 (${algorithm}) THEN it ends the session`,
      async () => {
        const sam = await started(make);
        const mac2 = await mac2Of(sam, cardOf({ algorithm }));
        assert.is(
          told(await sam.creditPurchase(Buffer.from(mac2.map((byte) => byte ^ 1)))),
          'wrong',
        );
        assert.is(told(await sam.creditPurchase(mac2)), 'no-session', 'one try');
      },
    );

    purchase.test(`${name}: a new 8070 (${algorithm}) destroys the session before it`, async () => {
      const sam = await started(make);
      const mac2 = await mac2Of(sam, cardOf({ algorithm }));
      must(await sam.initPurchase(inputFor(algorithm)));
      assert.is(told(await sam.creditPurchase(mac2)), 'wrong');
    });

    purchase.test(
      `${name}: GIVEN a listed ${algorithm} card THEN its block is signed`,
      async () => {
        const sam = await started(make, LOCK_VERSION[algorithm]);
        const card = cardOf({ algorithm });
        await ask(card, selectByName(PURSE_AID));
        const { data: random } = await ask(card, getChallenge());
        const { cardFactor, issuerFactor } = inputFor(algorithm);
        const mac = must(await sam.blockMac(random, cardFactor, issuerFactor));
        if (!mac) throw new Error('no MAC');
        assert.is((await ask(card, blockApplication(mac))).sw, 0x9000);
        assert.is(card.blocked, 'temporary');
      },
    );
  }

  purchase.test(`${name}: a refused 8070 destroys the session before it`, async () => {
    const sam = await started(make);
    const mac2 = await mac2Of(sam, cardOf());
    const refused = await sam.initPurchase(inputFor('sm4', { keyVersion: 2 }));
    assert.is(told(refused), 'sam-refused none');
    assert.is(told(await sam.creditPurchase(mac2)), 'no-session');
  });

  purchase.test(`${name}: a start ends the session; before 8070 there is none`, async () => {
    const sam = await started(make);
    assert.is(told(await sam.creditPurchase(Buffer.alloc(4))), 'no-session');
    const mac2 = await mac2Of(sam, cardOf());
    must(await sam.start());
    assert.is(told(await sam.creditPurchase(mac2)), 'no-session');
  });

  purchase.test(`${name}: unknown key version or algorithm byte THEN refused`, async () => {
    const sam = await started(make);
    for (const differs of [{ keyVersion: 0 }, { keyVersion: 2 }, { keyVersion: 0xff }])
      for (const algorithm of ALGORITHMS)
        assert.is(told(await sam.initPurchase(inputFor(algorithm, differs))), 'sam-refused none');
    for (const byte of [0x01, 0x02, 0x03, 0x05, 0xff]) {
      const reply = await sam.initPurchase(inputFor('sm4', { algorithm: byte }));
      assert.is(told(reply), 'sam-refused none', `byte ${byte}`);
    }
  });

  purchase.test(`${name}: no lock key of that version THEN null`, async () => {
    const sam = await started(make, '07');
    const { cardFactor, issuerFactor } = inputFor('sm4');
    assert.is(told(await sam.blockMac(Buffer.alloc(4), cardFactor, issuerFactor)), null);
  });

  purchase.test(`${name}: termSeq grows by one with every 8070 it grants`, async () => {
    const sam = await started(make);
    for (const expected of [1, 2, 3]) {
      const { termSeq } = must(await sam.initPurchase(inputFor('3des')));
      assert.is(termSeq.readUInt32BE(), expected);
      await sam.initPurchase(inputFor('3des', { keyVersion: 9 }));
    }
  });
}

const some = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((raw) => Buffer.from(raw));
const inputs = fc
  .record({
    random: some(4),
    counter: fc.integer({ min: 0, max: 0xffff }),
    amount_fen: fc.integer({ min: 0, max: 0xffffffff }),
    txnType: fc.constantFrom(0x06, 0x09),
    at: some(7),
    cardFactor: some(8),
    issuerFactor: some(8),
    scheme: fc.constantFrom(...ALGORITHMS),
  })
  .map(({ scheme, ...differs }) => inputFor(scheme, differs));

purchase.test('any purchase: the PSAM and the software SAM sign the same', async () => {
  const psam = await started(virtual());
  const soft = await started(software);
  await fc.assert(
    fc.asyncProperty(inputs, some(4), async (input, mac2) => {
      const theirs = must(await psam.initPurchase(input));
      assert.equal(must(await soft.initPurchase(input)), theirs);
      assert.equal(await soft.creditPurchase(mac2), await psam.creditPurchase(mac2));
    }),
  );
});

purchase.test('any challenge and card: both sign the same block', async () => {
  for (const version of ['01', '02']) {
    const psam = await started(virtual(), version);
    const soft = await started(software, version);
    await fc.assert(
      fc.asyncProperty(some(4), some(8), some(8), async (random, card, issuer) => {
        const theirs = must(await psam.blockMac(random, card, issuer));
        assert.equal(must(await soft.blockMac(random, card, issuer)), theirs);
      }),
    );
  }
});

purchase.test('GIVEN a mute PSAM THEN sam-mute; a start brings it back', async () => {
  const clock = createFakeClock();
  const slot = createVirtualPsam(clock, { timed: true });
  const sam = behind(slot, '01');
  must(await clock.until(sam.start()));
  slot.setFault('mute');
  const muted = await clock.until(sam.initPurchase(inputFor('sm4')));
  assert.is(told(muted), 'sam-mute none');
  assert.is(told(await clock.until(sam.start())), 'sam-mute none');
  slot.setFault('none');
  must(await clock.until(sam.start()));
  must(await clock.until(sam.initPurchase(inputFor('sm4'))));
  assert.is(clock.timers(), 0);
});

purchase.test(
  'GIVEN an empty slot THEN sam-absent, until a PSAM is put in and started',
  async () => {
    const slot = createVirtualPsam(NO_TIME, { timed: false });
    const sam = behind(slot, '01');
    slot.setFault('absent');
    assert.is(told(await sam.start()), 'sam-absent none');
    assert.is(told(await sam.initPurchase(inputFor('sm4'))), 'sam-absent none');
    slot.setFault('none');
    must(await sam.start());
    must(await sam.initPurchase(inputFor('sm4')));
  },
);

purchase.test('GIVEN a PSAM that lost its power unseen THEN the next card still pays', async () => {
  const slot = createVirtualPsam(NO_TIME, { timed: false });
  const sam = behind(slot, '01');
  must(await sam.start());
  const mac2 = await mac2Of(sam, cardOf());
  slot.restore(slot.snapshot());
  assert.is(told(await sam.creditPurchase(mac2)), 'no-session');
  assert.is(told(await sam.creditPurchase(await mac2Of(sam, cardOf()))), 'verified');
});

purchase.test('GIVEN a PSAM with a limit THEN wrong to the last try, then distrusted', async () => {
  const sam = await started(virtual({ mac2Limit: 2 }));
  for (const verdict of ['wrong', 'wrong']) {
    must(await sam.initPurchase(inputFor('sm4')));
    assert.is(told(await sam.creditPurchase(Buffer.alloc(4))), verdict);
  }
  assert.is(told(await sam.initPurchase(inputFor('sm4'))), 'sam-distrusted none');
  assert.is(told(await sam.creditPurchase(Buffer.alloc(4))), 'sam-distrusted none');
});

purchase.test(
  'GIVEN a SAM that signs wrongly THEN the card refuses and keeps its money',
  async () => {
    const slot = createVirtualPsam(NO_TIME, { timed: false, getResponse: true });
    const sam = behind(slot, '01');
    must(await sam.start());
    slot.setFault('wrongMac1');
    const card = cardOf();
    assert.is((await pay(sam, card)).answer.sw, 0x9302);
    assert.is(card.balance_fen, 5_000);
  },
);

purchase.run();
