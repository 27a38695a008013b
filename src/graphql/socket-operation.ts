import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { PreparedOperation } from './operation.ts';

type Next = IteratorResult<ExecutionResult, undefined>;
const DONE: Next = { done: true, value: undefined };

/**
 * One operation of a WebSocket, as the stream of its results; a query or mutation is a stream of one, so that it
 * too can be cancelled.
 *
 * graphql-ws cancels by `return()` and calls its own hooks only when that has settled. Here `return()` aborts
 * the operation's calls before anything else, and settles at once.
 */
export class SocketOperation implements AsyncIterableIterator<ExecutionResult, undefined> {
  readonly #abort = new AbortController();
  readonly #onEnd: (operation: SocketOperation) => void;
  #prepared: PreparedOperation | null = null;
  #source: AsyncIterator<ExecutionResult> | null = null;
  #isEnded = false;
  /** The id of the call that the operation made, or its own while it has made none. */
  callId: string;

  /** `onEnd` is called once, when there will be no more results. */
  constructor(callId: string, onEnd: (operation: SocketOperation) => void) {
    this.callId = callId;
    this.#onEnd = onEnd;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Sets what the first `next()` starts, and gives the arguments for graphql-ws: this is their context value. */
  prepare(operation: PreparedOperation): ExecutionArgs {
    this.#prepared = operation;
    return { ...operation.args, contextValue: this };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Next> {
    try {
      const result = await this.#advance();
      if (result.done || this.#isEnded) return this.end();
      return result;
    } catch (error) {
      if (this.#isEnded) return DONE;
      this.end();
      throw error;
    }
  }

  return(): Promise<Next> {
    this.#abort.abort('left');
    void this.#source?.return?.();
    return Promise.resolve(this.end());
  }

  throw(error: unknown): Promise<Next> {
    this.return();
    return Promise.reject(error);
  }

  /** No more results; what still runs is not cancelled by this. */
  end(): Next {
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#onEnd(this);
    }
    return DONE;
  }

  async #advance(): Promise<IteratorResult<ExecutionResult>> {
    if (this.#source !== null) return this.#source.next();
    if (this.#prepared === null || this.#isEnded) return DONE;
    const result = await this.#prepared.run();
    this.#prepared = null;
    if (!(Symbol.asyncIterator in result)) return { done: false, value: result };
    this.#source = result;
    return result.next();
  }
}
