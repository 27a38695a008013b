import type { FinishReason } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readText } from './values.ts';

const INCOMPLETE: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
};

export interface ResponseEnd {
  readonly reason: FinishReason;
  /** `completed`, or why it is incomplete. */
  readonly raw: string;
}

/** How a response ended. `hasCalls`: it asks the caller to run a function. */
export function readFinish(response: JsonObject, hasCalls: boolean): ResponseEnd {
  const details = response['incomplete_details'];
  const why = isJsonObject(details) ? readText(details['reason']) : null;
  const status = readText(response['status']) ?? 'completed';
  if (status === 'incomplete' || why !== null) {
    return { reason: INCOMPLETE[why ?? ''] ?? 'other', raw: why ?? status };
  }
  return { reason: hasCalls ? 'tool_calls' : 'stop', raw: status };
}

export interface WrittenStatus {
  readonly status: 'completed' | 'incomplete';
  readonly incomplete_details: { readonly reason: 'max_output_tokens' | 'content_filter' } | null;
}

/**
 * The SDKs know two reasons for an incomplete response. An error must not look whole, and `max_output_tokens` is
 * the one that says "there is more".
 */
export function writeStatus(reason: FinishReason): WrittenStatus {
  if (reason === 'content_filter') {
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  }
  if (reason === 'length' || reason === 'error') {
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  }
  return { status: 'completed', incomplete_details: null };
}
