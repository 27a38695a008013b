/**
 * One try at one target: a request goes out, its answer goes into a lane.
 *
 * Settles exactly once: complete, failed (with the code that decides on another try), or cancelled by the
 * caller's leaving. Cancelling destroys the upstream's socket before `cancel` returns, also while the
 * connection is still being made: then the request is never written.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { isEncoded, requestIdOf } from './answer-head.ts';
import { classifyFailure, classifySocketError, type Progress } from './classify.ts';
import type { Watch, Watched } from './watch.ts';

/** Takes a successful answer's body. */
export interface Lane {
  /** False asks to stop reading until `resume`. Sets `failure` when the bytes tell of one. */
  data(chunk: Buffer): boolean;
  /** The body has ended as HTTP says it should. Returns what is missing for a complete answer, or null. */
  finish(): CallError | null;
  /** Something has gone to the caller: there is no other try after this. */
  readonly isCommitted: boolean;
  /** The protocol's own end has been read; only the end of the body is missing. */
  readonly isTerminated: boolean;
  readonly failure: CallError | null;
  /** The header of a successful answer, before its body; absent where the body alone says what it is. */
  readonly head?: (headers: IncomingHttpHeaders) => void;
}

/** Knows how to take an answer that came in another form than was asked for. */
export interface AnswerForms {
  /** Given the media type of a successful answer: the lane to use instead; null where the usual one fits. */
  laneFor(contentType: string): Lane | null;
}

export type AttemptResult =
  | { readonly kind: 'complete' }
  | { readonly kind: 'failed'; readonly error: CallError; readonly raw: RawError | null }
  | { readonly kind: 'cancelled' };

/** The upstream's error answer as it came, for callers of the same protocol. */
export interface RawError {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface AttemptRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: readonly string[];
  /** In pieces, its length must be among the headers. */
  readonly body: Buffer | readonly Buffer[];
  readonly protocol: Protocol;
  readonly secret: string | null;
  readonly lane: Lane;
  /** Absent where the lane takes every form. */
  readonly forms?: AnswerForms | undefined;
  /** How long the response's header may take. */
  readonly headTimeoutMs: number;
  /** Between two reads. */
  readonly idleTimeoutMs: number;
}

interface AttemptPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly watch: Watch;
}

/** Only JSON passes as it came: a page of the upstream's must not be shown as the gateway's own. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json *(?:;[\x20-\x7e]*)?$/i;

export class Attempt implements Dispatcher.DispatchHandler, Watched {
  bagSlot = -1;
  readonly #ports: AttemptPorts;
  readonly #request: AttemptRequest;
  readonly #pool: Pool;
  #lane: Lane;
  readonly #done: (result: AttemptResult) => void;
  #release: (() => void) | null;
  readonly #dispatchedMs: number;
  #controller: Dispatcher.DispatchController | null = null;
  #progress: Progress = 'connecting';
  #lastReadMs: number;
  #isSettled = false;
  #isPaused = false;
  #error: { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; bytes: number } | null = null;

  /** Milliseconds from dispatch until a connection took the request; null before. */
  connectMs: number | null = null;
  /** The upstream's HTTP status; null before its header. */
  status: number | null = null;
  /** The upstream's own id of a request that it refused. */
  requestId: string | null = null;

  /**
   * @param release called once, when the pool holds nothing of the request any more. That may be after `done`:
   * a request that still waits for a connection stays in the pool's queue, cancelled or not.
   */
  constructor(
    ports: AttemptPorts,
    request: AttemptRequest,
    pool: Pool,
    done: (result: AttemptResult) => void,
    release: () => void,
  ) {
    this.#ports = ports;
    this.#pool = pool;
    this.#release = release;
    this.#request = request;
    this.#lane = request.lane;
    this.#done = done;
    this.#dispatchedMs = ports.clock.monotonicMs();
    this.#lastReadMs = this.#dispatchedMs;
  }

  start(): void {
    const { method, path, headers, body } = this.#request;
    this.#ports.watch.add(this);
    // undici takes any iterable, and its types do not say so.
    const bytes = body as Buffer;
    this.#pool.dispatch({ method, path, headers: headers as string[], body: bytes }, this);
  }

  /** The request's body as it was sent; null where it went in pieces. */
  get body(): Buffer | null {
    const { body } = this.#request;
    return Buffer.isBuffer(body) ? body : null;
  }

  cancel(): void {
    this.#settle({ kind: 'cancelled' });
    this.#abort();
  }

  /** Ends the attempt with an error of the gateway's own (drain, caller stalled). */
  fail(error: CallError): void {
    this.#settle({ kind: 'failed', error, raw: null });
    this.#abort();
  }

  /** The caller can take more. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#lastReadMs = this.#ports.clock.monotonicMs();
    this.#controller?.resume();
  }

  check(nowMs: number): void {
    const { limits } = this.#ports;
    if (this.#isPaused) return;
    const silentMs = nowMs - this.#lastReadMs;
    if (this.#lane.isTerminated && silentMs > limits.terminalGraceMs) {
      this.#finish();
      this.#abort();
    } else if (this.status === null) {
      if (silentMs > this.#request.headTimeoutMs) this.fail(new CallError('upstream_stalled'));
    } else if (silentMs > this.#request.idleTimeoutMs) this.fail(new CallError('upstream_stalled'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) {
      this.#abort();
      this.#free();
      return;
    }
    const nowMs = this.#ports.clock.monotonicMs();
    this.connectMs = nowMs - this.#dispatchedMs;
    this.#lastReadMs = nowMs;
    this.#progress = 'sent';
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#isSettled) return;
    if (status < 200) return;
    this.status = status;
    this.#progress = 'answering';
    this.#lastReadMs = this.#ports.clock.monotonicMs();
    if (status >= 200 && status < 300) return this.#takeHead(headers);
    if (status < 400) {
      this.fail(new CallError('upstream_error', { cause: `redirect ${status} is not followed` }));
      return;
    }
    this.#controller = controller;
    this.requestId = requestIdOf(headers);
    this.#error = { status, headers, chunks: [], bytes: 0 };
  }

  #takeHead(headers: IncomingHttpHeaders): void {
    if (isEncoded(headers)) return this.fail(new CallError('upstream_malformed', { cause: 'compressed' }));
    this.#lane = this.#request.forms?.laneFor(headers['content-type'] ?? '') ?? this.#lane;
    const lane = this.#lane;
    if (lane.head === undefined) return;
    lane.head(headers);
    if (lane.failure !== null) this.fail(lane.failure);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    this.#lastReadMs = this.#ports.clock.monotonicMs();
    if (this.#error !== null) {
      this.#error.bytes += chunk.length;
      if (this.#error.bytes <= this.#ports.limits.errorBodyBytesMax) this.#error.chunks.push(chunk);
      else this.#failWithBody();
      return;
    }
    const lane = this.#lane;
    try {
      const wantsMore = lane.data(chunk);
      if (lane.failure !== null) this.fail(lane.failure);
      else if (!wantsMore) {
        this.#isPaused = true;
        controller.pause();
      }
    } catch (error) {
      this.fail(asCallError(error));
    }
  }

  onResponseEnd(): void {
    if (this.#isSettled) return;
    if (this.#error !== null) this.#failWithBody();
    else this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#isSettled && this.#error !== null) this.#failWithBody();
    else this.#settle({ kind: 'failed', error: classifySocketError(error, this.#progress), raw: null });
    this.#free();
  }

  #finish(): void {
    let missing: CallError | null;
    try {
      missing = this.#lane.finish();
    } catch (error) {
      missing = asCallError(error);
    }
    if (missing === null) this.#settle({ kind: 'complete' });
    else this.#settle({ kind: 'failed', error: missing, raw: null });
  }

  #failWithBody(): void {
    const answer = this.#error;
    if (answer === null) return;
    const body = isEncoded(answer.headers) ? NO_BYTES : Buffer.concat(answer.chunks);
    const headers: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(answer.headers))
      headers[name] = Array.isArray(value) ? value[0] : value;
    const failure = this.#readError(answer.status, headers, body);
    if (failure instanceof CallError) return this.fail(failure);
    const isWhole = answer.bytes <= this.#ports.limits.errorBodyBytesMax;
    const contentType = headers['content-type'] ?? 'application/json';
    const mayPass =
      isWhole && body.length > 0 && JSON_TYPE.test(contentType) && !holds(body, this.#request.secret);
    const raw =
      failure.class === 'callerFault' && mayPass ? { status: answer.status, contentType, body } : null;
    this.#settle({ kind: 'failed', error: classifyFailure(failure, this.#request.secret), raw });
    if (!isWhole) this.#abort();
  }

  #readError(status: number, headers: Record<string, string | undefined>, body: Buffer) {
    try {
      return this.#request.protocol.readError(status, headers, body.toString('utf8'));
    } catch (error) {
      return asCallError(error);
    }
  }

  #settle(result: AttemptResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#ports.watch.remove(this);
    if (this.#controller !== null) this.#free();
    this.#done(result);
  }

  #free(): void {
    this.#release?.();
    this.#release = null;
  }

  #abort(): void {
    const controller = this.#controller;
    if (controller !== null && !controller.aborted) controller.abort(new Error('the call has ended'));
  }
}

/** A reader or writer that throws fails its own call, not the process. */
function asCallError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError('internal', { cause: error });
}

function holds(body: Buffer, secret: string | null): boolean {
  return secret !== null && secret !== '' && body.includes(secret);
}
