import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import { type ASTVisitor, type GraphQLError, Kind } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { CallError } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { isDocumentNestedDeeperThan } from './document-nesting.ts';

/**
 * Bounds on documents, enforced before execution: nesting before parsing and tokens while parsing (so that
 * nothing endless reaches a recursive function), then depth, aliases, directives and the nesting of literals
 * while validating.
 *
 * They hold for every caller alike: the validation cache is keyed by the names of the rules.
 */
export function documentLimits(limits: Limits): Plugin[] {
  return [
    maxTokensPlugin({ n: limits.graphqlTokensMax, onReject: [refuse('tokens', limits.graphqlTokensMax)] }),
    maxDepthPlugin({
      n: limits.graphqlDepthMax,
      // Introspection has graphql-js's own bound, MaxIntrospectionDepthRule; the standard query is 13 deep.
      ignoreIntrospection: true,
      flattenFragments: true,
      onReject: [refuse('levels', limits.graphqlDepthMax)],
    }),
    maxAliasesPlugin({
      n: limits.graphqlAliasesMax,
      onReject: [refuse('aliases', limits.graphqlAliasesMax)],
    }),
    maxDirectivesPlugin({
      n: limits.graphqlDirectivesMax,
      onReject: [refuse('directives', limits.graphqlDirectivesMax)],
    }),
    {
      onParse({ parseFn, setParseFn }) {
        setParseFn((source, options) => {
          if (isDocumentNestedDeeperThan(String(source), limits.graphqlNestingMax)) {
            throw tooComplex('levels of brackets', limits.graphqlNestingMax);
          }
          return parseFn(source, options);
        });
      },
      onValidate({ addValidationRule }) {
        addValidationRule(() => literalDepthRule(limits.bodyDepthMax));
      },
    },
  ];
}

const refuse = (what: string, max: number) => (_context: unknown, _error: GraphQLError) => {
  throw tooComplex(what, max);
};

function tooComplex(what: string, max: number): CallError {
  return new CallError('query_too_complex', {
    message: `The GraphQL document is too complex: at most ${max} ${what} are allowed.`,
  });
}

/** Lists and objects inside literals, as deep as request bodies may be. */
function literalDepthRule(depthMax: number): ASTVisitor {
  let depth = 0;
  const nested = {
    enter() {
      depth += 1;
      if (depth > depthMax) throw tooComplex('levels of literals', depthMax);
    },
    leave() {
      depth -= 1;
    },
  };
  return { [Kind.LIST]: nested, [Kind.OBJECT]: nested };
}
