import { CallError } from '../errors.ts';
import type { JsonObject } from './protocol.ts';

/** Null where the member is an array. */
export function listError(body: JsonObject, name: string): CallError | null {
  if (Array.isArray(body[name])) return null;
  return new CallError('invalid_request', { param: name, message: `"${name}" must be an array.` });
}
