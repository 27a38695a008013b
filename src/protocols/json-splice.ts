import type { ScanResult } from './json-scan.ts';

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
  const added: string[] = [];
  const replaced: { readonly start: number; readonly end: number; readonly json: string }[] = [];
  for (const { key, json } of edits) {
    const span = scan.members.get(key);
    if (span === undefined) added.push(`${JSON.stringify(key)}:${json}`);
    else replaced.push({ ...span, json });
  }
  replaced.sort((one, other) => one.start - other.start);
  const pieces: Buffer[] = [body.subarray(0, scan.inside)];
  if (added.length > 0) pieces.push(Buffer.from(added.join(',') + (scan.members.size > 0 ? ',' : '')));
  let from = scan.inside;
  for (const { start, end, json } of replaced) {
    pieces.push(body.subarray(from, start), Buffer.from(json));
    from = end;
  }
  pieces.push(body.subarray(from));
  return Buffer.concat(pieces);
}
