import { CallError } from '../errors.ts';
import { jsonForm, memberOf } from './answers.ts';
import { readCohereUsage } from './cohere-usage.ts';
import { type FieldRule, readList, receiptFor, within } from './conversion.ts';
import { asksForBase64, readTexts, writeVectors } from './embedding-forms.ts';
import type { JsonWriter } from './spec.ts';
import { readVector } from './vectors.ts';

const RULES: Readonly<Record<string, FieldRule>> = {
  model: 'carried',
  input: { to: 'texts' },
  dimensions: { to: 'output_dimension' },
  encoding_format: 'carried',
  // Cohere's own, for callers who know that their target needs it.
  input_type: 'carried',
  truncate: 'carried',
  user: { dropped: 'the target knows no end users' },
};

/**
 * OpenAI's embeddings for Cohere's `/v2/embed` (docs.cohere.com, "Embed API v2"). `input_type` must be given
 * there: texts are taken for documents where the caller does not say.
 */
export const cohereEmbeddings: JsonWriter = ({ json }, { model }) => {
  const texts = readTexts(json);
  if (texts instanceof CallError) return texts;
  const receipt = receiptFor(json, RULES);
  if (receipt instanceof CallError) return receipt;
  const body = {
    model,
    texts,
    input_type: json['input_type'] ?? 'search_document',
    embedding_types: ['float'],
    output_dimension: json['dimensions'] ?? undefined,
    truncate: json['truncate'] ?? undefined,
  };
  return {
    method: 'POST',
    path: '/v2/embed',
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(body)),
    receipt,
    answer: jsonForm((answer) => {
      const vectors = readList(within(memberOf(answer, 'embeddings'), 'float'), readVector);
      const asked = { model, isBase64: asksForBase64(json) };
      return writeVectors(vectors, texts, asked, readCohereUsage(memberOf(answer, 'meta')));
    }),
  };
};
