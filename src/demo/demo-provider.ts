import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from '../limits.ts';
import { type Clock, type Log, systemClock } from '../ports.ts';
import { DEMO_MODEL, DemoRefusal, demoAnswer } from './demo-answer.ts';
import { type DemoRequest, demoRequestSchema } from './demo-request.ts';
import { chunksOf, completionOf, envelopeOf, errorOf } from './demo-wire.ts';
import { UnfillableSchema } from './schema-budget.ts';

export interface DemoProvider {
  /** As the OpenAI SDK takes it: `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  /** Cuts what is running and resolves when the port is free. */
  close(): Promise<void>;
}

export interface DemoProviderOptions {
  readonly log: Log;
  readonly clock?: Clock;
}

/** Between two words: slow enough that a terminal shows a stream, fast enough not to bore. */
const WORD_DELAY_MS = 3;

class HttpRefusal extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, code: string | null, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * The provider for those who have no provider key yet: an openai-chat server in this process, on a loopback
 * port of its own, whose only model says of itself that it is none. Through it calls, streams, structured
 * output, tools and usage can be seen working.
 */
export async function startDemoProvider({
  log,
  clock = systemClock,
}: DemoProviderOptions): Promise<DemoProvider> {
  const server = createServer((request, response) => {
    answer(request, response, clock).catch((error: unknown) => refuse(response, error, log));
  });
  server.keepAliveTimeout = LIMITS.keepAliveTimeoutMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A TCP server's address is an object; only unix sockets have a string.
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  if (path === '/v1/models' && request.method === 'GET') {
    const model = { id: DEMO_MODEL, object: 'model', created: 0, owned_by: 'sluice' };
    return sendJson(response, 200, { object: 'list', data: [model] });
  }
  if (path !== '/v1/chat/completions') throw new HttpRefusal(404, 'not_found', 'there is no such path');
  if (request.method !== 'POST') throw new HttpRefusal(405, 'method_not_allowed', 'this path takes POST');
  const body = await readBody(request);
  const parsed = parseRequest(body);
  const envelope = envelopeOf(body, clock.nowMs());
  const result = demoAnswer(parsed);
  if (parsed.stream !== true) return sendJson(response, 200, completionOf(envelope, result));
  await sendEvents(response, chunksOf(envelope, result, parsed), clock);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > LIMITS.bodyBytesMax)
      throw new HttpRefusal(413, 'body_too_large', 'the request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseRequest(body: string): DemoRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new HttpRefusal(400, 'malformed_json', 'the request body is not valid JSON');
  }
  const parsed = demoRequestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HttpRefusal(400, 'invalid_request', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (parsed.data.model !== DEMO_MODEL) {
    throw new HttpRefusal(404, 'model_not_found', `its only model is ${DEMO_MODEL}`);
  }
  return parsed.data;
}

/** Stops at the next word when the other side has gone, and waits while it does not read. */
async function sendEvents(response: ServerResponse, chunks: Iterable<object>, clock: Clock): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  for (const chunk of chunks) {
    const hasRoom = response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    await (hasRoom ? pause(response, clock) : drained(response));
    if (response.destroyed) return;
  }
  response.end('data: [DONE]\n\n');
}

/** Both end early when the connection closes: no timer and no listener outlives the response. */
function pause(response: ServerResponse, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(WORD_DELAY_MS, () => finish());
    const finish = (): void => {
      cancel();
      response.off('close', finish);
      resolve();
    };
    response.once('close', finish);
  });
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('close', finish).off('drain', finish);
      resolve();
    };
    response.once('close', finish).once('drain', finish);
  });
}

function refuse(response: ServerResponse, error: unknown, log: Log): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (error instanceof HttpRefusal) {
    sendJson(response, error.status, errorOf(error.message, error.code));
  } else if (error instanceof DemoRefusal || error instanceof UnfillableSchema) {
    sendJson(response, 400, errorOf(error.message, 'invalid_request'));
  } else {
    log.error({ error: String(error) }, 'the demo provider failed');
    sendJson(response, 500, errorOf('it failed', 'internal'));
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
