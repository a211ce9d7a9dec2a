/**
 * Tells systemd how the lane is: started, mode, alive, stopping (sd_notify(3)). Node has no unix
 * datagram sockets, so `systemd-notify` carries each message; one at a time, the next one with all
 * that happened meanwhile. Without NOTIFY_SOCKET nothing is sent. Never throws.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { Log } from './log.ts';

export interface Notify {
  /** The lane has started; from now on systemd expects a sign of life. */
  ready(): void;
  /** One line for `systemctl status`, e.g. the mode of the lane. */
  status(text: string): void;
  /** Ends the signs of life; resolves when the last messenger has gone, within two seconds. */
  stopping(): Promise<void>;
  counters(): { readonly sent: number; readonly failed: number };
}

export interface NotifyOptions {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
  /** Does the lane's own loop go round? Where it does not, systemd shall restart the lane. */
  readonly alive: () => boolean;
}

/** A messenger waits until systemd has read its message, but no longer than this. */
const MESSENGER_MS = 5_000;
/** The same while the lane stops: there may be one on its way, and one more to go. */
const LAST_MESSENGER_MS = 900;

export function createNotify({ env, clock, log, alive }: NotifyOptions): Notify {
  const counts = { sent: 0, failed: 0 };
  const period_ms = env.NOTIFY_SOCKET ? watchdogOf(env) / 2 : 0;
  /** What is still to be said, by variable. */
  const unsaid = new Map<string, string>();
  let status = '';
  let started = false;
  let stopped = false;
  let stoodStill = false;
  let timer: unknown;
  let sending: Promise<void> | null = null;
  let messenger: ChildProcess | null = null;

  return {
    ready() {
      if (started || stopped) return;
      started = true;
      say('READY', '1');
      if (period_ms > 0) beat();
    },
    status(text) {
      const line = text.replaceAll(/\s+/g, ' ').slice(0, 200);
      if (stopped || line === status) return;
      status = line;
      say('STATUS', line);
    },
    async stopping() {
      if (!stopped) say('STOPPING', '1');
      stopped = true;
      clock.clearTimeout(timer);
      const first = messenger;
      const hurry = clock.setTimeout(() => first?.kill('SIGKILL'), LAST_MESSENGER_MS);
      await sending;
      clock.clearTimeout(hurry);
      // It waited behind the one that was lost.
      if (unsaid.has('STOPPING')) await flush();
    },
    counters: () => ({ ...counts }),
  };

  function beat(): void {
    if (alive()) {
      stoodStill = false;
      say('WATCHDOG', '1');
    } else if (!stoodStill) {
      stoodStill = true;
      log.error({}, 'the lane stands still; systemd will restart it');
    }
    timer = clock.setTimeout(beat, period_ms);
  }

  function say(name: string, value: string): void {
    if (!env.NOTIFY_SOCKET) return;
    unsaid.set(name, value);
    void flush();
  }

  function flush(): Promise<void> {
    sending ??= send().finally(() => {
      sending = null;
    });
    return sending;
  }

  /** What could not be told is told with the next message, but a sign of life is never late. */
  async function send(): Promise<void> {
    let trouble: string | null = null;
    while (trouble === null && unsaid.size > 0) {
      const words = [...unsaid];
      unsaid.clear();
      trouble = await carry(words.map(([name, value]) => `${name}=${value}`));
      if (trouble === null) counts.sent += 1;
      else if (counts.failed++ === 0) log.error({}, `systemd was not told: ${trouble}`);
      if (trouble === null) continue;
      for (const [name, value] of words)
        if (name !== 'WATCHDOG' && !unsaid.has(name)) unsaid.set(name, value);
    }
  }

  /** Null, or why it did not arrive. The messenger's environment holds what it needs, no more. */
  function carry(words: readonly string[]): Promise<string | null> {
    const { NOTIFY_SOCKET, PATH } = env;
    return new Promise((resolve) => {
      let child: ChildProcess;
      try {
        child = spawn('systemd-notify', words, { stdio: 'ignore', env: { NOTIFY_SOCKET, PATH } });
      } catch (error) {
        return resolve(String(error));
      }
      messenger = child;
      const limit_ms = stopped ? LAST_MESSENGER_MS : MESSENGER_MS;
      const late = clock.setTimeout(() => child.kill('SIGKILL'), limit_ms);
      const end = (trouble: string | null) => {
        clock.clearTimeout(late);
        messenger = null;
        resolve(trouble);
      };
      child.once('error', ({ message }) => end(message));
      child.once('close', (code, signal) => {
        end(code === 0 ? null : `systemd-notify ended with ${signal ?? code}`);
      });
    });
  }
}

/** Milliseconds within which systemd wants a sign of life from this process; 0: none. */
function watchdogOf({ WATCHDOG_USEC, WATCHDOG_PID }: Readonly<NodeJS.ProcessEnv>): number {
  if (WATCHDOG_PID && WATCHDOG_PID !== String(process.pid)) return 0;
  const microseconds = Number(WATCHDOG_USEC);
  return microseconds > 0 ? microseconds / 1_000 : 0;
}
