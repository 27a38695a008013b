import type { CallError } from '../../errors.ts';
import {
  type ChatRequest,
  type Message,
  REASONING_EFFORTS,
  type ReasoningSetting,
  type ResponseFormat,
} from '../blocks.ts';
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
import { readInput } from './input-reader.ts';
import { ENCRYPTED_REASONING } from './rewrite.ts';
import { shapeError } from './stateless.ts';
import { readToolSettings } from './tool-reader.ts';

/** Refused by `shapeError` where they ask for something stored; what is left of them says nothing. */
const ABOUT_STORAGE = ['background', 'conversation', 'previous_response_id', 'prompt', 'store'] as const;

/** Reads a body of `POST /responses` (OpenAI API reference, "Create a model response"). */
export function readRequest(body: JsonObject): ChatRequest | CallError {
  return shapeError(body) ?? catchingRefusal(() => read(body));
}

function read(body: JsonObject): ChatRequest {
  const notes = createRequestNotes(body);
  const model = expectName(notes.take('model', 'model'), 'model');
  const messages = readMessages(notes);
  const stream = optional(notes.take('stream', 'stream'), (value) => expectBoolean(value, 'stream')) ?? false;
  const number = (field: keyof ChatRequest, name: string, max: number) =>
    optional(notes.take(field, name), (value) => expectNumber(value, name, 0, max));
  const text = (field: keyof ChatRequest, name: string) =>
    optional(notes.take(field, name), (value) => expectString(value, name));
  const request = {
    protocol: 'openai-responses' as const,
    model,
    stream,
    // Usage always comes with the stream.
    streamUsage: stream,
    messages,
    ...readToolSettings(notes),
    responseFormat: readText(notes),
    maxOutputTokens: optional(notes.take('maxOutputTokens', 'max_output_tokens'), (value) =>
      expectInteger(value, 'max_output_tokens', 1),
    ),
    temperature: number('temperature', 'temperature', 2),
    topP: number('topP', 'top_p', 1),
    reasoning: readReasoning(notes),
    user: text('user', 'user'),
    metadata: optional(notes.take('metadata', 'metadata'), (value) => expectObject(value, 'metadata')),
    serviceTier: text('serviceTier', 'service_tier'),
  };
  readOptions(notes);
  for (const name of OWN_FIELDS['openai-responses']) notes.keep(name);
  for (const name of ABOUT_STORAGE) notes.skip(name);
  return { ...request, ...notes.close() };
}

function readMessages(notes: RequestNotes): readonly Message[] {
  const instructions = optional(notes.take('system', 'instructions'), (value) =>
    expectString(value, 'instructions'),
  );
  const input = readInput(notes.take('messages', 'input'), notes);
  if (instructions === undefined) {
    return input.length === 0 ? refuse('input', 'must hold at least one item.') : input;
  }
  return [{ role: 'system', blocks: [{ type: 'text', text: instructions }] }, ...input];
}

/** `text`: the format of the answer, and how long-winded it is. */
function readText(notes: RequestNotes): ResponseFormat | undefined {
  const text = optional(notes.value('text'), (value) => expectObject(value, 'text')) ?? {};
  notes.skip('text');
  notes.unknownMembers(text, ['format', 'verbosity'], 'text');
  if ((text['verbosity'] ?? null) !== null) notes.keepValue('text.verbosity', text['verbosity']);
  const format = optional(text['format'], (value) => expectObject(value, 'text.format'));
  if (format === undefined) return undefined;
  notes.detail('responseFormat', 'text.format');
  const type = expectOneOf(format['type'], 'text.format.type', ['text', 'json_object', 'json_schema']);
  notes.unknownMembers(format, ['type', 'name', 'description', 'schema', 'strict'], 'text.format');
  if (type !== 'json_schema') return { type: type === 'text' ? 'text' : 'jsonObject' };
  const name = expectString(format['name'], 'text.format.name');
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    return refuse('text.format.name', 'must be 1 to 64 letters, digits, "_" or "-".');
  }
  return {
    type: 'jsonSchema',
    name,
    schema: expectObject(format['schema'], 'text.format.schema'),
    strict: optional(format['strict'], (value) => expectBoolean(value, 'text.format.strict')),
    description: optional(format['description'], (value) => expectString(value, 'text.format.description')),
  };
}

/** `reasoning`: the effort has an internal form, the rest (a summary for the reader) is the vendor's own. */
function readReasoning(notes: RequestNotes): ReasoningSetting | undefined {
  const value = optional(notes.value('reasoning'), (one) => expectObject(one, 'reasoning'));
  notes.skip('reasoning');
  const { effort, ...others } = value ?? {};
  for (const [name, other] of Object.entries(others)) {
    if (other !== null) notes.keepValue(`reasoning.${name}`, other);
  }
  if (effort === undefined || effort === null) return undefined;
  const known = expectOneOf(effort, 'reasoning.effort', [...REASONING_EFFORTS, 'max']);
  notes.detail('reasoning', 'reasoning.effort');
  if (known !== 'max') return { effort: known };
  notes.keepValue('reasoning.effort', known);
  return { effort: 'xhigh' };
}

/**
 * Encrypted reasoning is asked for wherever a target has it, so to ask for it is no field that could be lost; nor
 * is it to ask for what always holds, that nothing is truncated.
 */
function readOptions(notes: RequestNotes): void {
  const include = optional(notes.value('include'), (value) => expectArray(value, 'include')) ?? [];
  notes.skip('include');
  const others = include.filter((one) => one !== ENCRYPTED_REASONING);
  if (others.length > 0) notes.keepValue('include', others);
  if (notes.value('truncation') === 'disabled') notes.skip('truncation');
  const options = optional(notes.value('stream_options'), (value) => expectObject(value, 'stream_options'));
  notes.skip('stream_options');
  for (const [name, value] of Object.entries(options ?? {})) {
    if (name === 'include_obfuscation') notes.keepValue(`stream_options.${name}`, value);
    else notes.unknown(`stream_options.${name}`);
  }
}
