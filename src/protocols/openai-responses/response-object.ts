import { isJsonObject } from '../json-parse.ts';
import type { AnswerContext, JsonObject } from '../protocol.ts';

export const responseId = (callId: string): string => `resp_${callId}`;

export type ResponseState =
  | { readonly status: 'in_progress' }
  | { readonly status: 'completed' | 'incomplete'; readonly incomplete_details: JsonObject | null }
  | { readonly status: 'failed'; readonly error: JsonObject };

/** Writes `response` objects: all of one call have the same head and the same settings. */
export class ResponseObject {
  readonly #head: string;
  readonly #settings: string;

  constructor({ callId, createdAt, model, request }: AnswerContext) {
    const head = { id: responseId(callId), object: 'response', created_at: createdAt, model };
    this.#head = JSON.stringify(head).slice(1, -1);
    this.#settings = JSON.stringify(settingsOf(request ?? {})).slice(1, -1);
  }

  /** JSON text. `items` are JSON texts. */
  text(state: ResponseState, items: readonly string[] = [], usage: JsonObject | null = null): string {
    const error = state.status === 'failed' ? JSON.stringify(state.error) : 'null';
    const details = 'incomplete_details' in state ? JSON.stringify(state.incomplete_details) : 'null';
    return (
      `{${this.#head},"status":"${state.status}","error":${error},"incomplete_details":${details},` +
      `"output":[${items.join(',')}],"usage":${JSON.stringify(usage)},${this.#settings}}`
    );
  }
}

/**
 * What a response repeats of its request, with OpenAI's defaults where they are no guess about the target.
 * `store` is always false, whatever was asked for: nothing is kept.
 */
function settingsOf(request: JsonObject): JsonObject {
  const said = (name: string, otherwise: unknown = null) => request[name] ?? otherwise;
  const reasoning = isJsonObject(request['reasoning']) ? request['reasoning'] : {};
  const text = isJsonObject(request['text']) ? request['text'] : {};
  return {
    background: false,
    completed_at: null,
    conversation: null,
    instructions: said('instructions'),
    max_output_tokens: said('max_output_tokens'),
    max_tool_calls: said('max_tool_calls'),
    metadata: said('metadata', {}),
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: null,
    prompt: null,
    prompt_cache_key: said('prompt_cache_key'),
    prompt_cache_retention: said('prompt_cache_retention'),
    reasoning: { effort: reasoning['effort'] ?? null, summary: reasoning['summary'] ?? null },
    safety_identifier: said('safety_identifier'),
    // Which one served the call is not known.
    service_tier: null,
    store: false,
    temperature: said('temperature'),
    text: { ...text, format: text['format'] ?? { type: 'text' } },
    tool_choice: said('tool_choice', 'auto'),
    tools: said('tools', []),
    top_logprobs: said('top_logprobs'),
    top_p: said('top_p'),
    truncation: said('truncation', 'disabled'),
    user: said('user'),
  };
}
