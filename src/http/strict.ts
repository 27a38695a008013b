import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { type ScanResult, scanObject } from '../protocols/json-scan.ts';
import { withoutMember } from '../protocols/json-splice.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** A caller's body, and whether it asks for strict mode. */
export interface ParsedBody {
  readonly bytes: Buffer;
  readonly scan: ScanResult;
  readonly json: JsonObject;
  readonly isStrict: boolean;
}

/**
 * The body without `strict`, which is the gateway's own field and no protocol's: true refuses a translation that
 * loses a field. A `strict` that is neither a boolean nor null stays, for `strictError` to refuse.
 */
export function takeStrict(body: Omit<ParsedBody, 'isStrict'>, limits: Limits): ParsedBody | CallError {
  const { strict, ...json } = body.json;
  if (strictError(body.json) !== null) return { ...body, isStrict: false };
  const bytes = withoutMember(body.bytes, body.scan, 'strict');
  const scan = scanObject(bytes, limits);
  return scan instanceof CallError ? scan : { bytes, scan, json, isStrict: strict === true };
}

export function strictError({ strict }: JsonObject): CallError | null {
  if (strict === undefined || strict === null || typeof strict === 'boolean') return null;
  return new CallError('invalid_request', { param: 'strict', message: '"strict" must be true or false.' });
}
