import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

export interface EventError {
  /** What says it: an object or a text. */
  readonly value: unknown;
  readonly usage: unknown;
}

/** Ends of a message that is not whole. */
const BROKEN: ReadonlySet<unknown> = new Set(['ERROR', 'TIMEOUT']);

/**
 * The error that an event tells, or null: a message that ends with an error (API reference, `message-end`, `error`),
 * or, from servers in front of the vendor, an error object in place of an event.
 */
export function errorOf(event: JsonObject): EventError | null {
  const { type, error, message } = event;
  if (type === 'message-end') {
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    const reason = delta['finish_reason'];
    if (!BROKEN.has(reason)) return null;
    const text =
      typeof delta['error'] === 'string' ? delta['error'] : `The answer ended with ${String(reason)}.`;
    return { value: { message: text, type: 'server_error' }, usage: delta['usage'] };
  }
  if (error !== undefined && error !== null && error !== false) return { value: error, usage: undefined };
  if (type === 'error' || (type === undefined && typeof message === 'string')) {
    return { value: event, usage: undefined };
  }
  return null;
}
