import type { FinishReason } from '../blocks.ts';

/** `TIMEOUT`: the time limit of the vendor cut the answer off (SDK reference, `ChatFinishReason`). */
const READ: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR: 'error',
  TIMEOUT: 'error',
};

/** The canonical reason; calls make a stop `tool_calls`. */
export function readFinish(raw: string | null, hasCalls: boolean): FinishReason {
  const reason = raw === null ? 'other' : (READ[raw] ?? 'other');
  return hasCalls && (reason === 'stop' || reason === 'other') ? 'tool_calls' : reason;
}

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'COMPLETE',
  length: 'MAX_TOKENS',
  tool_calls: 'TOOL_CALL',
  // There is no word for a filtered answer, and it must not look whole.
  content_filter: 'ERROR',
  error: 'ERROR',
  other: 'COMPLETE',
};

/** Cohere's own words come back as they were. */
export function writeFinish(
  reason: FinishReason,
  rawReason: string | null,
  stopSequence: string | null,
): string {
  if (rawReason !== null && READ[rawReason] !== undefined) return rawReason;
  return reason === 'stop' && stopSequence !== null ? 'STOP_SEQUENCE' : WRITTEN[reason];
}
