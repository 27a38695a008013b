import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { readAnswer } from './checker-answer.ts';
import { APP_KEY } from './product.ts';
import type { RawResponse } from './raw-client-response.ts';

export type Caller = 'openai-chat' | 'anthropic-messages';

export interface Chat {
  readonly port: number;
  readonly model: string;
  readonly isStream: boolean;
  /** The nonce that goes into the prompt. */
  readonly word: string;
  readonly caller?: Caller | undefined;
  readonly key?: string;
  readonly agent?: Agent;
}

export interface Seen {
  /** Null if not even the head came. */
  readonly response: RawResponse | null;
  readonly error: Error | null;
}

export interface SentChat {
  /** Resolves with the first byte of the body, or with the end. */
  readonly begun: Promise<void>;
  /** Resolves always: with as much of the answer as came. */
  readonly seen: Promise<Seen>;
  /** The client leaves. */
  abort(): void;
}

/** Sends a one-message chat with Node's own client, which repeats nothing. */
export function sendChat({ port, agent, model, isStream, word, caller, key = APP_KEY }: Chat): SentChat {
  const messages = [{ role: 'user', content: `Say ${word}` }];
  const isAnthropic = caller === 'anthropic-messages';
  const body = { model, stream: isStream, messages, ...(isAnthropic && { max_tokens: 64 }) };
  const request = httpRequest({
    ...(agent === undefined ? {} : { agent }),
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: isAnthropic ? '/v1/messages' : '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  });
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const seen = answerOf(request, begin);
  request.end(JSON.stringify(body));
  return { begun, seen, abort: () => void request.destroy() };
}

function answerOf(request: ClientRequest, begin: () => void): Promise<Seen> {
  return new Promise((resolve) => {
    const settle = (seen: Seen) => {
      begin();
      resolve(seen);
    };
    request.on('error', (error) => settle({ response: null, error }));
    request.on('response', (message: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let failure: Error | null = null;
      message.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        begin();
      });
      message.on('error', (error) => {
        failure = error;
      });
      message.on('close', () => settle({ response: rawOf(message, Buffer.concat(chunks)), error: failure }));
    });
  });
}

function rawOf(message: IncomingMessage, body: Buffer): RawResponse {
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    status: message.statusCode ?? 0,
    headers,
    rawHead: JSON.stringify(headers),
    framing: headers['content-length'] === undefined ? 'chunked' : 'length',
    body,
    bodyAtMs: [],
    informational: [],
    isComplete: message.complete,
  };
}

/** What is wrong with an answer that has to be whole and good; null if nothing. */
export function faultOf(response: RawResponse): string | null {
  if (response.status !== 200) return `${response.status} ${response.body.toString().slice(0, 200)}`;
  if (readAnswer(response).isComplete) return null;
  return `incomplete: ${response.body.toString().slice(-400)}`;
}
