import type { FinishReason } from '../blocks.ts';

const READ: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  length: 'length',
  model_length: 'length',
  max_tokens: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  error: 'error',
};

/**
 * The canonical reason. A forced tool choice is answered with `stop` beside the calls (OpenAI, function calling
 * guide), as some compatible servers always do: calls make it `tool_calls`.
 */
export function readFinish(raw: string | null, hasCalls: boolean): FinishReason {
  const reason = raw === null ? 'other' : (READ[raw] ?? 'other');
  return hasCalls && (reason === 'stop' || reason === 'other') ? 'tool_calls' : reason;
}

/** OpenAI's SDKs know five words. An error must not look whole, and `length` is what says "not complete". */
export function writeFinish(reason: FinishReason): string {
  if (reason === 'error') return 'length';
  return reason === 'other' ? 'stop' : reason;
}
