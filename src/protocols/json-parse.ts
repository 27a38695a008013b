import { CallError } from '../errors.ts';
import { jsonFaultAt } from './json-fault.ts';
import type { JsonObject } from './protocol.ts';

/**
 * The body as an object. Errors: `malformed_json` with the position of the fault, `invalid_request` for
 * JSON that is no object or that has a key `__proto__` (which a later merge could put on Object.prototype).
 */
export function parseObject(body: Buffer): JsonObject | CallError {
  const text = body.toString();
  const value = parseJson(text);
  if (value === undefined) {
    const at = jsonFaultAt(text);
    return new CallError('malformed_json', {
      message: `The request body is not valid JSON (at position ${at}).`,
    });
  }
  if (!isJsonObject(value)) {
    return new CallError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  if (mayNamePrototype(text) && namesPrototype(value)) {
    return new CallError('invalid_request', {
      message: 'The key "__proto__" is not allowed.',
      param: '__proto__',
    });
  }
  return value;
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** False for nearly every body: the key needs its letters, plain or escaped. */
const mayNamePrototype = (text: string) => text.includes('__proto__') || /\\u00[57]/.test(text);

function namesPrototype(root: JsonObject): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) return true;
    for (const member of Object.values(value)) open.push(member);
  }
  return false;
}
