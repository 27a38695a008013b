import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { BagMember } from '../bag.ts';
import { CallError } from '../errors.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import { type Accepted, readAccept } from './accept.ts';
import type { GraphqlContext } from './context.ts';
import { EventStream } from './event-stream.ts';
import { readHttpParams } from './http-params.ts';
import { type OperationParams, type PreparedOperation, prepareOperation, Refusal } from './operation.ts';
import type { GraphqlPorts } from './ports.ts';
import { type GraphqlResponse, refusalResponse, resultResponse, statusOf } from './response.ts';

type Caller = Pick<GraphqlContext, 'snapshot' | 'identity'>;

/** One GraphQL request over HTTP, from its headers to the end of its answer. */
export class HttpOperation implements BagMember {
  bagSlot = -1;
  readonly #ports: GraphqlPorts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #accepted: Accepted;
  readonly #abort = new AbortController();
  #callId: string;

  constructor(ports: GraphqlPorts, request: IncomingMessage, response: ServerResponse) {
    this.#ports = ports;
    this.#request = request;
    this.#response = response;
    this.#accepted = readAccept(request.headers.accept);
    const callId = response.getHeader('x-sluice-call-id');
    this.#callId = typeof callId === 'string' ? callId : ports.ids.next();
    response.setHeader('x-sluice-call-id', this.#callId);
    response.once('close', () => this.left());
  }

  /** Answers the request. Never throws; errors become answers. */
  start(): void {
    const snapshot = this.#ports.snapshot();
    const key = presentedKey(this.#request.headers);
    const identity = key === null ? null : identify(snapshot, key);
    if (identity instanceof CallError) this.refuse(identity);
    else {
      readHttpParams(this.#request, this.#ports.limits.graphqlBodyBytesMax, (params) => {
        if (params instanceof CallError) this.refuse(params);
        else void this.#run(params, { snapshot, identity });
      });
    }
  }

  /** The client has left: every call of this operation is cancelled before this returns. */
  left(): void {
    // With a reason of its own, because the default one is an exception with a stack: 20 µs.
    if (!this.#response.writableFinished) this.#abort.abort('left');
  }

  async #run(params: OperationParams, caller: Caller): Promise<void> {
    try {
      await this.#execute(params, caller);
    } catch (error) {
      this.refuse(new CallError('internal', { cause: error }));
    }
  }

  async #execute(params: OperationParams, caller: Caller): Promise<void> {
    const context = {
      ...this.#ports.services,
      ...caller,
      signal: this.#abort.signal,
      noteCall: (callId: string) => this.#noteCall(callId),
    };
    const operation = prepareOperation(this.#ports.engine, params, context, this.#ports);
    if (operation instanceof Refusal) return this.#answer(refusalResponse(operation, this.#rendering()));
    const fault = this.#transportFault(operation);
    if (fault !== null) return this.refuse(fault);
    const result = await operation.run();
    if (Symbol.asyncIterator in result) await this.#stream(result);
    else this.#answer(resultResponse(result, this.#rendering()));
  }

  /** GET must change nothing, and live operations need a stream. */
  #transportFault({ kind }: PreparedOperation): CallError | null {
    if (kind === 'mutation' && this.#request.method === 'GET') {
      return new CallError('method_not_allowed', { message: 'Mutations need POST.' });
    }
    const needsStream = kind === 'subscription' || this.#accepted.json === null;
    if (!needsStream || this.#accepted.eventStream) return null;
    const message =
      kind === 'subscription'
        ? 'Live operations need "Accept: text/event-stream", or a WebSocket.'
        : undefined;
    return new CallError('not_acceptable', { message });
  }

  #noteCall(callId: string): void {
    this.#callId = callId;
    if (!this.#response.headersSent) this.#response.setHeader('x-sluice-call-id', callId);
  }

  #rendering() {
    return { callId: this.#callId, log: this.#ports.log, isDevelopment: this.#ports.isDevelopment };
  }

  /** A fault of the request itself: always its own status, and JSON also for who wants a stream. */
  refuse(error: CallError): void {
    if (error.code === 'method_not_allowed') {
      this.#response.setHeader('allow', this.#request.method === 'GET' ? 'POST' : 'GET, POST');
    }
    this.#sendJson(refusalResponse(error, this.#rendering()), error.status);
  }

  /** A single result, or why there is none, in the form that the client reads. */
  #answer(body: GraphqlResponse): void {
    const { json, eventStream } = this.#accepted;
    const status = statusOf(body, json ?? 'application/json');
    if (json === null && eventStream && status !== 401) this.#events().send(body);
    else this.#sendJson(body, status, body.errors?.[0]?.extensions.retryAfterMs);
  }

  #sendJson(body: GraphqlResponse, status: number, retryAfterMs?: number): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return void response.destroy();
    const text = Buffer.from(JSON.stringify(body));
    response.setHeader('content-type', `${this.#accepted.json ?? 'application/json'}; charset=utf-8`);
    response.setHeader('content-length', text.length);
    response.setHeader('cache-control', 'no-store');
    if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000));
    if (this.#mustClose()) response.setHeader('connection', 'close');
    response.writeHead(status).end(text);
  }

  /** A body that was not read is swallowed by Node after the answer; a long or endless one is not worth it. */
  #mustClose(): boolean {
    const declaredBytes = Number(this.#request.headers['content-length'] ?? Number.NaN);
    return !this.#request.complete && !(declaredBytes <= this.#ports.limits.graphqlBodyBytesMax);
  }

  async #stream(results: AsyncIterableIterator<ExecutionResult>): Promise<void> {
    const events = this.#events();
    try {
      for await (const result of results) await events.next(resultResponse(result, this.#rendering()));
      // Who has left may still read: a stream that was cut off must not end like a complete one.
      if (this.#abort.signal.aborted) this.#response.destroy();
      else events.complete();
    } catch (error) {
      await events.next(refusalResponse(new Refusal([toError(error)]), this.#rendering()));
      events.complete();
    }
  }

  #events(): EventStream {
    return new EventStream(this.#response, this.#ports);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new CallError('internal', { cause: error });
}
