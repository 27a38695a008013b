import { CallError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

export { isJsonObject, parseJson, parseObject } from './json-parse.ts';
export { type MemberEdit, splice } from './json-splice.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** Strings longer than this are searched by the runtime's own search, which is slow to start and then fast. */
const SHORT_STRING_BYTES = 64;
const PARAM_CHARS_MAX = 200;

/** Where a value lies in the body: bytes from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ScanResult {
  /** Top-level keys, escapes decoded, in the order of the body. */
  readonly members: ReadonlyMap<string, Span>;
  /** The offset right behind the opening brace. */
  readonly inside: number;
}

export interface ScanLimits {
  readonly bodyDepthMax: number;
  readonly bodyMembersMax: number;
}

/**
 * Finds the values of a JSON object's top-level members without parsing them. It checks no more than it
 * needs: whether the whole is valid JSON is `parseObject`'s question.
 * Errors: `malformed_json`, `invalid_request` (JSON, but not an object), `duplicate_field` with the key as
 * `param`, `body_too_deep`.
 */
export function scanObject(body: Buffer, limits: ScanLimits = LIMITS): ScanResult | CallError {
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_BRACE) return notAnObject(body, at);
  const inside = at + 1;
  const members = new Map<string, Span>();
  at = skipSpace(body, inside);
  if (body[at] === CLOSE_BRACE) return endOfBody(body, at + 1) ?? { members, inside };
  for (;;) {
    if (body[at] !== QUOTE) return malformed(at);
    const keyEnd = skipString(body, at);
    const colon = skipSpace(body, keyEnd);
    const key = readKey(body, at, keyEnd);
    if (key === null || body[colon] !== COLON) return malformed(at);
    const start = skipSpace(body, colon + 1);
    const end = skipValue(body, start, limits.bodyDepthMax);
    if (typeof end !== 'number') return end;
    if (members.has(key)) return new CallError('duplicate_field', { param: key.slice(0, PARAM_CHARS_MAX) });
    members.set(key, { start, end });
    if (members.size > limits.bodyMembersMax) return tooManyMembers(limits.bodyMembersMax);
    at = skipSpace(body, end);
    if (body[at] === CLOSE_BRACE) return endOfBody(body, at + 1) ?? { members, inside };
    if (body[at] !== COMMA) return malformed(at);
    at = skipSpace(body, at + 1);
  }
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** `from` is the opening quote; returns the offset behind the closing one, or the body's length without one. */
function skipString(body: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const near = Math.min(at + SHORT_STRING_BYTES, body.length);
    while (at < near) {
      const byte = body[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const quote = body.indexOf(QUOTE, at);
    if (quote === -1) return body.length;
    let escapes = 0;
    while (quote - escapes > at && body[quote - escapes - 1] === BACKSLASH) escapes += 1;
    at = quote + 1;
    if (escapes % 2 === 0) return at;
  }
}

function readKey(body: Buffer, start: number, end: number): string | null {
  const text = body.toString('utf8', start + 1, end - 1);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string; // a JSON string by its quotes
  } catch {
    return null;
  }
}

function skipValue(body: Buffer, start: number, depthMax: number): number | CallError {
  const first = body[start];
  if (first === QUOTE) return skipString(body, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(body, start);
  let depth = 1;
  let at = start;
  while (at < body.length) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = skipString(body, at);
      continue;
    }
    at += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > depthMax) return tooDeep(depthMax);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 1) return at;
    }
  }
  return malformed(body.length);
}

function skipScalar(body: Buffer, start: number): number | CallError {
  let at = start;
  while (at < body.length) {
    const byte = body[at];
    if (
      byte === COMMA ||
      byte === CLOSE_BRACE ||
      byte === 0x20 ||
      byte === 0x0a ||
      byte === 0x0d ||
      byte === 0x09
    )
      break;
    at += 1;
  }
  return at === start ? malformed(at) : at;
}

function endOfBody(body: Buffer, from: number): CallError | null {
  const at = skipSpace(body, from);
  return at === body.length ? null : malformed(at);
}

function notAnObject(body: Buffer, at: number): CallError {
  const first = String.fromCharCode(body[at] ?? 0);
  if (!/["[\dtfn-]/.test(first)) return malformed(at);
  return new CallError('invalid_request', { message: 'The request body must be a JSON object.' });
}

const malformed = (at: number) =>
  new CallError('malformed_json', { message: `The request body is not valid JSON (at byte ${at}).` });
const tooDeep = (depthMax: number) =>
  new CallError('body_too_deep', {
    message: `The request body is nested more than ${depthMax} levels deep.`,
  });
const tooManyMembers = (membersMax: number) =>
  new CallError('invalid_request', { message: `The request body has more than ${membersMax} fields.` });
