import { CallError } from '../errors.ts';
import type { UpstreamFailure, Usage } from '../protocols/blocks.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { malformedAnswer } from '../protocols/upstream-error.ts';
import { jsonAnswer } from './answers.ts';
import { readList, readText } from './conversion.ts';
import type { ReadAnswer } from './task.ts';
import { vectorToBase64 } from './vectors.ts';

export function asksForBase64(json: JsonObject): boolean {
  return json['encoding_format'] === 'base64';
}

/** `input` as texts, for targets that take nothing else. Errors: `invalid_request` for token ids. */
export function readTexts(json: JsonObject): readonly string[] | CallError {
  const { input } = json;
  const texts = typeof input === 'string' ? [input] : readList(input, readText);
  if (texts !== null && texts.length > 0) return texts;
  return new CallError('invalid_request', {
    param: 'input',
    message: '"input" must be a text or a list of texts: the target takes no token ids.',
  });
}

/** OpenAI's answer with these vectors. */
export function writeVectors(
  vectors: readonly (readonly number[])[] | null,
  texts: readonly string[],
  asked: { readonly model: string; readonly isBase64: boolean },
  usage: Usage | null,
): ReadAnswer | UpstreamFailure {
  if (vectors === null || vectors.length !== texts.length) {
    return malformedAnswer('The answer has not one vector for each text.');
  }
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: asked.isBase64 ? vectorToBase64(vector) : vector,
  }));
  const tokens = usage?.inputTokens ?? null;
  const told = tokens === null ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } };
  return jsonAnswer({ object: 'list', data, model: asked.model, ...told }, usage, asked.model);
}
