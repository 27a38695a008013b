import type { TaskResult } from '../calls/task-invocation.ts';
import { readList, within } from '../operations/conversion.ts';
import { embeddings } from '../operations/embeddings.ts';
import { moderation } from '../operations/moderation.ts';
import { rerank } from '../operations/rerank.ts';
import { readVector, vectorFromBase64 } from '../operations/vectors.ts';
import { isJsonObject } from '../protocols/json-parse.ts';
import type { CallerContext } from './context.ts';
import { demand } from './input-fault.ts';
import { type Answered, checked, jsonOf, jsonRequest, runTask, type TaskOptions } from './tasks.ts';

type Maybe<T> = T | null | undefined;

export interface EmbedInputValue extends TaskOptions {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: Maybe<number>;
}
export type Vectors = readonly (readonly number[])[];

/** Texts to vectors, in the order of the texts. */
export function embed(input: EmbedInputValue, context: CallerContext): Promise<Answered<Vectors>> {
  checked(() => {
    demand(input.model !== '', 'input.model', 'must not be empty');
    demand(input.input.length > 0, 'input.input', 'must hold at least one text');
  });
  const { model, input: texts, dimensions } = input;
  const body = { model, input: texts, encoding_format: 'float', dimensions };
  return runTask(jsonRequest(embeddings, body, context), input, context, (result) =>
    vectorsOf(result, texts.length),
  );
}

function vectorsOf(result: TaskResult, count: number): Vectors | null {
  const data = jsonOf(result)?.['data'];
  if (!Array.isArray(data) || data.length !== count) return null;
  const vectors = new Array<readonly number[] | null>(count).fill(null);
  data.forEach((row: unknown, at) => {
    const index = within(row, 'index') ?? at;
    const embedding = within(row, 'embedding');
    const vector = typeof embedding === 'string' ? vectorFromBase64(embedding) : readVector(embedding);
    if (typeof index === 'number' && index in vectors) vectors[index] = vector;
  });
  return vectors.every((vector) => vector !== null) ? vectors : null;
}

export interface ModerateInputValue extends TaskOptions {
  readonly model?: Maybe<string>;
  readonly input: readonly string[];
}
export interface Verdict {
  readonly isFlagged: boolean;
  /** Category → whether. */
  readonly categories: unknown;
  /** Category → 0 to 1. */
  readonly scores: unknown;
}

/** Whether texts are harmful, in their order. */
export function moderate(
  input: ModerateInputValue,
  context: CallerContext,
): Promise<Answered<readonly Verdict[]>> {
  checked(() => demand(input.input.length > 0, 'input.input', 'must hold at least one text'));
  const asked = jsonRequest(moderation, { model: input.model, input: input.input }, context);
  return runTask(asked, input, context, (result) => readList(jsonOf(result)?.['results'], verdictOf));
}

function verdictOf(row: unknown): Verdict | null {
  if (!isJsonObject(row) || typeof row['flagged'] !== 'boolean') return null;
  const scores = row['category_scores'] ?? null;
  return { isFlagged: row['flagged'], categories: row['categories'] ?? null, scores };
}

export interface RerankInputValue extends TaskOptions {
  readonly model: string;
  readonly query: string;
  readonly documents: readonly string[];
  readonly topN?: Maybe<number>;
}
export interface RankedDocument {
  readonly index: number;
  readonly relevanceScore: number;
  readonly document: string;
}

/** Documents by how well they answer the query, the best first. */
export function rankDocuments(
  input: RerankInputValue,
  context: CallerContext,
): Promise<Answered<readonly RankedDocument[]>> {
  const { model, query, documents, topN } = input;
  checked(() => {
    demand(model !== '', 'input.model', 'must not be empty');
    demand(documents.length > 0, 'input.documents', 'must hold at least one document');
    demand(topN == null || topN > 0, 'input.topN', 'must be greater than 0');
  });
  const asked = jsonRequest(rerank, { model, query, documents, top_n: topN }, context);
  return runTask(asked, input, context, (result) =>
    readList(jsonOf(result)?.['results'], (row) => rankedOf(row, documents)),
  );
}

function rankedOf(row: unknown, documents: readonly string[]): RankedDocument | null {
  const index = within(row, 'index');
  const relevanceScore = within(row, 'relevance_score');
  const document = typeof index === 'number' ? documents[index] : undefined;
  if (typeof index !== 'number' || typeof relevanceScore !== 'number' || document === undefined) return null;
  return { index, relevanceScore, document };
}
