import type { Lane as LaneName } from '../calls/record.ts';
import type { Block, BlockEvent, ChatResponse, FinishReason, Usage } from '../protocols/blocks.ts';
import type { Lane } from '../upstream/attempt.ts';
import type { AnswerHead, Ending } from './answer.ts';

/** A lane as the call sees it: what the attempt needs, and what the record and the ending need. */
export interface CallLane extends Lane {
  readonly name: LaneName;
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
  /** The model that the upstream says it used. */
  readonly servedModel: string | null;
  /** Content-bearing events relayed, or about as many as a whole answer would have: the output tokens where the provider sent no count. */
  readonly contentEvents: number;
  /** Monotonic ms of the first content; null before. */
  readonly firstContentMs: number | null;
  /** After `finish` returned null: how to end for the caller. */
  ending(): Ending;
}

/** Follows what an answer says, where its provider does not count it. `events` are those with content so far. */
export interface OutputTally {
  /** Streamed, as content blocks. */
  text(text: string, events: number): void;
  /** Streamed, as the upstream's bytes. */
  bytes(chunk: Buffer, events: number): void;
  /** In one piece. */
  whole(blocks: readonly Block[]): void;
}

/** Looks at a complete answer of the block lane, once it is there. */
export interface AnswerCheck {
  /** Streamed, every event. */
  event(event: BlockEvent): void;
  /** The stream is complete. */
  end(): void;
  /** In one piece. */
  whole(response: ChatResponse): void;
}

/** What every lane is made with. */
export interface LaneContext {
  /** Null for nearly every call. */
  readonly tally: OutputTally | null;
  /** Null for nearly every call. */
  readonly check: AnswerCheck | null;
  head(): AnswerHead;
  /** Monotonic. */
  nowMs(): number;
  readonly secret: string | null;
}
