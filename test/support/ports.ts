import type { Log, LogFields } from '../../src/ports.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A log that keeps what it is given, also as the lines that a JSON logger would print. */
export interface CapturedLog extends Log {
  readonly entries: readonly LogEntry[];
  readonly lines: readonly string[];
}

/** Errors do not survive JSON.stringify, and what they carry is just where secrets leak. */
function toLine(value: unknown): string {
  const seen = new WeakSet<object>();
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    if (typeof part !== 'object' || part === null) return part;
    if (seen.has(part)) return '[seen]';
    seen.add(part);
    if (!(part instanceof Error)) return part;
    return { ...part, name: part.name, message: part.message, stack: part.stack, cause: part.cause };
  });
}

export function captureLog(): CapturedLog {
  const entries: LogEntry[] = [];
  const lines: string[] = [];
  const writer = (level: LogEntry['level']) => (fields: LogFields, message: string) => {
    entries.push({ level, fields, message });
    lines.push(toLine({ level, message, ...fields }));
  };
  return {
    entries,
    lines,
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  };
}
