/** Unmodified GraphQL clients behind one face, to run the same scenario through each of them. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { fetchExchange, subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { OperationTypeNode } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient, type Sink, type Client as WsClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export type Data = Readonly<Record<string, unknown>>;
export type Variables = Record<string, unknown>;

export interface GraphError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface Streamed {
  readonly events: readonly Data[];
  /** What ended it; null after a proper end. */
  readonly error: GraphError | null;
}

export interface GraphqlClient {
  readonly name: string;
  /** Runs a query or a mutation. Throws its first error. */
  run(document: string, variables?: Variables): Promise<Data>;
  /** Runs a live operation to its end. */
  stream(document: string, variables?: Variables): Promise<Streamed>;
  close(): Promise<void>;
}

export interface GraphqlServer {
  /** `http://host:port` */
  readonly baseUrl: string;
  readonly key: string;
}

export const CLIENTS: readonly (readonly [name: string, open: (server: GraphqlServer) => GraphqlClient])[] = [
  ['graphql-ws', openGraphqlWs],
  ['graphql-sse', openGraphqlSse],
  ['Apollo Client', openApollo],
  ['urql', openUrql],
];

const authorizationOf = ({ key }: GraphqlServer) => `Bearer ${key}`;

function openSocket(server: GraphqlServer): WsClient {
  return createWsClient({
    url: `${server.baseUrl.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: authorizationOf(server) },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
  });
}

function openGraphqlWs(server: GraphqlServer): GraphqlClient {
  const client = openSocket(server);
  const stream = async (query: string, variables: Variables = {}): Promise<Streamed> => {
    const events: Data[] = [];
    try {
      for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
        if (data) events.push(data);
        if (errors?.[0]) return { events, error: errors[0] };
      }
      return { events, error: null };
    } catch (errors) {
      return { events, error: (errors as readonly GraphError[])[0] ?? { message: String(errors) } };
    }
  };
  return {
    name: 'graphql-ws',
    stream,
    run: (query, variables) => only(stream(query, variables)),
    close: async () => void (await client.dispose()),
  };
}

function openGraphqlSse(server: GraphqlServer): GraphqlClient {
  const headers = { authorization: authorizationOf(server) };
  const client = createSseClient({ url: `${server.baseUrl}/graphql`, headers, retryAttempts: 0 });
  const stream = async (query: string, variables: Variables = {}): Promise<Streamed> => {
    const events: Data[] = [];
    let error: GraphError | null = null;
    for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
      if (data) events.push(data);
      error ??= errors?.[0] ?? null;
    }
    return { events, error };
  };
  return {
    name: 'graphql-sse',
    stream,
    run: (query, variables) => only(stream(query, variables)),
    close: async () => client.dispose(),
  };
}

/** The one result of a query or mutation that came as a stream of one. */
async function only(streamed: Promise<Streamed>): Promise<Data> {
  const { events, error } = await streamed;
  if (error !== null) throw error;
  const [data] = events;
  if (data === undefined || events.length > 1) throw new Error(`${events.length} results`);
  return data;
}

/** HTTP for queries and mutations, graphql-ws for live operations: the setup of Apollo's own guide. */
function openApollo(server: GraphqlServer): GraphqlClient {
  const http = new HttpLink({
    uri: `${server.baseUrl}/graphql`,
    headers: { authorization: authorizationOf(server) },
  });
  const socket = openSocket(server);
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      http,
    ),
    cache: new InMemoryCache(),
  });
  const fetchPolicy = 'no-cache' as const;
  return {
    name: 'Apollo Client',
    async run(text, variables = {}) {
      const document = gql(text);
      const isMutation = text.trimStart().startsWith('mutation');
      try {
        const { data } = isMutation
          ? await client.mutate<Data>({ mutation: document, variables, fetchPolicy })
          : await client.query<Data>({ query: document, variables, fetchPolicy });
        if (!data) throw new Error('no data');
        return data;
      } catch (error) {
        throw CombinedGraphQLErrors.is(error) ? error.errors[0] : error;
      }
    },
    stream(text, variables = {}) {
      const events: Data[] = [];
      return new Promise((resolve, reject) => {
        client.subscribe<Data>({ query: gql(text), variables, fetchPolicy }).subscribe({
          next({ data, error }) {
            if (data) events.push(data);
            if (CombinedGraphQLErrors.is(error)) resolve({ events, error: error.errors[0] ?? null });
          },
          error: reject,
          complete: () => resolve({ events, error: null }),
        });
      });
    },
    async close() {
      client.stop();
      await socket.dispose();
    },
  };
}

function openUrql(server: GraphqlServer): GraphqlClient {
  const socket = openSocket(server);
  const client = new UrqlClient({
    url: `${server.baseUrl}/graphql`,
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetchOptions: { headers: { authorization: authorizationOf(server) } },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            // The two libraries name the same result differently; urql's own guide passes the sink on as it is.
            unsubscribe: socket.subscribe({ query, ...(variables && { variables }) }, sink as Sink),
          }),
        }),
      }),
    ],
  });
  return {
    name: 'urql',
    async run(text, variables = {}) {
      const isMutation = text.trimStart().startsWith('mutation');
      const operation = isMutation
        ? client.mutation<Data>(text, variables)
        : client.query<Data>(text, variables);
      const { data, error } = await operation.toPromise();
      if (error?.graphQLErrors[0]) throw error.graphQLErrors[0];
      if (!data) throw error ?? new Error('no data');
      return data;
    },
    stream(text, variables = {}) {
      const events: Data[] = [];
      return new Promise((resolve) => {
        client.subscription<Data>(text, variables).subscribe(({ data, error, hasNext }) => {
          if (error) return resolve({ events, error: error.graphQLErrors[0] ?? { message: error.message } });
          if (data) events.push(data);
          if (hasNext === false) resolve({ events, error: null });
        });
      });
    },
    close: async () => void (await socket.dispose()),
  };
}
