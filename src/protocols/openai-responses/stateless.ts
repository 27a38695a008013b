import { CallError } from '../../errors.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/*
 * No response is kept here, and none is asked for at a provider: its account is shared by all tenants, so what
 * one stored another could name.
 */

const UNAVAILABLE = 'stored conversations are not available';

/** Fields that need something stored, and what to do without them. */
const STORED: Readonly<Record<string, string>> = {
  previous_response_id: 'Send the whole conversation in "input".',
  conversation: 'Send the whole conversation in "input".',
  prompt: 'Send the text of the prompt in "instructions" and "input".',
};

/**
 * Why a body cannot be served: it is not of the protocol's shape, or needs what was stored. Null when all is well.
 * Errors: `invalid_request` with the field as `param`.
 */
export function shapeError(body: JsonObject): CallError | null {
  for (const [name, advice] of Object.entries(STORED)) {
    if ((body[name] ?? null) !== null) return refusal(name, `${UNAVAILABLE}. ${advice}`);
  }
  if (body['background'] === true) {
    return refusal('background', `${UNAVAILABLE}: a response can only be read while it is made.`);
  }
  return inputError(body['input']);
}

function inputError(input: unknown): CallError | null {
  if (typeof input === 'string') return null;
  if (!Array.isArray(input)) return refusal('input', 'a string or an array of items is expected.');
  const at = input.findIndex(isReference);
  if (at === -1) return null;
  return refusal(
    `input[${at}]`,
    `${UNAVAILABLE}: send the item itself, not a reference to it. Clients do so with "store": false.`,
  );
}

/** The type may be left out where there is an id and nothing else. */
function isReference(item: unknown): boolean {
  if (!isJsonObject(item)) return false;
  const type = item['type'] ?? null;
  return type === 'item_reference' || (type === null && (item['role'] ?? null) === null && 'id' in item);
}

const refusal = (param: string, message: string) =>
  new CallError('invalid_request', { param, message: `${param}: ${message}` });

/** What is said below `/v1/responses/{id}`. */
export const notStored = (): CallError =>
  new CallError('not_found', {
    message: 'Responses are not stored here: one can only be read while it is made.',
  });
