/**
 * The log, JSON lines through pino. Only typed fields that are already masked go in: a card is
 * known by the last four digits of its serial, keys and persons not at all.
 */

import pino from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** To standard error, so that commands keep standard output for their result. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  return pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));
}

export function maskSerial(serial: string | null): string {
  return serial === null ? '-' : `…${serial.slice(-4)}`;
}
