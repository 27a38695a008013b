import type { InvocationResult } from '../calls/invocation.ts';

export interface ChatStarted {
  readonly kind: 'ChatStarted';
  readonly callId: string;
  /** The model's name as the caller wrote it. */
  readonly model: string;
}
export interface ChatTextDelta {
  readonly kind: 'ChatTextDelta';
  readonly text: string;
}
export interface ChatReasoningDelta {
  readonly kind: 'ChatReasoningDelta';
  readonly text: string;
}
export interface ChatToolCallDelta {
  readonly kind: 'ChatToolCallDelta';
  /** Counts the tool calls of the answer from 0. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** The next piece of the raw argument text. */
  readonly arguments: string;
}
export interface ChatCompleted {
  readonly kind: 'ChatCompleted';
  readonly completion: InvocationResult;
}

/** What `chatStream` yields: one ChatStarted, deltas, one ChatCompleted if the answer is complete. */
export type ChatEvent = ChatStarted | ChatTextDelta | ChatReasoningDelta | ChatToolCallDelta | ChatCompleted;
