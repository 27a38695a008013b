import { CallError } from '../errors.ts';
import { isJsonObject } from '../protocols/json-parse.ts';
import type { MemberEdit } from '../protocols/json-splice.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { malformedAnswer } from '../protocols/upstream-error.ts';
import { findProvider } from '../providers/catalogue.ts';
import { jsonAnswer, jsonForm, memberOf, readPlain } from './answers.ts';
import { readCohereUsage } from './cohere-usage.ts';
import { type FieldRule, readList, receiptFor, within } from './conversion.ts';
import { type JsonAsked, type JsonSpec, type JsonWriter, passJson } from './spec.ts';

/**
 * Documents by how well they answer a query, in the form that Cohere, Jina, Together and the local servers share:
 * `query`, `documents` and `top_n` go in, `results` with `index` and `relevance_score` come out. Voyage calls them
 * `top_k` and `data`, which is translated.
 */
export const rerank: JsonSpec = {
  operation: 'rerank',
  path: '/rerank',
  defaultModel: null,
  shapeError(json) {
    const wrong =
      typeof json['query'] !== 'string' ? 'query' : Array.isArray(json['documents']) ? null : 'documents';
    if (wrong === null) return null;
    const message = wrong === 'query' ? '"query" must be a string.' : '"documents" must be an array.';
    return new CallError('invalid_request', { param: wrong, message });
  },
  pass(asked, target) {
    const answer = jsonForm((scanned) => {
      const plain = readPlain(scanned, false);
      if (scanned.scan.members.has('results') || !scanned.scan.members.has('data')) return plain;
      const results = memberOf(scanned, 'data');
      return jsonAnswer(
        { model: plain.model ?? target.model, results, usage: memberOf(scanned, 'usage') },
        plain.usage,
        plain.model,
      );
    });
    const name = findProvider(target.connection.provider)?.rerankLimit ?? 'top_n';
    return passJson(rerank, asked, target, answer, limitEdits(asked, name));
  },
  writers: { 'cohere-chat': cohereRerank() },
};

/** The number of results under the target's name for it; the caller's own name stays, and means nothing there. */
function limitEdits({ json }: JsonAsked, name: 'top_n' | 'top_k'): readonly MemberEdit[] {
  const limit = json['top_n'] ?? json['top_k'];
  if (typeof limit !== 'number' || json[name] === limit) return [];
  return [{ key: name, json: JSON.stringify(limit) }];
}

const RULES: Readonly<Record<string, FieldRule>> = {
  model: 'carried',
  query: 'carried',
  documents: 'carried',
  top_n: 'carried',
  top_k: { to: 'top_n' },
  max_tokens_per_doc: 'carried',
  // Done here: the target gives indexes alone.
  return_documents: 'carried',
};

/** Cohere's `/v2/rerank` (docs.cohere.com, "Rerank API v2"): documents are texts there, and are not returned. */
function cohereRerank(): JsonWriter {
  return ({ json }, { model }) => {
    const receipt = receiptFor(json, RULES);
    if (receipt instanceof CallError) return receipt;
    const documents = readList(json['documents'], documentText);
    if (documents === null) {
      const message = 'Each of "documents" must be a text, or an object with "text".';
      return new CallError('invalid_request', { param: 'documents', message });
    }
    const body = {
      model,
      query: json['query'],
      documents,
      top_n: json['top_n'] ?? json['top_k'] ?? undefined,
      max_tokens_per_doc: json['max_tokens_per_doc'] ?? undefined,
    };
    return {
      method: 'POST',
      path: '/v2/rerank',
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(body)),
      receipt,
      answer: jsonForm((answer) => {
        const results = readList(memberOf(answer, 'results'), (entry) => resultOf(entry, json, documents));
        if (results === null) return malformedAnswer('The answer has no results.');
        const meta = memberOf(answer, 'meta');
        const written = { id: memberOf(answer, 'id'), model, results, meta };
        return jsonAnswer(written, readCohereUsage(meta), model);
      }),
    };
  };
}

const documentText = (value: unknown): string | null => {
  const text = typeof value === 'string' ? value : within(value, 'text');
  return typeof text === 'string' ? text : null;
};

function resultOf(entry: unknown, json: JsonObject, documents: readonly string[]): JsonObject | null {
  if (!isJsonObject(entry)) return null;
  const { index } = entry;
  const text = typeof index === 'number' ? documents[index] : undefined;
  if (text === undefined) return null;
  return json['return_documents'] === true ? { ...entry, document: { text } } : entry;
}
