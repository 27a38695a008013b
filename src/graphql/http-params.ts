import type { IncomingMessage } from 'node:http';
import { CallError } from '../errors.ts';
import { readBody } from '../http/body.ts';
import { isJsonObject, parseJson, parseObject } from '../protocols/json-scan.ts';
import type { OperationParams } from './operation.ts';

const NAMES: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions']);

/**
 * What a GET (query string) or POST (JSON body) asks for. Form bodies and text/plain, which a foreign web page
 * can send without a preflight, are refused; so are batches.
 * @param done gets the parameters or the first fault; not called when the caller leaves before the end.
 * @see https://graphql.github.io/graphql-over-http/draft/#sec-Request
 */
export function readHttpParams(
  request: IncomingMessage,
  bodyBytesMax: number,
  done: (params: OperationParams | CallError) => void,
): void {
  const known = withoutBody(request);
  if (known !== null) {
    done(known);
    return;
  }
  readBody(request, bodyBytesMax, (body) => {
    const json = body instanceof CallError ? body : parseObject(body);
    done(json instanceof CallError ? json : checkParams(json));
  });
}

/** Parameters or fault, where the body need not be read for it. */
function withoutBody({ method, url, headers }: IncomingMessage): OperationParams | CallError | null {
  if (method === 'GET') return fromQueryString(url ?? '');
  if (method !== 'POST') return new CallError('method_not_allowed');
  return isUtf8Json(headers['content-type']) ? null : new CallError('unsupported_media_type');
}

/** Form bodies and the like are refused, and so is JSON in any encoding but UTF-8 (RFC 8259, 8.1). */
function isUtf8Json(contentType: string | undefined): boolean {
  return /^application\/json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i.test(contentType ?? '');
}

function fromQueryString(url: string): OperationParams | CallError {
  const mark = url.indexOf('?');
  const json: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))) {
    if (!NAMES.has(name)) continue;
    if (name !== 'variables' && name !== 'extensions') json[name] = value;
    else if (value !== '') {
      json[name] = parseJson(value);
      if (json[name] === undefined) return new CallError('malformed_json', { param: name });
    }
  }
  return checkParams(json);
}

function checkParams(json: Readonly<Record<string, unknown>>): OperationParams | CallError {
  const { query, operationName, variables, extensions } = json;
  if (typeof query !== 'string' || query === '') return invalid('query', 'must be a GraphQL document.');
  if (operationName != null && typeof operationName !== 'string') {
    return invalid('operationName', 'must be a string.');
  }
  if (variables != null && !isJsonObject(variables)) return invalid('variables', 'must be an object.');
  if (extensions != null && !isJsonObject(extensions)) return invalid('extensions', 'must be an object.');
  const unknown = Object.keys(json).find((name) => !NAMES.has(name));
  if (unknown !== undefined) return invalid(unknown.slice(0, 100), 'is not a parameter of GraphQL requests.');
  return { query, operationName: operationName ?? null, variables: variables ?? null };
}

function invalid(param: string, problem: string): CallError {
  return new CallError('invalid_request', { param, message: `"${param}" ${problem}` });
}
