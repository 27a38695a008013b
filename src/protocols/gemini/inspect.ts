import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { blockOf, candidateOf, finishOf, isError, partsOf, readText, saysSomething } from './candidate.ts';
import { readErrorMember } from './error-reader.ts';
import { BLOCKED, readFinish } from './finish.ts';
import { readUsage } from './usage.ts';

/**
 * A finish or block reason, a function call (which decides what a finish means), another candidate than the first
 * and an error.
 */
export const tapNeedles: readonly Buffer[] = [
  Buffer.from('nishReason'),
  Buffer.from('lockReason'),
  Buffer.from('unctionCall'),
  Buffer.from('ndex":1'),
  Buffer.from('ndex": 1'),
  Buffer.from('rror"'),
];

/** What one event says, and what only the stream as a whole can make of it. */
export interface EventFinding extends TapFinding {
  readonly hasCalls: boolean;
  readonly isBlocked: boolean;
  readonly candidates: readonly CandidateFinding[];
}

interface CandidateFinding {
  readonly index: number;
  readonly hasContent: boolean;
  readonly finish: string | null;
}

const NOTHING: EventFinding = { hasContent: false, hasCalls: false, isBlocked: false, candidates: [] };

/** Nothing for data that is no event, which passes as it is. */
export function inspectEvent(data: string): EventFinding {
  const event = parseJson(data);
  if (!isJsonObject(event)) return NOTHING;
  if (isError(event['error'])) return { ...NOTHING, failure: readErrorMember(event['error']) };
  const all = Array.isArray(event['candidates']) ? event['candidates'].filter(isJsonObject) : [];
  const candidate = candidateOf(event);
  const candidates = all.map(inspectCandidate);
  const hasCalls = candidate !== null && partsOf(candidate).some(isNamedCall);
  const isBlocked = all.length === 0 && blockOf(event) !== null;
  const raw = candidate === null ? null : finishOf(candidate);
  return {
    hasContent: candidates.some((one) => one.hasContent),
    usage: readUsage(event['usageMetadata']),
    model: readText(event['modelVersion']) ?? undefined,
    finishReason: isBlocked ? BLOCKED : raw === null ? undefined : readFinish(raw, hasCalls),
    hasCalls,
    isBlocked,
    candidates,
  };
}

function inspectCandidate(candidate: JsonObject): CandidateFinding {
  const index = candidate['index'];
  return {
    index: typeof index === 'number' ? index : 0,
    hasContent: partsOf(candidate).some(saysSomething),
    finish: finishOf(candidate),
  };
}

function isNamedCall({ functionCall }: JsonObject): boolean {
  return isJsonObject(functionCall) && readText(functionCall['name']) !== null;
}
