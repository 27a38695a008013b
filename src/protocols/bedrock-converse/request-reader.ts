import type { CallError } from '../../errors.ts';
import type { ChatRequest, Message } from '../blocks.ts';
import { catchingRefusal, expectArray, expectObject, expectString, optional } from '../expect.ts';
import { OWN_FIELDS } from '../own-fields.ts';
import type { Asked, JsonObject } from '../protocol.ts';
import { createRequestNotes, type RequestNotes } from '../request-notes.ts';
import { readBlocks } from './block-reader.ts';
import { readMessages } from './message-reader.ts';
import { readFormat, readInference, readModelFields, readTier } from './settings-reader.ts';
import { readToolConfig } from './tool-reader.ts';

/** Reads a body of `POST /model/{modelId}/converse` or `/converse-stream` (AWS API reference, "Converse"). */
export function readRequest(body: JsonObject, asked: Asked): ChatRequest | CallError {
  return catchingRefusal(() => read(body, asked));
}

function read(body: JsonObject, { model, stream }: Asked): ChatRequest {
  const notes = createRequestNotes(body);
  const system = readSystem(notes);
  const messages = readMessages(expectArray(notes.take('messages', 'messages'), 'messages'), notes);
  const inference = readInference(notes);
  const own = readModelFields(notes);
  const { responseFormat, effort } = readFormat(notes);
  const request = {
    protocol: 'bedrock-converse' as const,
    model,
    stream,
    // A stream always ends with its usage.
    streamUsage: stream,
    messages: [...system, ...messages],
    ...readToolConfig(notes),
    responseFormat,
    ...inference,
    topK: own.topK,
    reasoning: effort === undefined ? own.reasoning : { ...own.reasoning, effort },
    metadata: optional(notes.take('metadata', 'requestMetadata'), readMetadata),
    serviceTier: readTier(notes),
  };
  for (const name of OWN_FIELDS['bedrock-converse']) notes.keep(name);
  return { ...request, ...notes.close() };
}

function readSystem(notes: RequestNotes): readonly Message[] {
  const value = optional(notes.take('system', 'system'), (list) => expectArray(list, 'system'));
  if (value === undefined || value.length === 0) return [];
  return [{ role: 'system', blocks: readBlocks(value, 'system', notes) }];
}

function readMetadata(value: unknown): Readonly<Record<string, unknown>> {
  const metadata = expectObject(value, 'requestMetadata');
  for (const [name, text] of Object.entries(metadata)) expectString(text, `requestMetadata.${name}`);
  return metadata;
}
