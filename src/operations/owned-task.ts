import { CallError } from '../errors.ts';
import { isJsonObject, parseJson } from '../protocols/json-parse.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { malformedAnswer } from '../protocols/upstream-error.ts';
import { usableConnections } from '../tenancy/connections.ts';
import type { Identity } from '../tenancy/snapshot.ts';
import { jsonAnswer, jsonForm } from './answers.ts';
import { type Choose, routeTo } from './connection-route.ts';
import { hasEndpoint } from './endpoints.ts';
import type { Operation } from './operation.ts';
import { type OwnedId, type OwnedIds, type Owner, unwrapId } from './owned-ids.ts';
import type { AnswerForm, Sending, Task } from './task.ts';

/** Who asks for files or batches, and how their ids are made. */
export interface OwnedContext {
  readonly ids: OwnedIds;
  readonly identity: Identity;
}

/** A task at one connection of the caller's. */
export function ownedTask(
  operation: Operation,
  { identity }: OwnedContext,
  bytes: Buffer | null,
  choose: Choose,
  send: (owner: Owner) => Sending | CallError,
): Task {
  return {
    operation,
    bytes,
    route(snapshot, caller) {
      const connection = choose(snapshot, caller);
      return connection instanceof CallError ? connection : routeTo(connection);
    },
    send: ({ connection }) => send({ tenantId: identity.tenantId, connection }),
  };
}

/** The parts of an id that the gateway gave. Errors: `not_found` for any other text. */
export function readOwnedId(text: string, what: string, param?: string): OwnedId | CallError {
  return unwrapId(text) ?? noSuch(what, text, param);
}

/** The connection that an id belongs to. Errors: `not_found`, also for an id of another tenant's. */
export function connectionOf(
  owned: OwnedId,
  operation: Operation,
  { ids }: OwnedContext,
  what: string,
  param?: string,
): Choose {
  return (snapshot, identity) => {
    const connection = usableConnections(snapshot, identity).find(({ name }) => name === owned.connection);
    const { tenantId } = identity;
    const isOwn = connection !== undefined && ids.proves(owned, { tenantId, connection });
    return isOwn && hasEndpoint(connection, operation) ? connection : noSuch(what, owned.id, param);
  };
}

function noSuch(what: string, id: string, param?: string): CallError {
  return new CallError('not_found', {
    param,
    message: `There is no ${what} ${JSON.stringify(id.slice(0, 200))} that this key may use.`,
  });
}

/** At a connection that several tenants share, each sees what is marked as its own; an admin sees all. */
export function seesOnlyOwn({ identity }: OwnedContext, { connection }: Owner): boolean {
  return connection.tenantId === null && !identity.isAdmin;
}

/** A request without a body. */
export function bare(method: 'GET' | 'POST' | 'DELETE', path: string, answer: AnswerForm): Sending {
  return { method, path, contentType: null, body: NO_BYTES, receipt: null, answer };
}

/** One object, rewritten for the caller. */
export function objectForm(rewrite: (value: JsonObject) => JsonObject): AnswerForm {
  return jsonForm(({ body }) => {
    const value = parseJson(body.toString());
    return isJsonObject(value)
      ? jsonAnswer(rewrite(value), null, null)
      : malformedAnswer('The answer is no object.');
  });
}

/** How a list is cut to what the caller may see. */
export interface Sifting {
  /** Null leaves a row out. */
  readonly rewrite: (row: JsonObject) => JsonObject | null;
  readonly rowsMax: number;
}

/**
 * One page of OpenAI's cursor lists, rewritten. It may hold fewer rows than asked for where rows of other tenants
 * stood between; a page of which nothing is left ends the list for clients that page by its last row.
 */
export function listForm({ rewrite, rowsMax }: Sifting): AnswerForm {
  return objectForm((page) => {
    const all = Array.isArray(page['data']) ? page['data'] : [];
    const rows: JsonObject[] = [];
    for (const row of all) {
      const seen = isJsonObject(row) ? rewrite(row) : null;
      if (seen !== null) rows.push(seen);
    }
    const data = rows.slice(0, rowsMax);
    return {
      ...page,
      data,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
      has_more: page['has_more'] === true || data.length < rows.length,
    };
  });
}

/** What a list is asked with. */
export interface ListQuery {
  /** Query parameters of the vendor's, without those that only the gateway reads. */
  readonly parameters: URLSearchParams;
  /** The id that the page begins after, unwrapped. */
  readonly after: OwnedId | null;
  /** Rows wanted; null where the caller did not say. */
  readonly limit: number | null;
}

/** Reads a list's query. Errors: `invalid_request`. */
export function readListQuery(query: URLSearchParams): ListQuery | CallError {
  const parameters = new URLSearchParams(query);
  for (const name of ['connection', 'x-sluice-connection', 'model', 'after', 'limit'])
    parameters.delete(name);
  const after = query.get('after');
  const owned = after === null ? null : unwrapId(after);
  if (after !== null && owned === null) return invalid('after', 'must be an id of this list');
  const limit = query.get('limit');
  if (limit !== null && !/^[1-9]\d{0,5}$/.test(limit)) return invalid('limit', 'must be a number above 0');
  return { parameters, after: owned, limit: limit === null ? null : Number(limit) };
}

/** `sifted`: rows of others will be taken out, so that as many as possible are asked for. */
export function listPath(
  path: string,
  { parameters, after, limit }: ListQuery,
  sifted: number | null,
): string {
  const all = new URLSearchParams(parameters);
  if (after !== null) all.set('after', after.id);
  const wanted = sifted ?? limit;
  if (wanted !== null) all.set('limit', String(wanted));
  const text = all.toString();
  return text === '' ? path : `${path}?${text}`;
}

function invalid(param: string, problem: string): CallError {
  return new CallError('invalid_request', { param, message: `"${param}" ${problem}.` });
}
