import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { configOf, wantsInstruction } from './config-writer.ts';
import { writeConversation } from './content-writer.ts';
import { type ModelTraits, traitsOf } from './model-traits.ts';
import { toolMembers } from './tool-writer.ts';

/** The body of `POST …:generateContent` and `…:streamGenerateContent` for a request from anywhere. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'gemini') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'gemini');
  const { request, toolNames } = fitToolNames(given, 'gemini', book);
  const traits = traitsOf(target);
  for (const field of ['model', 'stream', 'streamUsage'] as const) book.apply(field);
  const instruction = wantsInstruction(request, traits) ? instructionOf(request) : null;
  const { systemInstruction, contents } = writeConversation({ request, traits, book }, instruction);
  const members: JsonObject = {
    ...toolMembers(request, traits, book),
    generationConfig: configOf(request, target, traits, book),
    serviceTier: tierOf(request, traits, book),
  };
  if (request.user !== undefined) book.apply('user');
  if (request.metadata !== undefined) book.apply('metadata');
  addExtra(members, request, book);
  const text = objectText([
    ['systemInstruction', systemInstruction],
    ['contents', contents],
    ...Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)] as const),
  ]);
  return { body: Buffer.from(text), receipt: book.close(), toolNames };
}

function instructionOf({ responseFormat }: ChatRequest): string {
  const asked = 'Answer with one valid JSON object and nothing else, except where you call a function.';
  if (responseFormat?.type !== 'jsonSchema') return asked;
  return `${asked} It must follow this JSON Schema: ${JSON.stringify(responseFormat.schema)}`;
}

/** Other vendors' words for Google's tiers. */
const TIERS: Readonly<Record<string, string>> = {
  default: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  priority: 'priority',
};

function tierOf(
  { serviceTier, protocol }: ChatRequest,
  traits: ModelTraits,
  book: ReceiptBook,
): string | undefined {
  if (serviceTier === undefined) return undefined;
  const tier = protocol === 'gemini' ? serviceTier : TIERS[serviceTier];
  if (tier === undefined || !traits.takesServiceTier) {
    book.apply('serviceTier', 'unknown', `"${serviceTier}"`);
    return undefined;
  }
  if (tier === serviceTier) book.apply('serviceTier');
  else book.apply('serviceTier', 'other', `"${serviceTier}" is "${tier}"`);
  return tier;
}

/** Nested fields are kept under their dotted path; those of single parts went along with their blocks. */
function addExtra(members: JsonObject, request: ChatRequest, book: ReceiptBook): void {
  for (const [path, value] of Object.entries(extraFor(request, 'gemini', book))) {
    if (path.includes('[]')) continue;
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let parent = members;
    for (const step of steps) {
      const known = parent[step];
      const next: JsonObject = isJsonObject(known) ? { ...known } : {};
      parent[step] = next;
      parent = next;
    }
    parent[last] = value;
  }
}
