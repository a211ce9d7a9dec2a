import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { createSpeaker } from '../../../controller/kiosk/speaker.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { type Fault, failed, ok } from '../../../firmware-bridge/ports.ts';
import { createEspeak } from '../../../firmware-bridge/voice/espeak.ts';
import { recordedSound } from '../../../firmware-bridge/voice/prepared.ts';
import { scratch } from '../../commands/programs.ts';
import { feature } from '../../kit/feature.ts';

const voice = feature('the voice of the kiosk');
const espeak = { command: 'espeak-ng', install: 'apt-get install espeak-ng' };
const speaking = (program: string) =>
  createEspeak({ program, wordsPerMinute: 150, clock: systemClock });

voice.testWith(
  espeak,
  'GIVEN espeak-ng WHEN it speaks either language THEN a WAV of the right length',
  async () => {
    for (const [text, locale] of [
      ['请取走您的卡。', 'zh-CN'],
      ['Please take your card.', 'en'],
    ] as const) {
      const spoken = await speaking('espeak-ng').speak(text, locale);
      if (!spoken.ok) throw new Error(spoken.fault.detail);
      const wav = spoken.value;
      assert.is(wav.toString('latin1', 8, 12), 'WAVE');
      assert.is(wav.readUInt32LE(4), wav.length - 8);
      // A second of speech at least: 22,050 samples of two bytes.
      assert.ok(wav.length > 44_100, String(wav.length));
    }
  },
);

voice.test('GIVEN no such program WHEN it shall speak THEN voice-mute', async () => {
  const spoken = await speaking('no-such-program').speak('x', 'en');
  assert.is(spoken.ok ? '' : spoken.fault.code, 'voice-mute');
});

const BROKEN = [
  ['fails', 'exit 3', /ended with 3/],
  ['says nothing', 'cat > /dev/null', /gave no sound/],
  ['talks nonsense', 'echo hello', /gave no sound/],
] as const;

for (const [what, script, why] of BROKEN) {
  voice.test(`GIVEN a program that ${what} THEN voice-mute says so`, async () => {
    const program = `${scratch()}/speak`;
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const spoken = await speaking(program).speak('x', 'en');
    assert.match(spoken.ok ? '' : spoken.fault.detail, why);
  });
}

voice.test('GIVEN recorded sounds THEN only WAV files under their names are found', async () => {
  const folder = scratch();
  mkdirSync(`${folder}/en`);
  writeFileSync(`${folder}/en/welcome.wav`, 'RIFF....WAVE');
  writeFileSync(`${folder}/en/card.wav`, 'not a sound');
  const look = (name: string) => recordedSound(systemDisk, { folder, locale: 'en', name });
  assert.is((await look('welcome'))?.toString(), 'RIFF....WAVE');
  assert.is(await look('card'), null);
  assert.is(await look('paid'), null);
});

voice.test('GIVEN a recording THEN it goes before the voice; each is made once', async () => {
  const spoken: string[] = [];
  const faults: Fault[] = [];
  let works = true;
  const speaker = createSpeaker({
    locales: ['en'],
    voice: {
      name: 'scripted voice',
      speak: async (text) => {
        spoken.push(text);
        return works ? ok(Buffer.from('spoken')) : failed('voice-mute', 'none', 'scripted');
      },
    },
    prepared: async (_, prompt) => (prompt === 'welcome' ? Buffer.from('recorded') : null),
    onFault: (fault) => faults.push(fault),
  });
  assert.is((await speaker.sound('en.welcome'))?.toString(), 'recorded');
  assert.is((await speaker.sound('en.paid.7'))?.toString(), 'spoken');
  assert.is((await speaker.sound('en.paid.8'))?.toString(), 'spoken');
  assert.equal(spoken, ['Paid. Thank you.']);
  assert.is(await speaker.sound('zh-CN.paid'), null);
  assert.is(await speaker.sound('../secret'), null);
  works = false;
  assert.is(await speaker.sound('en.card'), null);
  assert.is(await speaker.sound('en.card'), null);
  assert.is(faults.length, 1);
  assert.is(speaker.health().state, 'lost');
  works = true;
  assert.is((await speaker.sound('en.card'))?.toString(), 'spoken');
  assert.is(speaker.health().state, 'ready');
});

voice.run();
