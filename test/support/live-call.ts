import { nonce as randomNonce } from './canary.ts';
import { APP_KEY } from './config.ts';
import { eventsOf } from './graphql-request.ts';
import { RawGraphqlSocket } from './graphql-socket.ts';
import { type RawClient, rawRequest } from './raw-client.ts';
import type { Scenario } from './scenario.ts';
import { until } from './wait.ts';

const CHAT_STREAM = /* GraphQL */ `
  subscription ($input: ChatInput!) {
    chatStream(input: $input) {
      __typename
      ... on ChatStarted { callId }
      ... on ChatTextDelta { text }
      ... on ChatCompleted { completion { text finishReason usage { inputTokens outputTokens } } }
    }
  }
`;

export type LiveTransport = 'SSE' | 'WebSocket';
export const LIVE_TRANSPORTS: readonly LiveTransport[] = ['SSE', 'WebSocket'];

interface LiveEnds {
  /** Breaks the connection off, without a word to the server. */
  readonly leave: () => void;
  /** Ends the operation in its protocol's own way. */
  readonly complete: () => void;
  /** FIN: nothing more is sent, and reading goes on. */
  readonly halfClose: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

interface LiveResult {
  readonly data?: { readonly chatStream?: Readonly<Record<string, unknown>> | null } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

/** One `chatStream` live operation, on a connection of its own. */
export class LiveCall {
  readonly nonce: string;
  readonly #results: () => readonly LiveResult[];
  readonly ends: LiveEnds;

  constructor(nonce: string, results: () => readonly LiveResult[], ends: LiveEnds) {
    this.nonce = nonce;
    this.#results = results;
    this.ends = ends;
  }

  get events(): readonly Readonly<Record<string, unknown>>[] {
    return this.#results().flatMap(({ data }) => (data?.chatStream ? [data.chatStream] : []));
  }

  get text(): string {
    return this.events
      .filter((event) => event['__typename'] === 'ChatTextDelta')
      .map((event) => String(event['text']))
      .join('');
  }

  get isComplete(): boolean {
    return this.events.some((event) => event['__typename'] === 'ChatCompleted');
  }

  get errorCode(): string | null {
    return this.#results().flatMap(({ errors = [] }) => errors)[0]?.extensions?.code ?? null;
  }

  async heard(text: string): Promise<void> {
    await until(() => this.text.includes(text), { what: `the client hears ${JSON.stringify(text)}` });
  }

  /** Waits for ChatCompleted and gives its completion. */
  async completed(): Promise<Readonly<Record<string, unknown>>> {
    const isLast = (event: Readonly<Record<string, unknown>>) => event['__typename'] === 'ChatCompleted';
    const last = await until(() => this.events.find(isLast), { what: 'ChatCompleted' });
    return last['completion'] as Readonly<Record<string, unknown>>;
  }

  /** Waits for the error that ends the operation. */
  async failed(): Promise<string> {
    return await until(() => this.errorCode, { what: 'the error of the live operation' });
  }

  /** Tells the checker what this client saw. */
  report(scenario: Scenario): void {
    const callId = this.events.find((event) => event['__typename'] === 'ChatStarted')?.['callId'];
    scenario.checker.client({
      nonce: this.nonce,
      callId: typeof callId === 'string' ? callId : null,
      sawAnyByte: callId !== undefined,
      sawProperEnd: this.isComplete,
      text: this.text,
    });
  }
}

/** Starts a live operation; returns when the upstream has its request or has refused it. */
export async function openLive(scenario: Scenario, transport: LiveTransport): Promise<LiveCall> {
  const nonce = randomNonce();
  const messages = [{ role: 'USER', content: `Say ${nonce}` }];
  const variables = { input: { model: scenario.model(), messages } };
  return transport === 'SSE'
    ? await openSse(scenario, nonce, variables)
    : await openSocket(scenario, nonce, variables);
}

async function openSse(
  scenario: Scenario,
  nonce: string,
  variables: Record<string, unknown>,
): Promise<LiveCall> {
  const client: RawClient = await scenario.connect();
  const headers = {
    authorization: `Bearer ${APP_KEY}`,
    'content-type': 'application/json',
    accept: 'text/event-stream',
  };
  await client.send(
    rawRequest('POST', '/graphql', headers, JSON.stringify({ query: CHAT_STREAM, variables })),
  );
  let whole: Buffer | null = null;
  client.response(30_000).then(
    (response) => {
      whole = response.body;
    },
    () => {},
  );
  const results = (): LiveResult[] => {
    const text = (whole ?? client.partial?.body ?? '').toString();
    // The last event may still be on its way.
    return eventsOf(text.slice(0, text.lastIndexOf('\n\n') + 2)).results as LiveResult[];
  };
  return new LiveCall(nonce, results, {
    leave: () => client.destroy(),
    complete: () => client.destroy(),
    halfClose: () => client.halfClose(),
    pause: () => client.pause(),
    resume: () => client.resume(),
  });
}

async function openSocket(
  scenario: Scenario,
  nonce: string,
  variables: Record<string, unknown>,
): Promise<LiveCall> {
  const socket = await RawGraphqlSocket.connect(`ws://127.0.0.1:${scenario.gateway.port}/graphql`, APP_KEY);
  socket.subscribe('1', CHAT_STREAM, variables);
  const results = (): LiveResult[] =>
    socket.messages.flatMap(({ type, payload }): LiveResult[] => {
      if (type === 'next') return [payload as LiveResult];
      return type === 'error' ? [{ errors: payload as NonNullable<LiveResult['errors']> }] : [];
    });
  return new LiveCall(nonce, results, {
    leave: () => socket.socket.terminate(),
    complete: () => socket.send({ type: 'complete', id: '1' }),
    halfClose: () => socket.socket.close(),
    pause: () => socket.socket.pause(),
    resume: () => socket.socket.resume(),
  });
}
