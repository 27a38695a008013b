import { parseEvents } from './raw-client-events.ts';
import type { RawResponse } from './raw-client-response.ts';

/** What an answer says, in whichever protocol. */
export interface ReadAnswer {
  readonly text: string;
  readonly reasoning: string;
  /** Argument text of all tool calls, joined. */
  readonly toolArguments: string;
  /** It ended as its framing and its protocol say a whole answer ends. */
  readonly isComplete: boolean;
  /** An error body, or an error event in the stream. */
  readonly hasError: boolean;
  /** The last output count it told; null if none. */
  readonly outputTokens: number | null;
}

interface Sums {
  text: string;
  reasoning: string;
  toolArguments: string;
  hasTerminator: boolean;
  hasError: boolean;
  outputTokens: number | null;
}

/** Whatever JSON was on the wire: any step into it may find nothing. */
interface Json {
  readonly [key: string]: Json | undefined;
}

/** Null if the text is no JSON. What was parsed is only ever looked into through the three functions below. */
function parseJson(text: string): Json | null {
  try {
    return JSON.parse(text) as Json | null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** What no column of a record can hold is no count. */
const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : null;
const listOf = (value: unknown): readonly (Json | undefined)[] => (Array.isArray(value) ? value : []);

function addOpenai(sums: Sums, body: Json): void {
  const choice = listOf(body['choices'])[0];
  const part = choice?.['delta'] ?? choice?.['message'];
  sums.text += textOf(part?.['content']);
  sums.reasoning += textOf(part?.['reasoning_content'] ?? part?.['reasoning']);
  for (const call of listOf(part?.['tool_calls']))
    sums.toolArguments += textOf(call?.['function']?.['arguments']);
  sums.outputTokens = countOf(body['usage']?.['completion_tokens']) ?? sums.outputTokens;
}

function addAnthropic(sums: Sums, body: Json): void {
  for (const block of listOf(body['content'])) {
    sums.text += textOf(block?.['text']);
    sums.reasoning += textOf(block?.['thinking']);
    if (textOf(block?.['type']) === 'tool_use') sums.toolArguments += JSON.stringify(block?.['input']);
  }
  sums.text += textOf(body['delta']?.['text']);
  sums.reasoning += textOf(body['delta']?.['thinking']);
  sums.toolArguments += textOf(body['delta']?.['partial_json']);
  const usage = body['usage'] ?? body['message']?.['usage'];
  sums.outputTokens = countOf(usage?.['output_tokens']) ?? sums.outputTokens;
  if (textOf(body['type']) === 'message_stop') sums.hasTerminator = true;
}

function add(sums: Sums, body: Json | null): void {
  if (body === null || typeof body !== 'object') return;
  if (body['error'] !== undefined && body['error'] !== null) sums.hasError = true;
  if (Array.isArray(body['choices'])) addOpenai(sums, body);
  else addAnthropic(sums, body);
}

/** Reads an OpenAI or Anthropic answer, streamed or not, from what there is of it. */
export function readAnswer(response: RawResponse): ReadAnswer {
  const sums: Sums = {
    ...{ text: '', reasoning: '', toolArguments: '' },
    ...{ hasTerminator: false, hasError: false, outputTokens: null },
  };
  const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  if (isStream) {
    for (const { data } of parseEvents(response.body)) {
      if (data === '[DONE]') sums.hasTerminator = true;
      else add(sums, parseJson(data));
    }
  } else {
    const body = parseJson(response.body.toString());
    add(sums, body);
    sums.hasTerminator = body !== null;
  }
  const { hasTerminator, ...rest } = sums;
  const isSuccess = response.status >= 200 && response.status < 300 && !sums.hasError;
  return { ...rest, isComplete: response.isComplete && hasTerminator && isSuccess };
}
