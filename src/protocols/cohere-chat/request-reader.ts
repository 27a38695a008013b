import type { CallError } from '../../errors.ts';
import type { ChatRequest, ReasoningSetting, ResponseFormat } from '../blocks.ts';
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
import { readMessages, withDocuments } from './message-reader.ts';
import { readToolSettings } from './tool-reader.ts';

/** Reads a body of `POST /v2/chat` (Cohere API reference, "Chat" and "Chat with Streaming"). */
export function readRequest(body: JsonObject): ChatRequest | CallError {
  return catchingRefusal(() => read(body));
}

function read(body: JsonObject): ChatRequest {
  const notes = createRequestNotes(body);
  const model = expectName(notes.take('model', 'model'), 'model');
  const said = readMessages(expectArray(notes.take('messages', 'messages'), 'messages'), notes);
  const messages = optional(notes.value('documents'), (value) => withDocuments(said, value, notes)) ?? said;
  notes.skip('documents');
  const stream = optional(notes.take('stream', 'stream'), (value) => expectBoolean(value, 'stream')) ?? false;
  const number = (field: keyof ChatRequest, name: string, min: number, max: number) =>
    optional(notes.take(field, name), (value) => expectNumber(value, name, min, max));
  const integer = (field: keyof ChatRequest, name: string, min: number, max?: number) =>
    optional(notes.take(field, name), (value) => expectInteger(value, name, min, max));
  const request = {
    protocol: 'cohere-chat' as const,
    model,
    stream,
    // Cohere's streams always carry usage.
    streamUsage: stream,
    messages,
    ...readToolSettings(notes),
    responseFormat: optional(notes.take('responseFormat', 'response_format'), (value) =>
      readFormat(value, notes),
    ),
    maxOutputTokens: integer('maxOutputTokens', 'max_tokens', 1),
    temperature: number('temperature', 'temperature', 0, 2),
    topP: number('topP', 'p', 0, 1),
    topK: integer('topK', 'k', 0, 500),
    seed: integer('seed', 'seed', 0),
    stop: optional(notes.take('stop', 'stop_sequences'), (value) =>
      expectArray(value, 'stop_sequences').map((one, at) => expectString(one, `stop_sequences[${at}]`)),
    ),
    presencePenalty: number('presencePenalty', 'presence_penalty', 0, 1),
    frequencyPenalty: number('frequencyPenalty', 'frequency_penalty', 0, 1),
    reasoning: optional(notes.take('reasoning', 'thinking'), (value) => readThinking(value, notes)),
  };
  for (const name of OWN_FIELDS['cohere-chat']) notes.keep(name);
  return { ...request, ...notes.close() };
}

/** Without a budget the model decides on its own how long it thinks. */
function readThinking(value: unknown, notes: RequestNotes): ReasoningSetting {
  const thinking = expectObject(value, 'thinking');
  notes.unknownMembers(thinking, ['type', 'token_budget'], 'thinking');
  const type = expectOneOf(thinking['type'], 'thinking.type', ['enabled', 'disabled']);
  if (type === 'disabled') return { effort: 'none' };
  const path = 'thinking.token_budget';
  const budgetTokens = optional(thinking['token_budget'], (budget) => expectInteger(budget, path, 1));
  return budgetTokens === undefined ? { adaptive: true } : { budgetTokens };
}

/** A schema has no name here; one is made up for targets that need it. */
function readFormat(value: unknown, notes: RequestNotes): ResponseFormat {
  const format = expectObject(value, 'response_format');
  const type = expectOneOf(format['type'], 'response_format.type', ['text', 'json_object']);
  notes.unknownMembers(format, ['type', 'json_schema'], 'response_format');
  if (type === 'text') return { type: 'text' };
  const path = 'response_format.json_schema';
  const schema = optional(format['json_schema'], (one) => expectObject(one, path));
  if (schema === undefined) return { type: 'jsonObject' };
  return { type: 'jsonSchema', name: 'response', schema, strict: true };
}
