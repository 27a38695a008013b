import type { CallError } from '../../errors.ts';
import { type ChatRequest, REASONING_EFFORTS, type ResponseFormat } from '../blocks.ts';
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
  refuse,
} from '../expect.ts';
import { OWN_FIELDS } from '../own-fields.ts';
import type { JsonObject } from '../protocol.ts';
import { createRequestNotes, type RequestNotes } from '../request-notes.ts';
import { readMessages } from './message-reader.ts';
import { readToolSettings } from './tool-reader.ts';

/** Reads a body of `POST /chat/completions` (OpenAI API reference, "Create chat completion"). */
export function readRequest(body: JsonObject): ChatRequest | CallError {
  return catchingRefusal(() => read(body));
}

function read(body: JsonObject): ChatRequest {
  const notes = createRequestNotes(body);
  const model = expectName(notes.take('model', 'model'), 'model');
  const messages = readMessages(expectArray(notes.take('messages', 'messages'), 'messages'), notes);
  const stream = optional(notes.take('stream', 'stream'), (value) => expectBoolean(value, 'stream')) ?? false;
  const streamUsage = readStreamOptions(notes);
  const tools = readToolSettings(notes);
  const number = (field: keyof ChatRequest, name: string, min: number, max: number) =>
    optional(notes.take(field, name), (value) => expectNumber(value, name, min, max));
  const text = (field: keyof ChatRequest, name: string) =>
    optional(notes.take(field, name), (value) => expectString(value, name));
  const request = {
    protocol: 'openai-chat' as const,
    model,
    stream,
    streamUsage,
    messages,
    ...tools,
    responseFormat: optional(notes.take('responseFormat', 'response_format'), (value) =>
      readFormat(value, notes),
    ),
    maxOutputTokens: readMaxTokens(notes),
    temperature: number('temperature', 'temperature', 0, 2),
    topP: number('topP', 'top_p', 0, 1),
    seed: optional(notes.take('seed', 'seed'), (value) =>
      expectInteger(value, 'seed', Number.MIN_SAFE_INTEGER),
    ),
    stop: optional(notes.take('stop', 'stop'), readStop),
    presencePenalty: number('presencePenalty', 'presence_penalty', -2, 2),
    frequencyPenalty: number('frequencyPenalty', 'frequency_penalty', -2, 2),
    reasoning: optional(notes.take('reasoning', 'reasoning_effort'), (value) => ({
      effort: expectOneOf(value, 'reasoning_effort', REASONING_EFFORTS),
    })),
    user: text('user', 'user'),
    metadata: optional(notes.take('metadata', 'metadata'), (value) => expectObject(value, 'metadata')),
    serviceTier: text('serviceTier', 'service_tier'),
  };
  optional(body['n'], (value) => expectInteger(value, 'n', 1, 128));
  for (const name of OWN_FIELDS['openai-chat']) notes.keep(name);
  return { ...request, ...notes.close() };
}

function readStreamOptions(notes: RequestNotes): boolean {
  const options = optional(notes.take('streamUsage', 'stream_options'), (value) =>
    expectObject(value, 'stream_options'),
  );
  if (options === undefined) return false;
  const { include_usage: includeUsage, ...others } = options;
  for (const [name, value] of Object.entries(others)) {
    if (name === 'include_obfuscation') notes.keepValue(`stream_options.${name}`, value);
    else notes.unknown(`stream_options.${name}`);
  }
  return optional(includeUsage, (value) => expectBoolean(value, 'stream_options.include_usage')) ?? false;
}

function readMaxTokens(notes: RequestNotes): number | undefined {
  const name = notes.has('max_completion_tokens') ? 'max_completion_tokens' : 'max_tokens';
  const limit = optional(notes.take('maxOutputTokens', name), (value) => expectInteger(value, name, 1));
  notes.keep('max_tokens');
  notes.keep('max_completion_tokens');
  return limit;
}

function readStop(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return expectArray(value, 'stop').map((one, at) => expectString(one, `stop[${at}]`));
}

function readFormat(value: unknown, notes: RequestNotes): ResponseFormat {
  const format = expectObject(value, 'response_format');
  const type = expectOneOf(format['type'], 'response_format.type', ['text', 'json_object', 'json_schema']);
  notes.unknownMembers(format, ['type', 'json_schema'], 'response_format');
  if (type === 'text') return { type: 'text' };
  if (type === 'json_object') return { type: 'jsonObject' };
  const path = 'response_format.json_schema';
  const spec = expectObject(format['json_schema'], path);
  notes.unknownMembers(spec, ['name', 'description', 'schema', 'strict'], path);
  const schema = expectObject(spec['schema'] ?? {}, `${path}.schema`);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(expectString(spec['name'], `${path}.name`))) {
    return refuse(`${path}.name`, 'must be 1 to 64 letters, digits, "_" or "-".');
  }
  return {
    type: 'jsonSchema',
    name: expectString(spec['name'], `${path}.name`),
    schema,
    strict: optional(spec['strict'], (strict) => expectBoolean(strict, `${path}.strict`)),
    description: optional(spec['description'], (text) => expectString(text, `${path}.description`)),
  };
}
