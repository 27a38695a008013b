import type {
  EventSink,
  Invocation,
  InvocationHandle,
  InvocationResult,
  Invoke,
} from '../../src/calls/invocation.ts';
import type { Operate } from '../../src/calls/task-invocation.ts';
import { CallError } from '../../src/errors.ts';
import {
  type Block,
  type BlockEvent,
  type ChatResponse,
  UNKNOWN_USAGE,
  type Usage,
} from '../../src/protocols/blocks.ts';
import { until } from './wait.ts';

/** One call of a fake call path, played by hand: the test says what the upstream does. */
export class FakeCall implements InvocationHandle {
  readonly callId: string;
  readonly invocation: Invocation;
  readonly sink: EventSink;
  /** performance.now() of the cancellation; null while nobody cancelled. */
  cancelledAt: number | null = null;
  resumes = 0;
  isEnded = false;
  #blocks: Block[] = [];

  constructor(callId: string, invocation: Invocation, sink: EventSink) {
    this.callId = callId;
    this.invocation = invocation;
    this.sink = sink;
  }

  /** As the call path does: the end follows, with client_closed_request. */
  cancel(): void {
    if (this.isEnded || this.cancelledAt !== null) return;
    this.cancelledAt = performance.now();
    this.fail(new CallError('client_closed_request'));
  }

  resume(): void {
    this.resumes += 1;
  }

  get isCancelled(): boolean {
    return this.cancelledAt !== null;
  }

  start(): void {
    this.sink.start(this.callId);
  }

  event(event: BlockEvent): boolean {
    return this.sink.event(event);
  }

  /** Streams one block in these pieces. */
  block(index: number, type: 'text' | 'reasoning' | 'refusal', pieces: readonly string[]): boolean {
    const origin = { protocol: 'openai-chat' } as const;
    const block = type === 'reasoning' ? { type, origin } : { type };
    this.event({ type: 'blockStart', index, block });
    let mayGoOn = true;
    for (const text of pieces) mayGoOn = this.event({ type: 'blockDelta', index, text });
    this.event({ type: 'blockStop', index });
    const text = pieces.join('');
    this.#blocks.push(type === 'reasoning' ? { type, text, origin } : { type, text });
    return mayGoOn;
  }

  toolCall(index: number, call: { id: string; name: string }, pieces: readonly string[]): void {
    this.event({ type: 'blockStart', index, block: { type: 'toolCall', ...call } });
    for (const text of pieces) this.event({ type: 'blockDelta', index, text });
    this.event({ type: 'blockStop', index });
    this.#blocks.push({ type: 'toolCall', ...call, arguments: pieces.join('') });
  }

  /** The answer is complete: what was streamed, or `blocks`. */
  succeed(parts: Partial<InvocationResult> & { blocks?: readonly Block[]; usage?: Usage } = {}): void {
    const { blocks = this.#blocks, ...rest } = parts;
    const response: ChatResponse = {
      id: 'upstream-1',
      model: 'upstream-model',
      blocks,
      finishReason: 'stop',
      rawFinishReason: 'stop',
      stopSequence: null,
      usage: rest.usage ?? UNKNOWN_USAGE,
    };
    this.#end({ response, ...rest });
  }

  fail(error: CallError): void {
    this.#end({ error, response: null, servedBy: null });
  }

  #end(parts: Partial<InvocationResult>): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.sink.end({
      callId: this.callId,
      model: this.invocation.request.model,
      servedBy: {
        connection: 'lab',
        provider: 'test',
        model: 'upstream-model',
        protocol: 'openai-chat',
        attempts: 1,
      },
      response: null,
      usage: UNKNOWN_USAGE,
      costPico: null,
      receipt: null,
      error: null,
      ...parts,
    });
  }
}

/** A scriptable call path: `invoke` is handed to the code under test, the calls it made are played one by one. */
export class FakeInvoke {
  readonly calls: FakeCall[] = [];
  /** Plays each new call at once, or from a later turn; without it calls wait for the test. */
  script: ((call: FakeCall) => void) | null = null;

  readonly invoke: Invoke = (invocation, sink) => {
    const callId = `01900000-0000-7000-9000-${(this.calls.length + 1).toString(16).padStart(12, '0')}`;
    const call = new FakeCall(callId, invocation, sink);
    this.calls.push(call);
    const { script } = this;
    if (script !== null) setImmediate(() => script(call));
    return call;
  };

  /** The call number `index`, as soon as it has been made. */
  call(index: number): Promise<FakeCall> {
    return until(() => this.calls[index], { what: `call ${index} is made` });
  }
}

/** For tests that play no other calls. */
export const onlyChats: Operate = () => {
  throw new Error('only chats are played here');
};
