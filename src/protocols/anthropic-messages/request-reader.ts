import type { CallError } from '../../errors.ts';
import type { ChatRequest, Message, ReasoningSetting, ResponseFormat } from '../blocks.ts';
import {
  catchingRefusal,
  expectArray,
  expectBoolean,
  expectInteger,
  expectName,
  expectNumber,
  expectObject,
  expectOneOf,
  expectString,
  optional,
} from '../expect.ts';
import { OWN_FIELDS } from '../own-fields.ts';
import type { JsonObject } from '../protocol.ts';
import { createRequestNotes, type RequestNotes } from '../request-notes.ts';
import { readBlocks } from './block-reader.ts';
import { readMessages } from './message-reader.ts';
import { readToolSettings } from './tool-reader.ts';

/** Reads a body of `POST /v1/messages` (Anthropic API reference, "Create a Message", and its beta fields). */
export function readRequest(body: JsonObject): ChatRequest | CallError {
  return catchingRefusal(() => read(body));
}

function read(body: JsonObject): ChatRequest {
  const notes = createRequestNotes(body);
  const model = expectName(notes.take('model', 'model'), 'model');
  const maxOutputTokens = expectInteger(notes.take('maxOutputTokens', 'max_tokens'), 'max_tokens', 1);
  const system = readSystem(notes);
  const messages = readMessages(expectArray(notes.take('messages', 'messages'), 'messages'), notes);
  const stream = optional(notes.take('stream', 'stream'), (value) => expectBoolean(value, 'stream')) ?? false;
  const number = (field: keyof ChatRequest, name: string) =>
    optional(notes.take(field, name), (value) => expectNumber(value, name, 0, 1));
  const config = readOutputConfig(notes);
  const request = {
    protocol: 'anthropic-messages' as const,
    model,
    stream,
    // Anthropic's streams always carry usage.
    streamUsage: stream,
    messages: [...system, ...messages],
    ...readToolSettings(notes),
    responseFormat: config.format,
    maxOutputTokens,
    temperature: number('temperature', 'temperature'),
    topP: number('topP', 'top_p'),
    topK: optional(notes.take('topK', 'top_k'), (value) => expectInteger(value, 'top_k', 0)),
    stop: optional(notes.take('stop', 'stop_sequences'), (value) =>
      expectArray(value, 'stop_sequences').map((one, at) => expectString(one, `stop_sequences[${at}]`)),
    ),
    reasoning: readReasoning(notes, config.effort),
    user: readUser(notes),
    serviceTier: optional(notes.take('serviceTier', 'service_tier'), (value) =>
      expectString(value, 'service_tier'),
    ),
  };
  for (const name of OWN_FIELDS['anthropic-messages']) notes.keep(name);
  return { ...request, ...notes.close() };
}

function readSystem(notes: RequestNotes): readonly Message[] {
  const value = notes.take('system', 'system');
  if (value === undefined || value === null || value === '') return [];
  return [{ role: 'system', blocks: readBlocks(value, 'system', notes) }];
}

function readUser(notes: RequestNotes): string | undefined {
  if (!notes.has('metadata')) return undefined;
  const { user_id: userId, ...others } = expectObject(notes.value('metadata'), 'metadata');
  notes.unknownMembers(others, [], 'metadata');
  notes.detail('user', 'metadata.user_id');
  notes.skip('metadata');
  return optional(userId, (value) => expectString(value, 'metadata.user_id'));
}

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

interface OutputConfig {
  readonly effort?: ReasoningSetting['effort'];
  readonly format?: ResponseFormat | undefined;
}

function readOutputConfig(notes: RequestNotes): OutputConfig {
  const value = optional(notes.value('output_config'), (one) => expectObject(one, 'output_config'));
  notes.skip('output_config');
  const { effort, format, ...others } = value ?? {};
  for (const [name, other] of Object.entries(others)) notes.keepValue(`output_config.${name}`, other);
  const legacy = notes.has('output_format') ? 'output_format' : 'output_config.format';
  const asked = format ?? notes.value('output_format');
  notes.skip('output_format');
  return { effort: readEffort(effort, notes), format: readFormat(asked, legacy, notes) };
}

function readEffort(value: unknown, notes: RequestNotes): ReasoningSetting['effort'] {
  if (value === undefined || value === null) return undefined;
  const effort = expectOneOf(value, 'output_config.effort', EFFORTS);
  notes.detail('reasoning.effort', 'output_config.effort');
  if (effort !== 'max') return effort;
  notes.keepValue('output_config.effort', effort);
  return 'xhigh';
}

function readFormat(value: unknown, path: string, notes: RequestNotes): ResponseFormat | undefined {
  if (value === undefined || value === null) return undefined;
  const format = expectObject(value, path);
  expectOneOf(format['type'], `${path}.type`, ['json_schema']);
  notes.detail('responseFormat', path);
  const schema = expectObject(format['schema'], `${path}.schema`);
  return { type: 'jsonSchema', name: 'response', schema, strict: true };
}

/** `thinking` and `output_config.effort` are one setting inside. */
function readReasoning(
  notes: RequestNotes,
  effort: ReasoningSetting['effort'],
): ReasoningSetting | undefined {
  const value = optional(notes.value('thinking'), (one) => expectObject(one, 'thinking'));
  notes.skip('thinking');
  if (value === undefined) return effort === undefined ? undefined : { effort };
  const { type, budget_tokens: budget, ...others } = value;
  const known = expectOneOf(type, 'thinking.type', ['enabled', 'disabled', 'adaptive', 'between_tools']);
  for (const [name, other] of Object.entries(others)) notes.keepValue(`thinking.${name}`, other);
  notes.detail('reasoning', 'thinking');
  if (known === 'enabled') {
    return { budgetTokens: expectInteger(budget, 'thinking.budget_tokens', 1), effort };
  }
  if (known === 'adaptive') return { adaptive: true, effort };
  if (known === 'between_tools') notes.keepValue('thinking.type', known);
  if (effort !== undefined) notes.keepValue('output_config.effort', effort);
  return { effort: 'none' };
}
