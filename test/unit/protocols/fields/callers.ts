import { CallError } from '../../../../src/errors.ts';
import { type ChatInputValue, readChatInput } from '../../../../src/graphql/chat-input.ts';
import {
  type CallerProtocol,
  type ChatRequest,
  PROTOCOL_NAMES,
  type ProtocolName,
} from '../../../../src/protocols/blocks.ts';
import { callerWords } from '../../../../src/protocols/caller-words.ts';
import { FIELDS, type TabledField } from '../../../../src/protocols/fields.ts';
import type { JsonObject, Protocol, TargetContext } from '../../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../../src/protocols/registry.ts';
import { BODIES } from './bodies.ts';
import { SAMPLES, type Sample } from './samples.ts';

export const FIELD_NAMES = Object.keys(FIELDS) as TabledField[]; // the table's own keys
/** Protocols that the program speaks: a new one is tested as soon as it is registered. */
export const PROTOCOLS: readonly Protocol[] = PROTOCOL_NAMES.map(protocolOf).filter(
  (one) => one !== undefined,
);
export const CALLERS: readonly CallerProtocol[] = [...PROTOCOLS.map(({ name }) => name), 'graphql'];

/** A target of each protocol whose model takes what there is to take. */
export const TARGETS: Readonly<Record<ProtocolName, TargetContext>> = {
  'openai-chat': { provider: 'custom', model: 'any-model', maxOutputTokens: null },
  'openai-responses': { provider: 'openai', model: 'any-model', maxOutputTokens: null },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-3-7-sonnet-20250219', maxOutputTokens: null },
  gemini: { provider: 'gemini', model: 'gemini-2.5-pro', maxOutputTokens: null },
  'bedrock-converse': {
    provider: 'bedrock',
    model: 'anthropic.claude-3-7-sonnet-20250219-v1:0',
    maxOutputTokens: null,
  },
  'cohere-chat': { provider: 'cohere', model: 'command-a-reasoning-08-2025', maxOutputTokens: null },
};

/** A caller's request that says a field. */
export interface Said {
  readonly request: ChatRequest;
  readonly mark: string | undefined;
}

/**
 * Requests of this caller that say the field: bodies that its own protocol's writer makes of the internal form,
 * read back, and bodies by hand. None where the protocol cannot say it.
 */
export function requestsSaying(caller: CallerProtocol, field: TabledField): readonly Said[] {
  return [...writtenRequests(caller, field), ...requestsByHand(caller, field)];
}

function requestsByHand(caller: CallerProtocol, field: TabledField): readonly Said[] {
  return (BODIES[caller]?.[field] ?? []).map(({ body, mark }) => ({ request: readBody(caller, body), mark }));
}

function writtenRequests(caller: CallerProtocol, field: TabledField): readonly Said[] {
  const samplesOf = SAMPLES[field];
  if (caller === 'graphql' || samplesOf === null) return [];
  const samples = [samplesOf(caller)].flat() as readonly Sample[]; // flat loses readonly
  for (const { request, mark } of samples) {
    const read = throughOwnWriter(caller, { ...emptyRequest(caller), ...request });
    const isSaid = read?.fields[field] !== undefined || !isNoted(field);
    if (read !== null && isSaid && callerWords(caller, field).length + Number(isNoted(field)) > 0) {
      return [{ request: read, mark }];
    }
  }
  return [];
}

/** Details that readers need not note: a receipt speaks of them only where they change. */
export function isNoted(field: TabledField): boolean {
  return !['toolCall.', 'toolResult.content', 'tools.parameters', 'message.readable'].some((one) =>
    field.startsWith(one),
  );
}

/** What the caller's own reader makes of what its protocol's writer wrote; null where the writer refuses. */
function throughOwnWriter(caller: ProtocolName, request: ChatRequest): ChatRequest | null {
  const protocol = protocolOf(caller);
  const written = protocol?.writeRequest(request, TARGETS[caller]);
  if (protocol === undefined || written === undefined || written instanceof CallError) return null;
  return taken(
    protocol.readRequest(JSON.parse(written.body.toString()) as JsonObject, {
      model: request.model,
      stream: request.stream,
    }),
  );
}

/** The names are those of the caller, as its reader would note them. */
function emptyRequest(caller: ProtocolName): ChatRequest {
  const fields: Record<string, string> = {};
  for (const field of FIELD_NAMES) {
    const [word] = callerWords(caller, field);
    if (word !== undefined) fields[field] = word;
  }
  return {
    protocol: caller,
    model: 'm',
    stream: false,
    streamUsage: false,
    messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
    tools: [],
    extra: {},
    unknownFields: [],
    fields,
  };
}

function readBody(caller: CallerProtocol, members: object): ChatRequest {
  const messages = [{ role: 'user', content: 'Hello' }];
  if (caller === 'graphql') {
    return taken(readChatInput({ model: 'm', messages, ...members } as ChatInputValue, false));
  }
  const protocol = protocolOf(caller);
  if (protocol === undefined) throw new Error(`${caller} is not registered`);
  const needed = caller === 'anthropic-messages' ? { max_tokens: 9_000 } : {};
  const base =
    caller === 'gemini'
      ? { contents: [{ parts: [{ text: 'Hello' }] }] }
      : caller === 'bedrock-converse'
        ? { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] }
        : caller === 'openai-responses'
          ? { model: 'm', input: 'Hello' }
          : { model: 'm', ...needed, messages };
  const body = JSON.parse(JSON.stringify({ ...base, ...members })) as JsonObject;
  return taken(protocol.readRequest(body, { model: 'm', stream: body['stream'] === true }));
}

function taken(request: ChatRequest | CallError): ChatRequest {
  if (request instanceof CallError) throw request;
  return request;
}
