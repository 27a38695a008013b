import {
  type Block,
  type ChatResponse,
  type Origin,
  type Signature,
  UNKNOWN_USAGE,
  type UpstreamFailure,
} from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { mintToolId } from '../tool-ids.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { blockOf, candidateOf, finishOf, isError, partsOf, readText } from './candidate.ts';
import { readErrorMember } from './error-reader.ts';
import { BLOCKED, readFinish } from './finish.ts';
import { citationsOf, type PlacedText } from './grounding-reader.ts';
import { readUsage } from './usage.ts';

/** A `GenerateContentResponse`. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  if (isError(body['error'])) return readErrorMember(body['error']);
  const candidate = candidateOf(body);
  const head = { id: readText(body['responseId']), model: readText(body['modelVersion']) };
  const tail = { stopSequence: null, usage: readUsage(body['usageMetadata']) ?? UNKNOWN_USAGE };
  if (candidate === null) {
    const blocked = blockOf(body);
    if (blocked === null) return malformedAnswer('The answer has no candidate.');
    const blocks: Block[] = blocked.message === null ? [] : [{ type: 'refusal', text: blocked.message }];
    return { ...head, blocks, finishReason: BLOCKED, rawFinishReason: blocked.reason, ...tail };
  }
  const blocks = [...readParts(candidate, head.id, origin)];
  const raw = finishOf(candidate);
  const finishReason = readFinish(raw, blocks.some(isCall));
  const refusal = refusalOf(candidate, finishReason === 'content_filter');
  if (refusal !== null) blocks.push({ type: 'refusal', text: refusal });
  return { ...head, blocks, finishReason, rawFinishReason: raw, ...tail };
}

const isCall = (block: Block) => block.type === 'toolCall';

/** What the model says of its refusal; beside an answer `finishMessage` is nothing for the reader. */
export function refusalOf(candidate: JsonObject, isFiltered: boolean): string | null {
  return isFiltered ? readText(candidate['finishMessage']) : null;
}

/** Usage, model and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  const candidate = candidateOf(body);
  const raw = candidate === null ? null : finishOf(candidate);
  const hasCalls =
    candidate !== null && partsOf(candidate).some(({ functionCall }) => isJsonObject(functionCall));
  const isBlocked = candidate === null && blockOf(body) !== null;
  return {
    usage: readUsage(body['usageMetadata']),
    model: readText(body['modelVersion']) ?? undefined,
    finishReason: isBlocked ? BLOCKED : raw === null ? undefined : readFinish(raw, hasCalls),
  };
}

function readParts(candidate: JsonObject, answerId: string | null, origin: Origin): readonly Block[] {
  const blocks: Block[] = [];
  const texts = new Map<number, PlacedText>();
  let begin = 0;
  for (const [at, part] of partsOf(candidate).entries()) {
    const block = readPart(part, answerId, blocks.length, origin);
    if (block === null) continue;
    blocks.push(block);
    if (block.type !== 'text') continue;
    texts.set(at, { text: block.text, begin });
    begin += block.text.length;
  }
  const raw = citationsOf(candidate, texts);
  const last = blocks.findLastIndex((block) => block.type === 'text');
  const cited = blocks[last];
  if (raw.length > 0 && cited?.type === 'text') blocks[last] = { ...cited, citations: { raw, origin } };
  return blocks;
}

/** Code, its results, media and what may come one day are kept whole: no other protocol has a form for them. */
function readPart(part: JsonObject, answerId: string | null, place: number, origin: Origin): Block | null {
  const { functionCall, text, thought } = part;
  const signature = signatureOf(part, origin);
  if (isJsonObject(functionCall)) {
    const name = readText(functionCall['name']) ?? '';
    const id = readText(functionCall['id']) ?? mintToolId(answerId, place, name);
    return {
      type: 'toolCall',
      id,
      name,
      arguments: JSON.stringify(functionCall['args'] ?? {}),
      ...signature,
    };
  }
  if (typeof text !== 'string') return { type: 'unknown', raw: part, origin };
  if (thought === true) return { type: 'reasoning', text, signature: signature.signature?.value, origin };
  return text === '' && signature.signature === undefined ? null : { type: 'text', text, ...signature };
}

function signatureOf(part: JsonObject, origin: Origin): { readonly signature?: Signature } {
  const value = readText(part['thoughtSignature']);
  return value === null ? {} : { signature: { value, origin } };
}
