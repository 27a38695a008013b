import { type Call, startCall } from '../call.ts';
import { BodyKeeper } from '../calls/body-keeper.ts';
import type { InvocationHandle } from '../calls/invocation.ts';
import type { KeptBody } from '../calls/record.ts';
import type { Operate, TaskInvocation, TaskResult } from '../calls/task-invocation.ts';
import { CallError } from '../errors.ts';
import type { Ids } from '../ports.ts';
import { UNKNOWN_USAGE } from '../protocols/blocks.ts';
import type { Answer, AnswerHead, AnswerSummary, Ending } from '../relay/answer.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import type { CallInput, CallPorts } from './ports.ts';
import { servedBy } from './served-by.ts';

/** Base64 takes four characters for three bytes; what else is in an answer with images is small. */
const JSON_BYTES_PER_MEDIA_BYTE = 1.5;

/** Lets the graph make calls that are no chats: a task goes in, the whole answer comes back. */
export function createOperate(ports: CallPorts, ids: Ids, snapshot: () => Snapshot): Operate {
  return (invocation, done): InvocationHandle => {
    const current = snapshot();
    const callId = ids.next();
    const answer = new TaskAnswer(ports, invocation, done, callId, current.keepsBodies);
    const call = startCall(ports, inputOf(ports, invocation, callId, current), answer);
    answer.call = call;
    return { callId, cancel: () => call.cancel(), resume: () => call.resume() };
  };
}

function inputOf(ports: CallPorts, invocation: TaskInvocation, id: string, snapshot: Snapshot): CallInput {
  const { asked, identity, isStrict, idempotencyKey } = invocation;
  return {
    id,
    arrivedMs: ports.clock.monotonicMs(),
    startedAt: ports.clock.nowMs(),
    snapshot,
    identity,
    caller: 'graphql',
    operation: asked.task.operation,
    model: asked.model,
    isStream: asked.isStream,
    isStrict,
    idempotencyKey,
    refusal: null,
    body: null,
    request: null,
    task: asked.task,
  };
}

/** The graph's side of a call: collects the answer, up to a bound. */
class TaskAnswer implements Answer {
  readonly #ports: CallPorts;
  readonly #invocation: TaskInvocation;
  readonly #done: (result: TaskResult) => void;
  readonly #callId: string;
  readonly #keepsBodies: boolean;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #contentType = 'application/json';
  call: Call | null = null;

  constructor(
    ports: CallPorts,
    invocation: TaskInvocation,
    done: (result: TaskResult) => void,
    callId: string,
    keepsBodies: boolean,
  ) {
    this.#ports = ports;
    this.#invocation = invocation;
    this.#done = done;
    this.#callId = callId;
    this.#keepsBodies = keepsBodies;
  }

  open(head: AnswerHead): void {
    this.#contentType = head.entity?.['content-type'] ?? 'text/event-stream';
  }

  /** What it throws fails the attempt, and with it the call. */
  bytes(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#ports.limits.graphqlMediaBytesMax) {
      throw new CallError('upstream_response_too_large');
    }
    this.#chunks.push(chunk);
    return true;
  }

  event(): boolean {
    throw new Error('only chats have content blocks');
  }

  prepare(ending: Ending): void {
    if (ending.kind !== 'body') return;
    const bytesMax = this.#ports.limits.graphqlMediaBytesMax * JSON_BYTES_PER_MEDIA_BYTE;
    if (ending.body.length > bytesMax) throw new CallError('upstream_response_too_large');
    this.#chunks.push(ending.body);
    this.#contentType = ending.contentType ?? this.#contentType;
  }

  kept(ending: Ending): KeptBody | null {
    if (!this.#keepsBodies || ending.kind === 'error') return null;
    const keeper = new BodyKeeper(this.#ports.limits.recordBodyBytesMax);
    for (const chunk of this.#chunks) keeper.add(chunk);
    return keeper.body();
  }

  end(ending: Ending, { record, receipt }: AnswerSummary): void {
    const error = ending.kind === 'error' ? ending.error : null;
    this.#done({
      callId: this.#callId,
      model: this.#invocation.asked.model,
      servedBy: servedBy(this.call, record.attempts.length),
      body: Buffer.concat(error === null ? this.#chunks : []),
      contentType: this.#contentType,
      // Without the record's estimate: what a caller is told is the provider's word, or nothing.
      usage: this.call?.lane?.usage ?? UNKNOWN_USAGE,
      costPico: record.costPico,
      priceFrom: record.priceFrom,
      priceSource: record.priceSource,
      receipt,
      error,
    });
  }
}
