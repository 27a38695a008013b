import { type ReadAnswer, readAnswer } from './checker-answer.ts';
import { APP_KEY } from './config.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from './fake-upstream-anthropic.ts';
import type { Script, Step } from './fake-upstream-exchange.ts';
import { openaiAnswer, openaiStream } from './fake-upstream-openai.ts';
import { type RawClient, rawRequest } from './raw-client.ts';
import type { RawResponse } from './raw-client-response.ts';
import { until } from './wait.ts';

export type Wire = 'openai-chat' | 'anthropic-messages';
export interface Pair {
  readonly caller: Wire;
  readonly upstream: Wire;
}

/** Caller and upstream: two pairs in the byte lane, two in the block lane. */
export const PAIRS: readonly Pair[] = [
  { caller: 'openai-chat', upstream: 'openai-chat' },
  { caller: 'anthropic-messages', upstream: 'anthropic-messages' },
  { caller: 'openai-chat', upstream: 'anthropic-messages' },
  { caller: 'anthropic-messages', upstream: 'openai-chat' },
];

/** A stream in the upstream's protocol. */
export const streamOf = (wire: Wire, stream: FakeStream = {}): Step =>
  wire === 'openai-chat' ? openaiStream(stream) : anthropicStream(stream);

/** A whole answer in the upstream's protocol. */
export const answerOf = (wire: Wire, answer: FakeAnswer = {}): Step =>
  wire === 'openai-chat' ? openaiAnswer(answer) : anthropicAnswer(answer);

/** Says these texts and then plays the script where the rest of the stream would be. */
export const streamThen = (wire: Wire, deltas: readonly string[], script: Script): Script => [
  streamOf(wire, { deltas, until: 'content' }),
  script,
];

export interface CallOptions {
  readonly caller?: Wire;
  /** `solo` has the main upstream alone, `fallback` all three in order. */
  readonly model?: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** More members of the body. */
  readonly body?: Readonly<Record<string, unknown>>;
}

const PATHS: Readonly<Record<Wire, string>> = {
  'openai-chat': '/v1/chat/completions',
  'anthropic-messages': '/v1/messages',
};

/** The bytes of a call with this nonce in its prompt; `model` is taken as it is. */
export function callBytes(nonce: string, model: string, options: CallOptions = {}): Buffer {
  const { caller = 'openai-chat', stream = false, headers = {}, body = {} } = options;
  const content = { model, stream, messages: [{ role: 'user', content: `Say ${nonce}` }] };
  const needed = caller === 'anthropic-messages' ? { max_tokens: 1_000 } : {};
  const fields = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json', ...headers };
  return rawRequest('POST', PATHS[caller], fields, JSON.stringify({ ...content, ...needed, ...body }));
}

export interface CallAnswer extends RawResponse {
  readonly callId: string;
  readonly text: string;
  /** What it says, in whichever protocol. */
  readonly read: ReadAnswer;
  /** `error.code`, in the body or in the stream's error event; null if there is none. */
  readonly errorCode: string | null;
}

/** One call of a client on a connection of its own. */
export class OpenCall {
  readonly nonce: string;
  readonly client: RawClient;
  response: RawResponse | null = null;

  constructor(nonce: string, client: RawClient) {
    this.nonce = nonce;
    this.client = client;
  }

  /** The answer, whole or broken off. */
  async answer(deadlineMs?: number): Promise<CallAnswer> {
    const response = await this.client.response(deadlineMs);
    this.response = response;
    const text = response.body.toString();
    const errorCode = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? null;
    const callId = response.headers['x-sluice-call-id'] ?? '';
    return { ...response, callId, text, read: readAnswer(response), errorCode };
  }

  /** What has come so far of a streamed answer's text. */
  get heardText(): string {
    const { partial } = this.client;
    return partial === null ? '' : readAnswer(partial).text;
  }

  /** Waits until the streamed answer's text, as far as it came, has all of this. */
  async heard(text: string): Promise<void> {
    await until(() => this.heardText.includes(text), { what: `the client hears ${JSON.stringify(text)}` });
  }
}
