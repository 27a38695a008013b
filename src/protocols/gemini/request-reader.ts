import type { CallError } from '../../errors.ts';
import type { ChatRequest, Message } from '../blocks.ts';
import { catchingRefusal, expectArray, expectObject, expectString, optional, refuse } from '../expect.ts';
import { OWN_FIELDS } from '../own-fields.ts';
import type { Asked, JsonObject } from '../protocol.ts';
import { createRequestNotes, type RequestNotes } from '../request-notes.ts';
import { camelNames } from './camel-names.ts';
import { readText } from './candidate.ts';
import { readConfig } from './config-reader.ts';
import { readContents } from './content-reader.ts';
import { readToolSettings } from './tool-reader.ts';

/** Reads a body of `POST /v1beta/models/{model}:generateContent` (Gemini API reference, "Generating content"). */
export function readRequest(body: JsonObject, asked: Asked): ChatRequest | CallError {
  return catchingRefusal(() => read(camelNames(body), asked));
}

function read(body: JsonObject, { model, stream }: Asked): ChatRequest {
  const notes = createRequestNotes(body);
  const contents = expectArray(notes.take('messages', 'contents'), 'contents');
  const system = readSystem(notes);
  const request = {
    protocol: 'gemini' as const,
    model,
    stream,
    // Gemini's streams always carry usage.
    streamUsage: stream,
    messages: [...system, ...readContents(contents, notes)],
    ...readToolSettings(notes),
    ...readConfig(notes),
    serviceTier: optional(notes.take('serviceTier', 'serviceTier'), (value) =>
      expectString(value, 'serviceTier'),
    ),
  };
  // The path says it; some clients repeat it here.
  notes.skip('model');
  for (const name of OWN_FIELDS.gemini) notes.keep(name);
  return { ...request, ...notes.close() };
}

/** A content of texts, or in some clients' bodies a string. */
function readSystem(notes: RequestNotes): readonly Message[] {
  const path = 'systemInstruction';
  const value = notes.take('system', path);
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string') return [{ role: 'system', blocks: [{ type: 'text', text: value }] }];
  const content = camelNames(expectObject(value, path));
  notes.unknownMembers(content, ['role', 'parts'], path);
  const parts = Array.isArray(content['parts']) ? content['parts'] : [content['parts'] ?? {}];
  const blocks = parts.map((part: unknown, at) => {
    const text = expectObject(part, `${path}.parts[${at}]`)['text'];
    if (typeof text !== 'string') return refuse(`${path}.parts[${at}].text`, 'a string is expected.');
    return { type: 'text' as const, text };
  });
  return blocks.every(({ text }) => readText(text) === null) ? [] : [{ role: 'system', blocks }];
}
