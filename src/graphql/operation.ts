import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  type OperationTypeNode,
} from 'graphql';
import { CallError, type ErrorCode } from '../errors.ts';
import type { GraphqlContext } from './context.ts';
import type { Engine } from './engine.ts';
import { asksForSchema } from './guards/introspection.ts';
import { checkVariables } from './guards/variables.ts';

/** What a request or message asks for. */
export interface OperationParams {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An operation that has passed every guard and has not started. */
export interface PreparedOperation {
  readonly kind: OperationTypeNode;
  readonly args: ExecutionArgs;
  /** Starts it. A live operation gives a stream, or a result with errors if it could not start. */
  run(): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>>;
}

export interface OperationRules {
  /** In production the schema is shown to identified callers only. */
  readonly isSchemaPublic: boolean;
}

/** Why an operation was refused before it started: errors of the table, or what graphql-js found. */
export class Refusal {
  readonly errors: readonly Error[];
  /** Of errors that are not from the table. */
  readonly code: ErrorCode;

  constructor(errors: readonly Error[], code: ErrorCode = 'internal') {
    this.errors = errors;
    this.code = code;
  }
}

/** Parses, validates and guards one operation; the same for HTTP, SSE and WebSocket. Never throws. */
export function prepareOperation(
  engine: Engine,
  params: OperationParams,
  context: GraphqlContext,
  rules: OperationRules,
): PreparedOperation | Refusal {
  try {
    return prepare(engine, params, context, rules);
  } catch (error) {
    return new Refusal([error instanceof Error ? error : new CallError('internal', { cause: error })]);
  }
}

function prepare(
  engine: Engine,
  params: OperationParams,
  context: GraphqlContext,
  rules: OperationRules,
): PreparedOperation | Refusal {
  const fault = checkVariables(params.variables, context.limits.bodyDepthMax);
  if (fault !== null) throw fault;
  const { schema, parse, validate, execute, subscribe } = engine.getEnveloped(context);
  const document = parseDocument(parse, params.query);
  if (document instanceof GraphQLError) return new Refusal([document], 'graphql_parse_failed');
  const faults: readonly GraphQLError[] = validate(schema, document);
  if (faults.length > 0) return new Refusal(faults, 'graphql_validation_failed');
  const operation = getOperationAST(document, params.operationName);
  if (!operation) throw new CallError('graphql_validation_failed', { message: unknownOperation(params) });
  if (!rules.isSchemaPublic && context.identity === null && asksForSchema(document)) {
    throw new CallError('unauthenticated', { message: 'The schema is shown to identified callers only.' });
  }
  const args: ExecutionArgs = {
    schema,
    document,
    contextValue: context,
    variableValues: params.variables ?? {},
    operationName: params.operationName ?? null,
  };
  const start = operation.operation === 'subscription' ? subscribe : execute;
  return { kind: operation.operation, args, run: async () => start(args) };
}

function parseDocument(parse: (text: string) => DocumentNode, text: string): DocumentNode | GraphQLError {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function unknownOperation({ operationName }: OperationParams): string {
  if (!operationName) return 'The document has several operations: operationName must choose one.';
  return 'The document has no operation of that name.';
}
