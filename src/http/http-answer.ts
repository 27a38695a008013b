/**
 * The HTTP side of a call: writes what the call produces to the caller's socket.
 *
 * Backpressure: a full socket stops the upstream until it drains; one that stays full is cut at
 * `writeIdleTimeoutMs`. A silent stream gets heartbeats in the caller's protocol. A broken stream gets the
 * protocol's error event and then an abnormal end of the HTTP body, never the terminator.
 */
import type { ServerResponse } from 'node:http';
import type { Call } from '../call.ts';
import { BodyKeeper } from '../calls/body-keeper.ts';
import type { KeptBody } from '../calls/record.ts';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { BlockEvent } from '../protocols/blocks.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { AnswerContext, Protocol, StreamWriter } from '../protocols/protocol.ts';
import type { Answer, AnswerHead, AnswerSummary, Ending } from '../relay/answer.ts';
import type { Watch, Watched } from '../upstream/watch.ts';
import { answerHeaders, callHeaders, summaryHeaders } from './answer-headers.ts';

interface HttpAnswerPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly watch: Watch;
}

export class HttpAnswer implements Answer, Watched {
  bagSlot = -1;
  readonly #ports: HttpAnswerPorts;
  readonly #response: ServerResponse;
  readonly #protocol: Protocol;
  readonly #context: AnswerContext;
  #call: Call | null = null;
  #writer: StreamWriter | null = null;
  #last: Buffer = NO_BYTES;
  #lastWriteMs = 0;
  #blockedSinceMs: number | null = null;
  #isEnded = false;
  /** The stream is one of events: a silent one gets heartbeats, a broken one an error event. */
  #isEvents = true;
  #contentType = 'application/json';
  #hasWritten = false;
  readonly #keeper: BodyKeeper | null;

  constructor(
    ports: HttpAnswerPorts,
    response: ServerResponse,
    protocol: Protocol,
    context: AnswerContext,
    keepsBodies: boolean,
  ) {
    this.#ports = ports;
    this.#response = response;
    this.#protocol = protocol;
    this.#context = context;
    this.#keeper = keepsBodies ? new BodyKeeper(ports.limits.recordBodyBytesMax) : null;
  }

  /** Ties the answer to its call: from now on the caller's leaving cancels it. */
  attach(call: Call): void {
    this.#call = call;
    if (this.#response.destroyed) this.left();
  }

  /** The caller closed its side, the connection broke, or (then nothing happens) the answer is complete. */
  left(): void {
    if (this.#isEnded) return;
    this.#ports.watch.remove(this);
    this.#call?.cancel();
  }

  open(head: AnswerHead): void {
    const { callId, model } = this.#context;
    const isArray = this.#context.framing === 'json-array';
    const headers = answerHeaders(callId, model, head);
    headers['content-type'] = isArray ? 'application/json' : this.#protocol.streamContentType;
    if (head.entity !== undefined) {
      Object.assign(headers, head.entity);
      this.#isEvents = false;
    }
    headers['cache-control'] = 'no-cache';
    headers['x-accel-buffering'] = 'no';
    this.#response.writeHead(200, headers);
    this.#response.on('drain', () => this.#drained());
    this.#ports.watch.add(this);
  }

  bytes(chunk: Buffer): boolean {
    this.#lastWriteMs = this.#ports.clock.monotonicMs();
    this.#hasWritten = true;
    this.#keeper?.add(chunk);
    if (this.#response.write(chunk)) return true;
    this.#blockedSinceMs ??= this.#lastWriteMs;
    return false;
  }

  event(event: BlockEvent): boolean {
    const bytes = this.#streamWriter().write(event);
    return bytes === null ? this.#blockedSinceMs === null : this.bytes(bytes);
  }

  check(nowMs: number): void {
    const { limits } = this.#ports;
    if (this.#blockedSinceMs !== null) {
      if (nowMs - this.#blockedSinceMs > limits.writeIdleTimeoutMs)
        this.#call?.cancel(new CallError('client_stalled'));
    } else if (nowMs - this.#lastWriteMs >= limits.heartbeatMs) this.#beat();
  }

  #beat(): void {
    const { heartbeat } = this.#protocol;
    const isPossible = this.#isEvents && this.#context.framing !== 'json-array';
    if (heartbeat !== null && isPossible) this.bytes(heartbeat);
  }

  prepare(ending: Ending): void {
    if (ending.kind === 'body') {
      this.#last = ending.body;
      this.#contentType = ending.contentType ?? this.#contentType;
    } else if (ending.kind === 'response') {
      this.#last = this.#protocol.writeResponse(ending.response, this.#context);
    } else if (ending.kind === 'stream') {
      this.#last = ending.terminal ?? this.#streamWriter().end();
    }
  }

  kept(ending: Ending): KeptBody | null {
    if (this.#keeper === null || (ending.kind === 'error' && !this.#response.headersSent)) return null;
    if (ending.kind !== 'error') this.#keeper.add(this.#last);
    return this.#keeper.body();
  }

  end(ending: Ending, summary: AnswerSummary): void {
    this.#isEnded = true;
    this.#ports.watch.remove(this);
    try {
      if (ending.kind === 'error') this.#fail(ending);
      else if (ending.kind === 'stream') this.#response.end(this.#last);
      else this.#whole(summary);
    } catch (error) {
      this.#response.destroy();
      throw error;
    }
  }

  #streamWriter(): StreamWriter {
    this.#writer ??= this.#protocol.streamWriter(this.#context);
    return this.#writer;
  }

  #whole(summary: AnswerSummary): void {
    const headers = summaryHeaders(this.#context.callId, this.#context.model, summary);
    headers['content-type'] = this.#contentType;
    headers['content-length'] = this.#last.length;
    this.#response.writeHead(200, headers);
    this.#response.end(this.#last);
  }

  #fail({ error, raw }: Extract<Ending, { kind: 'error' }>): void {
    const response = this.#response;
    if (response.headersSent) {
      const isHeard = error.code !== 'client_stalled' && error.code !== 'client_closed_request';
      if (!isHeard || !this.#isEvents) return void response.destroy();
      const bytes = this.#streamWriter().error(error, !this.#hasWritten);
      response.write(bytes, () => response.destroy());
      return;
    }
    const rendered = this.#protocol.writeError(error, this.#context.callId);
    const body = raw?.body ?? rendered.body;
    const headers: Record<string, string | number> = {
      ...callHeaders(this.#context.callId),
      ...rendered.headers,
    };
    if (raw !== null) headers['content-type'] = raw.contentType;
    headers['content-length'] = body.length;
    if (error.code === 'client_closed_request') headers['connection'] = 'close';
    response.writeHead(error.status, headers);
    response.end(body);
  }

  #drained(): void {
    this.#blockedSinceMs = null;
    this.#lastWriteMs = this.#ports.clock.monotonicMs();
    this.#call?.resume();
  }
}
