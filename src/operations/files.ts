import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { byHint, type ConnectionHint } from './connection-route.ts';
import type { AskedTask } from './model-task.ts';
import { editForm, type Form, type FormEdit, formField, scanForm } from './multipart.ts';
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
import type { AnswerForm, Sending } from './task.ts';

/*
 * Files of OpenAI's form (platform.openai.com, "Files"). They lie in a provider's account; where the operator
 * shares that with several tenants, a file's name there begins with a mark of its tenant, which callers never see.
 */

const MARK = /^sluice-[0-9a-f]{16}-/;
/** Form fields that say where the file goes, and are not for the provider. */
const HINTS: readonly string[] = ['connection', 'x-sluice-connection', 'model'];

/** Uploads a file. Errors: those of `scanForm`; `invalid_request` for a form without a file. */
export function createFile(
  bytes: Buffer,
  contentType: string,
  hint: ConnectionHint,
  context: OwnedContext,
  limits: Limits,
): AskedTask | CallError {
  const form = scanForm(bytes, contentType, limits);
  if (form instanceof CallError) return form;
  const files = form.parts.filter(({ name }) => name === 'file');
  if (files.length !== 1 || files[0]?.fileNames.length === 0) {
    return new CallError('invalid_request', {
      param: 'file',
      message: 'The form must have one file "file" with a name.',
    });
  }
  const named = hintOf(form, hint, limits);
  if (named instanceof CallError) return named;
  const task = ownedTask('file', context, bytes, byHint('file', named), (owner) =>
    uploadOf(form, owner, context),
  );
  return { task, model: named.model ?? '', isStream: false };
}

function uploadOf(form: Form, owner: Owner, context: OwnedContext): Sending {
  const edits: FormEdit[] = form.parts
    .filter(({ name }) => HINTS.includes(name))
    .map(({ whole }) => ({ span: whole, text: '' }));
  if (owner.connection.tenantId === null) {
    for (const { fileNames } of form.parts.filter(({ name }) => name === 'file')) {
      for (const { start } of fileNames) {
        edits.push({ span: { start, end: start }, text: `sluice-${context.ids.mark(owner)}-` });
      }
    }
  }
  return {
    method: 'POST',
    path: '/files',
    contentType: form.contentType,
    body: editForm(form, edits),
    receipt: null,
    answer: fileForm(owner, context),
  };
}

function hintOf(form: Form, hint: ConnectionHint, limits: Limits): ConnectionHint | CallError {
  const read = (name: string) => formField(form, name, limits);
  const [connection, header, model] = [read('connection'), read('x-sluice-connection'), read('model')];
  if (connection instanceof CallError) return connection;
  if (header instanceof CallError) return header;
  if (model instanceof CallError) return model;
  return { connection: hint.connection ?? connection ?? header, model: hint.model ?? model };
}

/** One page of the caller's files. */
export function listFiles(
  query: URLSearchParams,
  hint: ConnectionHint,
  context: OwnedContext,
  limits: Limits,
): AskedTask | CallError {
  const asked = readListQuery(query);
  if (asked instanceof CallError) return asked;
  const rowsMax = Math.min(asked.limit ?? limits.filesListedMax, limits.filesListedMax);
  const choose =
    asked.after === null ? byHint('file', hint) : connectionOf(asked.after, 'file', context, 'file', 'after');
  const task = ownedTask('file', context, null, choose, (owner) => {
    const isSifted = seesOnlyOwn(context, owner);
    const rewrite = (file: JsonObject) =>
      isSifted && !isMarked(file, context.ids.mark(owner)) ? null : fileFor(file, owner, context);
    const path = listPath('/files', asked, isSifted ? limits.filesListedMax : rowsMax);
    return bare('GET', path, listForm({ rewrite, rowsMax }));
  });
  return { task, model: hint.model ?? '', isStream: false };
}

/** What a file is, and deleting it. */
export function fileById(method: 'GET' | 'DELETE', id: string, context: OwnedContext): AskedTask | CallError {
  return withFile(id, context, (upstreamId, owner) =>
    bare(method, `/files/${encodeURIComponent(upstreamId)}`, fileForm(owner, context)),
  );
}

/** The bytes of a file, as they come. */
export function fileContent(id: string, context: OwnedContext): AskedTask | CallError {
  return withFile(id, context, (upstreamId, owner) => {
    const answer: AnswerForm = { ...fileForm(owner, context), binary: 'empty' };
    return bare('GET', `/files/${encodeURIComponent(upstreamId)}/content`, answer);
  });
}

function withFile(
  id: string,
  context: OwnedContext,
  send: (upstreamId: string, owner: Owner) => Sending,
): AskedTask | CallError {
  const owned = readOwnedId(id, 'file');
  if (owned instanceof CallError) return owned;
  const choose = connectionOf(owned, 'file', context, 'file');
  const task = ownedTask('file', context, null, choose, (owner) => send(owned.id, owner));
  return { task, model: '', isStream: false };
}

function fileForm(owner: Owner, context: OwnedContext): AnswerForm {
  return objectForm((file) => fileFor(file, owner, context));
}

/** A file as its owner sees it. */
function fileFor(file: JsonObject, owner: Owner, { ids }: OwnedContext): JsonObject {
  const { id, filename } = file;
  const seen: JsonObject = { ...file };
  if (typeof id === 'string') seen['id'] = ids.wrap(owner, id);
  if (typeof filename === 'string') seen['filename'] = filename.replace(MARK, '');
  return seen;
}

function isMarked({ filename }: JsonObject, mark: string): boolean {
  return typeof filename === 'string' && filename.startsWith(`sluice-${mark}-`);
}
