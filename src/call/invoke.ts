import { type Call, startCall } from '../call.ts';
import { keepBody } from '../calls/body-keeper.ts';
import type {
  EventSink,
  Invocation,
  InvocationHandle,
  InvocationResult,
  Invoke,
} from '../calls/invocation.ts';
import type { KeptBody } from '../calls/record.ts';
import type { Ids } from '../ports.ts';
import { type BlockEvent, type ChatResponse, UNKNOWN_USAGE } from '../protocols/blocks.ts';
import { ResponseBuilder } from '../protocols/response-builder.ts';
import type { Answer, AnswerSummary, Ending } from '../relay/answer.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import type { CallInput, CallPorts } from './ports.ts';
import { servedBy } from './served-by.ts';

/** Lets the graph make calls: content blocks go in, events come back. */
export function createInvoke(ports: CallPorts, ids: Ids, snapshot: () => Snapshot): Invoke {
  return (invocation, sink): InvocationHandle => {
    const answer = new EventAnswer(invocation, sink, ids.next());
    const call = startCall(ports, inputOf(ports, invocation, answer.callId, snapshot()), answer);
    answer.call = call;
    return { callId: answer.callId, cancel: () => call.cancel(), resume: () => call.resume() };
  };
}

function inputOf(ports: CallPorts, invocation: Invocation, id: string, snapshot: Snapshot): CallInput {
  const { request, identity, isStrict, idempotencyKey } = invocation;
  return {
    id,
    arrivedMs: ports.clock.monotonicMs(),
    startedAt: ports.clock.nowMs(),
    snapshot,
    identity,
    caller: 'graphql',
    operation: 'chat',
    model: request.model,
    isStream: request.stream,
    isStrict,
    idempotencyKey,
    refusal: null,
    body: null,
    request,
    task: null,
  };
}

/** The graph's side of a call. */
class EventAnswer implements Answer {
  readonly callId: string;
  readonly #invocation: Invocation;
  readonly #sink: EventSink;
  readonly #builder: ResponseBuilder;
  call: Call | null = null;

  constructor(invocation: Invocation, sink: EventSink, callId: string) {
    this.callId = callId;
    this.#invocation = invocation;
    this.#sink = sink;
    this.#builder = new ResponseBuilder();
  }

  open(): void {
    this.#sink.start(this.callId);
  }

  bytes(): boolean {
    throw new Error('the graph has no byte lane');
  }

  event(event: BlockEvent): boolean {
    this.#builder.add(event);
    return this.#sink.event(event);
  }

  prepare(): void {}

  kept(ending: Ending): KeptBody | null {
    const response = this.#response(ending);
    if (response === null || this.call === null) return null;
    return keepBody(Buffer.from(JSON.stringify(response)), this.call.ports.limits.recordBodyBytesMax);
  }

  end(ending: Ending, summary: AnswerSummary): void {
    this.#sink.end(this.#result(ending, summary));
  }

  #result(ending: Ending, { record, receipt }: AnswerSummary): InvocationResult {
    return {
      callId: this.callId,
      model: this.#invocation.request.model,
      servedBy: servedBy(this.call, record.attempts.length),
      response: this.#response(ending),
      // Without the record's estimate: what a caller is told is the provider's word, or nothing.
      usage: this.call?.lane?.usage ?? UNKNOWN_USAGE,
      costPico: record.costPico,
      priceFrom: record.priceFrom,
      priceSource: record.priceSource,
      receipt,
      error: ending.kind === 'error' ? ending.error : null,
    };
  }

  #response(ending: Ending): ChatResponse | null {
    if (ending.kind === 'response') return ending.response;
    return ending.kind === 'stream' ? this.#builder.build() : null;
  }
}
