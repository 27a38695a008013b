import type { ChatRequest } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { BedrockModel } from './model-family.ts';
import type { ModelFields } from './model-fields.ts';

/** Most stop sequences that Amazon's own models take. */
const NOVA_STOPS_MAX = 4;

/** `inferenceConfig`; undefined where nothing is set. */
export function inferenceConfig(
  request: ChatRequest,
  own: ModelFields,
  model: BedrockModel,
  book: ReceiptBook,
): JsonObject | undefined {
  const config = {
    maxTokens: own.maxTokens,
    ...sampling(request, own, model, book),
    stopSequences: stopSequences(request, model, book),
  };
  return Object.values(config).some((value) => value !== undefined) ? config : undefined;
}

function sampling(
  request: ChatRequest,
  { refusesSampling }: ModelFields,
  model: BedrockModel,
  book: ReceiptBook,
): JsonObject {
  const { temperature, topP } = request;
  const isOwn = request.protocol === 'bedrock-converse';
  if (refusesSampling !== null) {
    if (temperature !== undefined) book.apply('temperature', refusesSampling);
    if (topP !== undefined) book.apply('topP', refusesSampling);
    return {};
  }
  const isTooMuch = !isOwn && !model.claude.takesBothSampling && temperature !== undefined;
  if (temperature !== undefined) book.apply('temperature', temperature > 1 ? 'aboveMax' : undefined);
  if (topP !== undefined) book.apply('topP', isTooMuch ? 'both' : undefined);
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    topP: isTooMuch ? undefined : topP,
  };
}

/** Sequences of white space alone are refused. */
function stopSequences(
  request: ChatRequest,
  { family }: BedrockModel,
  book: ReceiptBook,
): readonly string[] | undefined {
  if (request.stop === undefined) return undefined;
  if (request.protocol === 'bedrock-converse') {
    book.apply('stop');
    return request.stop;
  }
  const kept = request.stop.filter((sequence) => sequence.trim() !== '');
  const most = family === 'nova' ? NOVA_STOPS_MAX : kept.length;
  if (kept.length === 0 && request.stop.length > 0) book.apply('stop', 'allBlank');
  else if (kept.length > most) book.apply('stop', 'tooMany');
  else book.apply('stop', kept.length < request.stop.length ? 'blank' : undefined);
  return kept.length === 0 ? undefined : kept.slice(0, most);
}

/** AWS, API reference, "Converse", requestMetadata. */
const METADATA_ENTRIES_MAX = 16;
const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;

export function requestMetadata(request: ChatRequest, book: ReceiptBook): JsonObject | undefined {
  if (request.metadata === undefined) return undefined;
  const given = Object.entries(request.metadata);
  const isTaken = ([name, text]: [string, unknown]) =>
    name !== '' && METADATA_TEXT.test(name) && typeof text === 'string' && METADATA_TEXT.test(text);
  const kept = given.filter(isTaken).slice(0, METADATA_ENTRIES_MAX);
  if (kept.length === given.length) book.apply('metadata');
  else book.apply('metadata', kept.length === 0 ? 'noText' : 'some');
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority', 'reserved']);
/** What others call the tier that needs no word. */
const USUAL: ReadonlySet<string> = new Set(['auto', 'default', 'standard_only']);

export function serviceTier(request: ChatRequest, book: ReceiptBook): JsonObject | undefined {
  const tier = request.serviceTier;
  if (tier === undefined) return undefined;
  if (request.protocol !== 'bedrock-converse' && USUAL.has(tier)) {
    book.apply('serviceTier', 'default');
    return undefined;
  }
  if (request.protocol === 'bedrock-converse' || TIERS.has(tier)) {
    book.apply('serviceTier');
    return { type: tier };
  }
  book.apply('serviceTier', 'unknown');
  return undefined;
}
