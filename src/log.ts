import { destination, pino } from 'pino';
import type { Log } from './ports.ts';
import type { LogLevel } from './settings.ts';

/** Headers, keys and bodies never belong in a log; should one get there by mistake, it is blanked. */
const REDACTED = [
  'authorization',
  'headers',
  'apiKey',
  'secret',
  'key',
  'password',
  'body',
  '*.authorization',
  '*.secret',
];

/** JSON lines on standard error; standard output is for what the operator asked to see. */
export function createLog(level: LogLevel): Log {
  return pino({ level, base: { pid: process.pid }, redact: REDACTED }, destination(2));
}
