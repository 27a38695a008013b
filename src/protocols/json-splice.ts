import type { ScanResult, Span } from './json-scan.ts';

const COMMA = 0x2c;

/** A member to set: its key and its new value as JSON text. */
export interface MemberEdit {
  readonly key: string;
  readonly json: string;
}

/**
 * The body with the given top-level members set: the value of a present one is replaced, an absent one is
 * added right behind the opening brace. Every other byte stays as it is. `scan` is scanObject's result for
 * this body.
 */
export function splice(body: Buffer, scan: ScanResult, edits: readonly MemberEdit[]): Buffer {
  const [only] = edits;
  if (only !== undefined && edits.length === 1) {
    const span = scan.members.get(only.key);
    if (span !== undefined) return replaced(body, span, only.json);
  }
  const added: string[] = [];
  const spans: { readonly start: number; readonly end: number; readonly json: string }[] = [];
  for (const { key, json } of edits) {
    const span = scan.members.get(key);
    if (span === undefined) added.push(`${JSON.stringify(key)}:${json}`);
    else spans.push({ ...span, json });
  }
  spans.sort((one, other) => one.start - other.start);
  const pieces: Buffer[] = [body.subarray(0, scan.inside)];
  if (added.length > 0) pieces.push(Buffer.from(added.join(',') + (scan.members.size > 0 ? ',' : '')));
  let from = scan.inside;
  for (const { start, end, json } of spans) {
    pieces.push(body.subarray(from, start), Buffer.from(json));
    from = end;
  }
  pieces.push(body.subarray(from));
  return Buffer.concat(pieces);
}

/**
 * The body without a top-level member, its comma included; the body itself where there is none. Every other byte
 * stays as it is. `scan` is scanObject's result for this body, and is none for the result.
 */
export function withoutMember(body: Buffer, scan: ScanResult, key: string): Buffer {
  let before: number | null = null;
  for (const [name, { end }] of scan.members) {
    if (name === key) return cut(body, before ?? scan.inside, before === null ? commaEnd(body, end) : end);
    before = end;
  }
  return body;
}

function cut(body: Buffer, from: number, to: number): Buffer {
  return Buffer.concat([body.subarray(0, from), body.subarray(to)]);
}

/** Behind the comma that follows the first member; where it is the only one, the end of its value. */
function commaEnd(body: Buffer, end: number): number {
  let at = end;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1;
  return body[at] === COMMA ? at + 1 : end;
}

/** The usual case, another model name, on every call's path: one allocation and two copies. */
function replaced(body: Buffer, { start, end }: Span, json: string): Buffer {
  const length = Buffer.byteLength(json);
  const out = Buffer.allocUnsafe(start + length + body.length - end);
  body.copy(out, 0, 0, start);
  out.write(json, start);
  body.copy(out, start + length, end);
  return out;
}
