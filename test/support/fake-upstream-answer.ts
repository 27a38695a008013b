import type { Script } from './fake-upstream-exchange.ts';
import type { LedgerEntry } from './ledger.ts';

export interface FakeToolCall {
  readonly id: string;
  readonly name: string;
  /** Raw JSON text. */
  readonly arguments: string;
}

export interface FakeUsage {
  /** Includes the cached ones. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
}

/** What a fake model says. */
export interface FakeAnswer {
  /** Defaults to a sentence with the request's own nonce. */
  readonly text?: string;
  readonly reasoning?: string;
  readonly toolCalls?: readonly FakeToolCall[];
  /** Null: the provider tells none. */
  readonly usage?: FakeUsage | null;
  /** The protocol's own word. */
  readonly finishReason?: string;
  readonly model?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeStream extends Omit<FakeAnswer, 'text'> {
  /** Text, one event each; defaults to a sentence with the request's own nonce. */
  readonly deltas?: readonly string[];
  /**
   * How far it goes: `whole`; without the `terminator` ([DONE], message_stop) but with a proper end of the
   * body; or it just stops after the `content`, the body unfinished.
   */
  readonly until?: 'whole' | 'terminator' | 'content';
  /** Played before the text delta of that index. */
  readonly before?: (index: number) => Script | undefined;
}

/** Text that repeats the request's nonce, so that an answer in the wrong hands is seen. */
export const echoDeltas = (request: LedgerEntry): readonly string[] => [
  'You ',
  'said ',
  request.nonce ?? 'nothing',
  '.',
];

/** One token for each delta. */
export const countedUsage = (deltas: readonly string[]): FakeUsage => ({
  inputTokens: 11,
  outputTokens: deltas.length,
});

/** Argument text in two pieces, as providers stream it. */
export function argumentPieces(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
