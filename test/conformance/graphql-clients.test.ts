import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { fetchExchange, subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient, type Sink } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { CallError } from '../../src/errors.ts';
import type { FakeCall } from '../support/fake-invoke.ts';
import { type RunningEndpoint, startEndpoint, WEB_KEY } from '../support/graphql-endpoint.ts';
import { CHAT, CHAT_STREAM, HELLO } from '../support/graphql-request.ts';
import { until } from '../support/wait.ts';

let endpoint: RunningEndpoint;
// Apollo's link looks at the global, which browsers have and Node 20 has not.
vi.stubGlobal('WebSocket', WebSocket);

beforeEach(async () => {
  endpoint = await startEndpoint();
});
afterEach(() => endpoint.close());

const authorization = `Bearer ${WEB_KEY}`;

const answer = (call: FakeCall) => {
  call.start();
  if (call.invocation.request.stream) call.block(0, 'text', ['Hel', 'lo']);
  call.succeed(call.invocation.request.stream ? {} : { blocks: [{ type: 'text', text: 'Hello' }] });
};
const failHalfway = (call: FakeCall) => {
  call.start();
  call.block(0, 'text', ['Hel']);
  call.fail(new CallError('upstream_interrupted'));
};

interface StreamEvent {
  readonly chatStream: { readonly __typename: string; readonly text?: string };
}
const kindsOf = (events: readonly (StreamEvent | null | undefined)[]) =>
  events.map((event) => event?.chatStream.__typename);
const EVENTS = ['ChatStarted', 'ChatTextDelta', 'ChatReasoningDelta', 'ChatToolCallDelta', 'ChatCompleted'];
const COMPLETE = ['ChatStarted', 'ChatTextDelta', 'ChatCompleted'];

/** A stream as each client gives it: all it yielded, and the code of the error that ended it. */
interface Streamed {
  readonly events: readonly StreamEvent[];
  readonly code: unknown;
}

function wsClient() {
  return createWsClient({
    url: endpoint.webSocketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
  });
}

function apolloClient() {
  const http = new HttpLink({ uri: endpoint.url, headers: { authorization } });
  const socket = wsClient();
  const link = ApolloLink.split(
    ({ query }) => {
      const definition = getMainDefinition(query);
      return definition.kind === 'OperationDefinition' && definition.operation === 'subscription';
    },
    new GraphQLWsLink(socket),
    http,
  );
  return {
    client: new ApolloClient({
      link,
      cache: new InMemoryCache({ possibleTypes: { ChatEvent: [...EVENTS] } }),
    }),
    socket,
  };
}

async function streamWithGraphqlWs(): Promise<Streamed> {
  const client = wsClient();
  const events: StreamEvent[] = [];
  try {
    for await (const { data } of client.iterate<StreamEvent>({ query: CHAT_STREAM, variables: HELLO })) {
      if (data) events.push(data);
    }
    return { events, code: undefined };
  } catch (error) {
    return { events, code: (error as readonly { extensions: { code: string } }[])[0]?.extensions.code };
  } finally {
    await client.dispose();
  }
}

async function streamWithGraphqlSse(): Promise<Streamed> {
  const client = createSseClient({ url: endpoint.url, headers: { authorization }, retryAttempts: 0 });
  const events: StreamEvent[] = [];
  let code: unknown;
  for await (const { data, errors } of client.iterate<StreamEvent>({
    query: CHAT_STREAM,
    variables: HELLO,
  })) {
    if (data) events.push(data);
    code ??= errors?.[0]?.extensions?.['code'];
  }
  client.dispose();
  return { events, code };
}

async function streamWithApollo(): Promise<Streamed> {
  const { client, socket } = apolloClient();
  const events: StreamEvent[] = [];
  const code = await new Promise((resolve) => {
    client
      .subscribe<StreamEvent>({ query: gql(CHAT_STREAM), variables: HELLO, fetchPolicy: 'no-cache' })
      .subscribe({
        next({ data, error }) {
          if (data) events.push(data);
          if (CombinedGraphQLErrors.is(error)) resolve(error.errors[0]?.extensions?.['code']);
        },
        complete: () => resolve(undefined),
      });
  });
  client.stop();
  await socket.dispose();
  return { events, code };
}

/** urql streams over the same fetch exchange, as server-sent events. */
async function streamWithUrql(): Promise<Streamed> {
  const client = new UrqlClient({
    url: endpoint.url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
  } as ConstructorParameters<typeof UrqlClient>[0]);
  return urqlStream(client);
}

async function streamWithUrqlSocket(): Promise<Streamed> {
  const socket = wsClient();
  const client = new UrqlClient({
    url: endpoint.url,
    preferGetMethod: false,
    exchanges: [
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
  const streamed = await urqlStream(client);
  await socket.dispose();
  return streamed;
}

function urqlStream(client: UrqlClient): Promise<Streamed> {
  const events: StreamEvent[] = [];
  return new Promise((resolve) => {
    const { unsubscribe } = client
      .subscription<StreamEvent>(CHAT_STREAM, HELLO)
      .subscribe(({ data, error, hasNext }) => {
        if (error !== undefined) {
          resolve({ events, code: error.graphQLErrors[0]?.extensions['code'] });
          setImmediate(() => unsubscribe());
          return;
        }
        if (data) events.push(data);
        if (data?.chatStream.__typename === 'ChatCompleted' || hasNext === false)
          resolve({ events, code: undefined });
      });
  });
}

describe.each([
  ['graphql-ws', streamWithGraphqlWs],
  ['graphql-sse', streamWithGraphqlSse],
  ['Apollo Client', streamWithApollo],
  ['urql over fetch', streamWithUrql],
  ['urql over WebSocket', streamWithUrqlSocket],
])('%s', (_name, stream) => {
  it('streams a chat to its end', async () => {
    endpoint.fake.script = answer;
    const { events, code } = await stream();
    expect(kindsOf(events)).toEqual(COMPLETE);
    expect(events[1]?.chatStream.text).toBe('Hello');
    expect(code).toBeUndefined();
  });

  it('sees a broken stream as an error with its code, and no end', async () => {
    endpoint.fake.script = failHalfway;
    const { events, code } = await stream();
    expect(kindsOf(events)).not.toContain('ChatCompleted');
    expect(code).toBe('upstream_interrupted');
  });

  it('sees a refused input as an error with its code', async () => {
    endpoint.fake.script = (call) => call.fail(new CallError('model_not_found'));
    expect((await stream()).code).toBe('model_not_found');
  });
});

describe('leaving a stream half-way', () => {
  it('graphql-ws: leaving the loop cancels the call', async () => {
    const client = wsClient();
    for await (const _event of leaveAfterFirst(client.iterate({ query: CHAT_STREAM, variables: HELLO })))
      break;
    await until(() => endpoint.fake.calls[0]?.isCancelled, { what: 'the call is cancelled' });
    await client.dispose();
  });

  it('graphql-sse: leaving the loop cancels the call', async () => {
    const client = createSseClient({ url: endpoint.url, headers: { authorization }, retryAttempts: 0 });
    for await (const _event of leaveAfterFirst(client.iterate({ query: CHAT_STREAM, variables: HELLO })))
      break;
    await until(() => endpoint.fake.calls[0]?.isCancelled, { what: 'the call is cancelled' });
    client.dispose();
  });

  it('Apollo Client: unsubscribing cancels the call', async () => {
    const { client, socket } = apolloClient();
    const subscription = client.subscribe({ query: gql(CHAT_STREAM), variables: HELLO }).subscribe({});
    const call = await endpoint.fake.call(0);
    call.start();
    subscription.unsubscribe();
    await until(() => call.isCancelled, { what: 'the call is cancelled' });
    client.stop();
    await socket.dispose();
  });

  /** Has the call say something as soon as it is made, so that there is a first event to leave after. */
  function leaveAfterFirst<T>(events: AsyncIterable<T>): AsyncIterable<T> {
    endpoint.fake.script = (call) => call.start();
    return events;
  }
});

describe('single results', () => {
  it('Apollo Client: a mutation gives its data, a failed one its errors', async () => {
    const { client, socket } = apolloClient();
    endpoint.fake.script = answer;
    const { data } = await client.mutate({ mutation: gql(CHAT), variables: HELLO });
    expect(data).toMatchObject({ chat: { text: 'Hello' } });
    endpoint.fake.script = (call) => call.fail(new CallError('no_healthy_upstream'));
    const error = await client
      .mutate({ mutation: gql(CHAT), variables: HELLO })
      .catch((thrown: unknown) => thrown);
    if (!CombinedGraphQLErrors.is(error)) throw new Error(`not GraphQL errors: ${error}`);
    expect(error.errors[0]?.extensions).toMatchObject({ code: 'no_healthy_upstream' });
    client.stop();
    await socket.dispose();
  });

  it('urql: a query gives its data, a refused key its code', async () => {
    const clientWith = (key: string) =>
      new UrqlClient({
        url: endpoint.url,
        preferGetMethod: false,
        fetchOptions: { headers: { authorization: `Bearer ${key}` } },
        exchanges: [fetchExchange],
      });
    const found = await clientWith(WEB_KEY).query('{ models { name } }', {}).toPromise();
    expect(found.data).toMatchObject({ models: [{ name: 'fast-chat' }] });
    const refused = await clientWith('wrong').query('{ models { name } }', {}).toPromise();
    expect(refused.error?.graphQLErrors[0]?.extensions['code']).toBe('invalid_key');
  });

  it('graphql-sse: a query gives its data', async () => {
    const client = createSseClient({ url: endpoint.url, headers: { authorization }, retryAttempts: 0 });
    const results = [];
    for await (const result of client.iterate({ query: '{ models { name } }' })) results.push(result);
    expect(results).toEqual([{ data: { models: [{ name: 'fast-chat' }] } }]);
    client.dispose();
  });

  it('graphql-ws: a mutation gives its data', async () => {
    endpoint.fake.script = answer;
    const client = wsClient();
    const results = [];
    for await (const result of client.iterate({ query: CHAT, variables: HELLO })) results.push(result);
    expect(results).toMatchObject([{ data: { chat: { text: 'Hello' } } }]);
    await client.dispose();
  });
});
