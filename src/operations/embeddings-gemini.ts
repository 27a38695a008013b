import { CallError } from '../errors.ts';
import { UNKNOWN_USAGE, type Usage } from '../protocols/blocks.ts';
import { readCount } from '../protocols/usage.ts';
import { jsonForm, memberOf } from './answers.ts';
import { type FieldRule, readList, receiptFor, within } from './conversion.ts';
import { asksForBase64, readTexts, writeVectors } from './embedding-forms.ts';
import type { JsonWriter } from './spec.ts';
import { readVector } from './vectors.ts';

const RULES: Readonly<Record<string, FieldRule>> = {
  model: 'carried',
  input: { to: 'requests[].content' },
  dimensions: { to: 'outputDimensionality' },
  encoding_format: 'carried',
  user: { dropped: 'the target knows no end users' },
};

/** OpenAI's embeddings for Gemini's `batchEmbedContents` (ai.google.dev, "Embeddings"). */
export const geminiEmbeddings: JsonWriter = ({ json }, { model }) => {
  const texts = readTexts(json);
  if (texts instanceof CallError) return texts;
  const receipt = receiptFor(json, RULES);
  if (receipt instanceof CallError) return receipt;
  const outputDimensionality = json['dimensions'] ?? undefined;
  const requests = texts.map((text) => ({
    model: `models/${model}`,
    content: { parts: [{ text }] },
    outputDimensionality,
  }));
  return {
    method: 'POST',
    path: `/v1beta/models/${encodeURIComponent(model)}:batchEmbedContents`,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ requests })),
    receipt,
    answer: jsonForm((answer) => {
      const vectors = readList(memberOf(answer, 'embeddings'), (entry) =>
        readVector(within(entry, 'values')),
      );
      const asked = { model, isBase64: asksForBase64(json) };
      return writeVectors(vectors, texts, asked, readTokens(memberOf(answer, 'usageMetadata')));
    }),
  };
};

function readTokens(metadata: unknown): Usage | null {
  const inputTokens = readCount(within(metadata, 'promptTokenCount'));
  return inputTokens === null
    ? null
    : { ...UNKNOWN_USAGE, inputTokens, outputTokens: 0, totalTokens: inputTokens };
}
