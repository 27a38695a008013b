import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Limits } from '../limits.ts';
import { DocumentCache } from './document-cache.ts';
import { documentLimits } from './guards/document-limits.ts';

export interface EngineOptions {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
}

/**
 * Yoga as the engine for every transport: cached parsing and validation with the document limits as plugins.
 *
 * Its HTTP handler is not used. It turns each request into fetch objects (most of its 220 µs), notices that a
 * client has left only when it next writes, and ships unsafe defaults; those are still switched off here, so
 * that nothing opens up if it is ever mounted.
 */
export function createEngine({ schema, limits }: EngineOptions) {
  return createYoga<object>({
    schema,
    plugins: documentLimits(limits),
    parserAndValidationCache: {
      documentCache: new DocumentCache<DocumentNode>(limits.graphqlDocumentCacheChars),
      errorCache: new DocumentCache<unknown>(limits.graphqlDocumentCacheChars),
    },
    // Errors are rendered with the call's id by render-error.ts, which also masks.
    maskedErrors: false,
    logging: false,
    cors: false,
    batching: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
  });
}

export type Engine = ReturnType<typeof createEngine>;
