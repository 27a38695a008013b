import type { FinishReason } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';

/** AWS, API reference, "Converse", stopReason. */
const READ: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
};

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
  error: 'malformed_model_output',
  other: 'end_turn',
};

export function readStopReason(raw: string | null): FinishReason {
  return raw === null ? 'other' : (READ[raw] ?? 'other');
}

export interface Stop {
  readonly reason: FinishReason;
  readonly rawReason: string | null;
  readonly stopSequence: string | null;
}

/** Bedrock's own words come back as they were, unless the meaning was changed on the way. */
export function writeStopReason({ reason, rawReason, stopSequence }: Stop): string {
  if (rawReason !== null && READ[rawReason] === reason) return rawReason;
  return reason === 'stop' && stopSequence !== null ? 'stop_sequence' : WRITTEN[reason];
}

/** Where models of Anthropic say which sequence has matched: in an answer, and in a stream. */
export const STOP_SEQUENCE_PATHS = ['/stop_sequence', '/delta/stop_sequence'] as const;

/** The matched sequence out of `additionalModelResponseFields`, where it was asked for. */
export function readStopSequence(fields: unknown): string | null {
  if (!isJsonObject(fields)) return null;
  const holder = isJsonObject(fields['delta']) ? fields['delta'] : fields;
  const sequence = holder['stop_sequence'];
  return typeof sequence === 'string' && sequence !== '' ? sequence : null;
}

/** The other way: what of it the caller's `additionalModelResponseFieldPaths` ask for. */
export function writeStopSequence(sequence: string | null, paths: unknown): object | undefined {
  if (sequence === null || !Array.isArray(paths)) return undefined;
  const [whole, streamed] = STOP_SEQUENCE_PATHS;
  if (!paths.includes(whole) && !paths.includes(streamed)) return undefined;
  return {
    ...(paths.includes(whole) ? { stop_sequence: sequence } : {}),
    ...(paths.includes(streamed) ? { delta: { stop_sequence: sequence } } : {}),
  };
}
