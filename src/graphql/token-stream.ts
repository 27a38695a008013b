import type { EventSink, InvocationHandle, InvocationResult } from '../calls/invocation.ts';
import type { BlockEvent } from '../protocols/blocks.ts';
import { CallFailure } from './call-failure.ts';
import type { ChatEvent } from './chat-events.ts';

export interface TokenStreamOptions {
  /** Starts the call; it may talk to the sink before it returns. */
  readonly start: (sink: EventSink) => InvocationHandle;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
  /** The model's name as the caller wrote it. */
  readonly model: string;
  /** What may wait, at two bytes a UTF-16 unit; from there on the upstream is paused. */
  readonly queueBytesMax: number;
}

type Next = IteratorResult<ChatEvent, undefined>;
interface Waiter {
  readonly resolve: (result: Next) => void;
  readonly reject: (error: unknown) => void;
}
/** About what V8 needs for one queued event without its text. */
const EVENT_BYTES = 128;
const DONE: Next = { done: true, value: undefined };

/**
 * The events of one streamed call, pulled by the GraphQL executor.
 *
 * Not an async generator, because a generator's `return()` waits for its pending `next()`: a caller who left
 * would keep the upstream busy until its next token. Here `return()` cancels the upstream before anything else.
 *
 * Deltas that arrive while the consumer is busy are joined into one event; when it is waiting, each goes out at
 * once. A failure rejects the `next()` after the deltas before it, and no ChatCompleted follows.
 */
export class TokenStream implements AsyncIterableIterator<ChatEvent, undefined>, EventSink {
  readonly #options: TokenStreamOptions;
  readonly #handle: InvocationHandle;
  readonly #toolCalls = new Map<number, { index: number; id: string; name: string }>();
  readonly #reasoning = new Set<number>();
  #queue: ChatEvent[] = [];
  #queuedBytes = 0;
  #isPaused = false;
  #failure: CallFailure | null = null;
  #isEnded = false;
  #waiter: Waiter | null = null;

  constructor(options: TokenStreamOptions) {
    this.#options = options;
    this.#handle = options.start(this);
    if (options.signal.aborted) this.#cancel();
    else options.signal.addEventListener('abort', this.#cancel, { once: true });
  }

  get callId(): string {
    return this.#handle.callId;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    const event = this.#queue.shift();
    if (event !== undefined) return Promise.resolve(this.#taken(event));
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      return Promise.reject(failure);
    }
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  return(): Promise<Next> {
    this.#cancel();
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<Next> {
    this.#cancel();
    return Promise.reject(error);
  }

  start(callId: string): void {
    if (!this.#isEnded) this.#push({ kind: 'ChatStarted', callId, model: this.#options.model });
  }

  event(event: BlockEvent): boolean {
    if (this.#isEnded) return true;
    if (event.type === 'blockStart') this.#blockStart(event.index, event.block);
    else if (event.type === 'blockDelta' && event.text) this.#delta(event.index, event.text);
    this.#isPaused = this.#queuedBytes >= this.#options.queueBytesMax;
    return !this.#isPaused;
  }

  end(result: InvocationResult): void {
    if (this.#isEnded) return;
    this.#finish();
    if (result.error === null) {
      this.#push({ kind: 'ChatCompleted', completion: result });
      return;
    }
    const failure = new CallFailure(result.error, result.callId);
    const waiter = this.#takeWaiter();
    if (waiter === null) this.#failure = failure;
    else waiter.reject(failure);
  }

  #blockStart(index: number, block: Extract<BlockEvent, { type: 'blockStart' }>['block']): void {
    if (block.type === 'reasoning') this.#reasoning.add(index);
    if (block.type !== 'toolCall') return;
    const call = { index: this.#toolCalls.size, id: block.id, name: block.name };
    this.#toolCalls.set(index, call);
    this.#push({ kind: 'ChatToolCallDelta', ...call, arguments: '' });
  }

  #delta(block: number, text: string): void {
    const call = this.#toolCalls.get(block);
    if (call !== undefined) this.#push({ kind: 'ChatToolCallDelta', ...call, arguments: text });
    else if (this.#reasoning.has(block)) this.#push({ kind: 'ChatReasoningDelta', text });
    else this.#push({ kind: 'ChatTextDelta', text });
  }

  #push(event: ChatEvent): void {
    const waiter = this.#takeWaiter();
    if (waiter !== null) {
      waiter.resolve({ done: false, value: event });
      return;
    }
    const last = this.#queue.at(-1);
    const joined = last === undefined ? null : join(last, event);
    if (last !== undefined && joined !== null) {
      this.#queuedBytes -= sizeBytes(last);
      this.#queue.pop();
    }
    this.#queue.push(joined ?? event);
    this.#queuedBytes += sizeBytes(joined ?? event);
  }

  #taken(event: ChatEvent): Next {
    this.#queuedBytes -= sizeBytes(event);
    if (this.#isPaused && this.#queuedBytes < this.#options.queueBytesMax) {
      this.#isPaused = false;
      this.#handle.resume();
    }
    return { done: false, value: event };
  }

  #takeWaiter(): Waiter | null {
    const waiter = this.#waiter;
    this.#waiter = null;
    return waiter;
  }

  readonly #cancel = (): void => {
    if (!this.#isEnded) {
      this.#finish();
      this.#handle.cancel();
    }
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#failure = null;
    this.#takeWaiter()?.resolve(DONE);
  };

  #finish(): void {
    this.#isEnded = true;
    this.#isPaused = false;
    this.#options.signal.removeEventListener('abort', this.#cancel);
  }
}

/** One event for two deltas of the same block kind, or null when they must stay apart. */
function join(first: ChatEvent, second: ChatEvent): ChatEvent | null {
  if (first.kind === 'ChatTextDelta' && second.kind === 'ChatTextDelta') {
    return { kind: 'ChatTextDelta', text: first.text + second.text };
  }
  if (first.kind === 'ChatReasoningDelta' && second.kind === 'ChatReasoningDelta') {
    return { kind: 'ChatReasoningDelta', text: first.text + second.text };
  }
  if (
    first.kind === 'ChatToolCallDelta' &&
    second.kind === 'ChatToolCallDelta' &&
    first.index === second.index
  ) {
    return { ...first, arguments: first.arguments + second.arguments };
  }
  return null;
}

/** What an event takes while it waits; an empty one is not free, or interleaved tool calls could pile up. */
function sizeBytes(event: ChatEvent): number {
  if (event.kind === 'ChatToolCallDelta') return EVENT_BYTES + event.arguments.length * 2;
  if (event.kind === 'ChatTextDelta' || event.kind === 'ChatReasoningDelta') {
    return EVENT_BYTES + event.text.length * 2;
  }
  return EVENT_BYTES;
}
