import { type GraphQLError, Kind } from 'graphql';
import { CallError, ERRORS } from '../errors.ts';
import type { JsonType } from './accept.ts';
import { Refusal } from './operation.ts';
import { type RenderContext, type RenderedGraphqlError, renderError } from './render-error.ts';

/** A single result, ready to be printed. */
export interface GraphqlResponse {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly RenderedGraphqlError[];
}

/** graphql-js's ExecutionResult, in the one form that it and graphql-ws agree on. */
interface Result {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/** The response for an operation that was refused before it started: errors and no data. */
export function refusalResponse(
  error: CallError | Refusal,
  context: Omit<RenderContext, 'code'>,
): GraphqlResponse {
  const refusal = error instanceof CallError ? new Refusal([error]) : error;
  return {
    errors: refusal.errors.map((inner) => renderError(inner, { ...context, code: refusal.code })),
  };
}

/** The response for an executed operation. */
export function resultResponse(result: Result, context: Omit<RenderContext, 'code'>): GraphqlResponse {
  if (result.errors === undefined) return { data: result.data ?? null };
  const errors = result.errors.map((error) =>
    renderError(error, {
      ...context,
      code: isCallersFault(error) ? 'graphql_validation_failed' : 'internal',
    }),
  );
  return 'data' in result ? { errors, data: result.data ?? null } : { errors };
}

/**
 * Of graphql-js's own errors while executing, those on variables have no path, and those on arguments point at a
 * value; the rest point at a field whose resolver gave what its type does not allow, which is our fault.
 */
function isCallersFault(error: GraphQLError): boolean {
  return error.path === undefined || error.nodes?.[0]?.kind !== Kind.FIELD;
}

/**
 * The HTTP status. In application/graphql-response+json it is the error's own as soon as there is no data at
 * all. In application/json everything that is well-formed GraphQL answers 200, for clients that read the body
 * of nothing else; credentials and the gateway's own refusals before execution keep their status.
 * @see https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes
 */
export function statusOf(response: GraphqlResponse, type: JsonType): number {
  const code = response.errors?.[0]?.extensions.code;
  if (code === undefined) return 200;
  const { status } = ERRORS[code];
  // A nullable field that may not be read leaves `{ field: null }`: that too is no answer at all.
  const hasData = Object.values(response.data ?? {}).some((value) => value !== null);
  if (response.data && (hasData || status !== 401)) return 200;
  if (type === 'application/graphql-response+json' || status === 401) return status;
  const isGraphqlFault = code === 'graphql_parse_failed' || code === 'graphql_validation_failed';
  return isGraphqlFault || 'data' in response ? 200 : status;
}
