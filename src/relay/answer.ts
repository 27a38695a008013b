import type { CallRecord, KeptBody } from '../calls/record.ts';
import type { CallError } from '../errors.ts';
import type { BlockEvent, ChatResponse, Receipt } from '../protocols/blocks.ts';
import type { RawError } from '../upstream/attempt.ts';

/** What is known when the first byte goes to the caller. */
export interface AnswerHead {
  readonly attempts: number;
  readonly receipt: Receipt | null;
  /** Headers that say what the body is; the caller's protocol knows where absent. */
  readonly entity?: Readonly<Record<string, string>> | undefined;
}

/** What is known at the end. */
export interface AnswerSummary extends AnswerHead {
  /** As it was appended to the spool. */
  readonly record: CallRecord;
}

/** How a call ends for its caller. */
export type Ending =
  /** Byte lane, not streamed: the upstream's body as it came; JSON unless it says otherwise. */
  | { readonly kind: 'body'; readonly body: Buffer; readonly contentType?: string | undefined }
  /** Block lane, not streamed. */
  | { readonly kind: 'response'; readonly response: ChatResponse }
  /** A complete stream: the upstream's own terminator, or null where the caller's writer makes it. */
  | { readonly kind: 'stream'; readonly terminal: Buffer | null }
  | { readonly kind: 'error'; readonly error: CallError; readonly raw: RawError | null };

/**
 * The caller's side of a call. Order: `open`, then `bytes` or `event` any number of times, then `end`; or `end`
 * alone. `end` is called exactly once, after the end record was appended, unless the caller has left.
 */
export interface Answer {
  open(head: AnswerHead): void;
  /** Byte lane. False asks for no more until the call's `resume`. */
  bytes(chunk: Buffer): boolean;
  /** Block lane. False asks for no more until the call's `resume`. */
  event(event: BlockEvent): boolean;
  end(ending: Ending, summary: AnswerSummary): void;
  /** What the caller gets, where bodies are kept; null where they are not, and for an answer that is an error. */
  kept(ending: Ending): KeptBody | null;
  /** Makes the last bytes, so that a writer that throws does so before the record says how the call went. */
  prepare(ending: Ending): void;
}
