/**
 * uvu with what it lacks: a deadline for every test, and skips that name what is missing. Every
 * file ends with `feature.run()`; test/tidy refuses one that forgets it.
 */

import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';

type Body = () => void | Promise<void>;

export interface Feature {
  /** One test; the title reads GIVEN … WHEN … THEN … or states a rule. */
  test(title: string, body: Body, timeout_ms?: number): void;
  /** As `test`, but skipped (and named) where a program is missing; in CI that is a failure. */
  testWith(program: Program, title: string, body: Body, timeout_ms?: number): void;
  after(body: Body): void;
  run(): void;
}

export interface Program {
  readonly command: string;
  readonly install: string;
}

export const PROGRAMS = {
  chromium: { command: 'chromium', install: 'apt-get install chromium fonts-noto-cjk' },
  nfcList: { command: 'nfc-list', install: 'apt-get install libnfc-bin' },
  pn53xDiagnose: { command: 'pn53x-diagnose', install: 'apt-get install libnfc-pn53x-examples' },
  openssl: { command: 'openssl', install: 'apt-get install openssl' },
} as const satisfies Record<string, Program>;

export function feature(name: string): Feature {
  const tests = suite(name);
  const add = (title: string, body: Body, timeout_ms = 10_000) =>
    tests(title, () => withDeadline(body, timeout_ms, title));
  return {
    test: add,
    testWith(program, title, body, timeout_ms) {
      if (isInstalled(program.command)) add(title, body, timeout_ms);
      else if (process.env.CI === 'true')
        add(title, () => {
          throw new Error(`${program.command} is missing; ${program.install}`);
        });
      else {
        tests.skip(title, () => {});
        process.stdout.write(`SKIPPED ${name}: ${title} (${program.install})\n`);
      }
    },
    after: (body) => {
      tests.after(async () => body());
    },
    run: () => tests.run(),
  };
}

export function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

async function withDeadline(body: Body, timeout_ms: number, title: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no end after ${timeout_ms} ms: ${title}`)),
      timeout_ms,
    );
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}
