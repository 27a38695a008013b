import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { isJsonObject, parseObject } from '../protocols/json-parse.ts';
import { scanObject } from '../protocols/json-scan.ts';
import { type MemberEdit, splice } from '../protocols/json-splice.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { byHint, type ConnectionHint } from './connection-route.ts';
import type { AskedTask } from './model-task.ts';
import type { Owner } from './owned-ids.ts';
import {
  bare,
  connectionOf,
  listForm,
  listPath,
  type OwnedContext,
  objectForm,
  ownedTask,
  readListQuery,
  readOwnedId,
  seesOnlyOwn,
} from './owned-task.ts';
import type { AnswerForm } from './task.ts';

/*
 * Batches of OpenAI's form (platform.openai.com, "Batch"): requests in an uploaded file, answered within a day. The
 * models in that file are the provider's own names; nobody here reads it. At a connection that several tenants
 * share, a batch's metadata holds a mark of its tenant, which callers never see.
 */

const MARK = 'sluice_owner';
const FILE_IDS = ['input_file_id', 'output_file_id', 'error_file_id'] as const;

/** Starts a batch at the connection of its input file. */
export function createBatch(bytes: Buffer, context: OwnedContext, limits: Limits): AskedTask | CallError {
  const scan = scanObject(bytes, limits);
  if (scan instanceof CallError) return scan;
  const json = parseObject(bytes);
  if (json instanceof CallError) return json;
  const { input_file_id: inputId, metadata = null } = json;
  if (typeof inputId !== 'string') return invalid('input_file_id', 'must be the id of an uploaded file');
  if (metadata !== null && !isJsonObject(metadata)) return invalid('metadata', 'must be an object');
  const input = readOwnedId(inputId, 'file', 'input_file_id');
  if (input instanceof CallError) return input;
  const choose = connectionOf(input, 'batch', context, 'file', 'input_file_id');
  const task = ownedTask('batch', context, bytes, choose, (owner) => {
    const edits: MemberEdit[] = [{ key: 'input_file_id', json: JSON.stringify(input.id) }];
    if (owner.connection.tenantId === null) {
      edits.push({ key: 'metadata', json: JSON.stringify({ ...metadata, [MARK]: context.ids.mark(owner) }) });
    }
    const body = splice(bytes, scan, edits);
    const answer = batchForm(owner, context);
    return { method: 'POST', path: '/batches', contentType: 'application/json', body, receipt: null, answer };
  });
  return { task, model: '', isStream: false };
}

/** One page of the caller's batches. */
export function listBatches(
  query: URLSearchParams,
  hint: ConnectionHint,
  context: OwnedContext,
  limits: Limits,
): AskedTask | CallError {
  const asked = readListQuery(query);
  if (asked instanceof CallError) return asked;
  const rowsMax = Math.min(asked.limit ?? limits.batchesListedMax, limits.batchesListedMax);
  const choose =
    asked.after === null
      ? byHint('batch', hint)
      : connectionOf(asked.after, 'batch', context, 'batch', 'after');
  const task = ownedTask('batch', context, null, choose, (owner) => {
    const isSifted = seesOnlyOwn(context, owner);
    const mark = context.ids.mark(owner);
    const rewrite = (batch: JsonObject) =>
      isSifted && metadataOf(batch)[MARK] !== mark ? null : batchFor(batch, owner, context);
    const path = listPath('/batches', asked, isSifted ? limits.batchesListedMax : asked.limit);
    return bare('GET', path, listForm({ rewrite, rowsMax }));
  });
  return { task, model: hint.model ?? '', isStream: false };
}

/** How a batch is getting on. */
export function retrieveBatch(id: string, context: OwnedContext): AskedTask | CallError {
  return withBatch('GET', id, '', context);
}

export function cancelBatch(id: string, context: OwnedContext): AskedTask | CallError {
  return withBatch('POST', id, '/cancel', context);
}

function withBatch(
  method: 'GET' | 'POST',
  id: string,
  act: string,
  context: OwnedContext,
): AskedTask | CallError {
  const owned = readOwnedId(id, 'batch');
  if (owned instanceof CallError) return owned;
  const path = `/batches/${encodeURIComponent(owned.id)}${act}`;
  const choose = connectionOf(owned, 'batch', context, 'batch');
  const task = ownedTask('batch', context, null, choose, (owner) =>
    bare(method, path, batchForm(owner, context)),
  );
  return { task, model: '', isStream: false };
}

function batchForm(owner: Owner, context: OwnedContext): AnswerForm {
  return objectForm((batch) => batchFor(batch, owner, context));
}

/** A batch as its owner sees it. */
function batchFor(batch: JsonObject, owner: Owner, { ids }: OwnedContext): JsonObject {
  const seen: JsonObject = { ...batch };
  for (const key of ['id', ...FILE_IDS]) {
    const id = seen[key];
    if (typeof id === 'string') seen[key] = ids.wrap(owner, id);
  }
  const { [MARK]: mark, ...metadata } = metadataOf(batch);
  if (mark !== undefined) seen['metadata'] = Object.keys(metadata).length === 0 ? null : metadata;
  return seen;
}

function metadataOf({ metadata }: JsonObject): JsonObject {
  return isJsonObject(metadata) ? metadata : {};
}

function invalid(param: string, problem: string): CallError {
  return new CallError('invalid_request', { param, message: `"${param}" ${problem}.` });
}
