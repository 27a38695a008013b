import type { FinishReason } from '../blocks.ts';

/** `pause_turn` means "call again with this": as no other protocol can say so, it reads as a stop. */
const READ: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

export function readStopReason(raw: string | null): FinishReason {
  return raw === null ? 'other' : (READ[raw] ?? 'other');
}

export interface Stop {
  readonly reason: FinishReason;
  readonly rawReason: string | null;
  readonly stopSequence: string | null;
  readonly hasRefusal: boolean;
}

/**
 * Anthropic's own words come back as they were. An error must not look whole, and `max_tokens` is what says
 * "not complete".
 */
export function writeStopReason({ reason, rawReason, stopSequence, hasRefusal }: Stop): string {
  if (rawReason !== null && READ[rawReason] !== undefined) return rawReason;
  if (hasRefusal || reason === 'content_filter') return 'refusal';
  if (stopSequence !== null) return 'stop_sequence';
  if (reason === 'length' || reason === 'error') return 'max_tokens';
  return reason === 'tool_calls' ? 'tool_use' : 'end_turn';
}

/** `stop_details` of a refusal; null for any other end. */
export function refusalDetails(stopReason: string, explanation: string | null): object | null {
  return stopReason === 'refusal' ? { type: 'refusal', category: null, explanation } : null;
}
