import { GraphQLError, type SourceLocation } from 'graphql';
import { CallError, ERRORS, type ErrorCode } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../ports.ts';
import { CallFailure } from './call-failure.ts';

export interface RenderedGraphqlError {
  readonly message: string;
  readonly locations?: readonly SourceLocation[];
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: ErrorCode;
    readonly callId: string;
    readonly param?: string;
    readonly retryAfterMs?: number;
    readonly targets?: CallError['targets'];
  };
}

export interface RenderContext {
  /** The call's id, or that of the request if no call was made. */
  readonly callId: string;
  /** The code for errors of graphql-js itself; with `internal` their message is not shown. */
  readonly code: ErrorCode;
  readonly isDevelopment: boolean;
  readonly log: Log;
}

/**
 * What a caller gets to see of an error. Errors of the table keep their public message; those of graphql-js keep
 * theirs, for they speak of the document alone; everything else is `internal`, and the log has the rest.
 */
export function renderError(error: unknown, context: RenderContext): RenderedGraphqlError {
  const cause = rootCause(error);
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  if (cause instanceof CallFailure) return fromTable(cause.error, cause.callId, place, context);
  if (cause instanceof CallError) return fromTable(cause, context.callId, place, context);
  if (cause instanceof GraphQLError && context.code !== 'internal') {
    // The outermost says where: `Variable "$input" got invalid value … at "input.temperature"`.
    const said = error instanceof Error ? error.message : cause.message;
    const message = shorten(context.isDevelopment ? said : withoutSuggestion(said));
    return { message, ...place, extensions: { code: context.code, callId: context.callId } };
  }
  return fromTable(new CallError('internal', { cause }), context.callId, place, context);
}

function fromTable(
  error: CallError,
  callId: string,
  place: ReturnType<typeof placeOf>,
  { log }: RenderContext,
): RenderedGraphqlError {
  const { code, param, retryAfterMs, targets, cause } = error;
  if (code === 'internal') log.error({ callId, path: place.path, error: textOf(cause) }, 'a resolver failed');
  if (code === 'database_unavailable') {
    log.warn({ callId, path: place.path, error: textOf(cause) }, 'a read found no database');
  }
  return {
    message: code === 'internal' ? ERRORS.internal.message : shorten(error.message),
    ...place,
    extensions: {
      code,
      callId,
      ...(param !== null && { param }),
      ...(retryAfterMs !== null && { retryAfterMs }),
      ...(targets.length > 0 && { targets }),
    },
  };
}

/** graphql-js wraps what a resolver threw, also more than once, and only that says what happened. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** The stack alone: other members of an error may hold headers or rows. */
function textOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

function placeOf({ locations, path }: GraphQLError) {
  return { ...(locations && { locations }), ...(path && { path }) };
}

/** "Did you mean …?" would give a schema away that may not be read. */
function withoutSuggestion(message: string): string {
  return message.replace(/\s*Did you mean [\s\S]*\?/, '');
}

/** graphql-js repeats the value at fault, which may be as long as the request. */
function shorten(message: string): string {
  const max = LIMITS.errorTextCharsMax;
  return message.length <= max ? message : `${message.slice(0, max)}…`;
}
