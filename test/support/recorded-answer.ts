/** What a recording says, folded from its JSON by hand: the measure for what comes out of the gateway. */
import type { FinishReason } from '../../src/protocols/blocks.ts';
import type { Wire } from './call.ts';
import { listFixtures, loadJson, loadText } from './fixtures.ts';

export interface Said {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finishReason: FinishReason;
  /** Cached ones included; null where the recording has no usage. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

export interface Recording extends Said {
  /** `completion_tokens` as it stands there: xAI counts reasoning outside of it. */
  readonly rawOutputTokens: number | null;
}

// biome-ignore lint/suspicious/noExplicitAny: recorded JSON of a dozen vendors; a wrong step fails the test
type Json = any;

const CHAT_FOLDERS = [
  ...['openai/chat', 'groq', 'deepseek/chat', 'mistral', 'xai', 'openai-compatible/chat'],
  ...['alibaba', 'moonshotai', 'perplexity'],
];
/** Not answers of a chat, or a fault made by hand that has its own tests. */
const OTHERS = /error\.json$|transcription|spliced/;

type Entry = readonly [file: string, wire: Wire];
const entries = (folders: readonly string[], ending: string, wire: Wire): readonly Entry[] =>
  listFixtures(folders, ending)
    .filter((file) => !OTHERS.test(file))
    .map((file) => [file, wire]);

export const STREAMS: readonly Entry[] = [
  ...entries(CHAT_FOLDERS, '.chunks.txt', 'openai-chat'),
  ...entries(CHAT_FOLDERS, '.sse', 'openai-chat'),
  ...entries(['anthropic'], '.chunks.txt', 'anthropic-messages'),
];
export const ANSWERS: readonly Entry[] = [
  ...entries(CHAT_FOLDERS, '.json', 'openai-chat'),
  ...entries(['anthropic'], '.json', 'anthropic-messages'),
];

/** The JSON texts of a recorded stream's events, without the terminator of OpenAI's protocol. */
export function eventsIn(file: string): readonly string[] {
  const lines = loadText(file)
    .split(/\r?\n/)
    .map((line) => line.replace(/^data: /, '').trim());
  return lines.filter((line) => line !== '' && line !== '[DONE]');
}

export const readRecordedStream = (file: string, wire: Wire): Recording =>
  wire === 'openai-chat' ? foldOpenai(eventsIn(file)) : foldAnthropic(eventsIn(file));

export function readRecordedAnswer(file: string, wire: Wire): Recording {
  const body: Json = loadJson(file);
  if (wire === 'anthropic-messages') return anthropicSaid(body.content, body.stop_reason, body.usage);
  const { message, finish_reason: finish } = body.choices[0];
  const calls = (message.tool_calls ?? []).map((call: Json) => call.function);
  return openaiSaid(textOf(message.content), calls, finish, body.usage);
}

/** Mistral's content is a list of parts where the model reasons. */
export const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content.map((part: Json) => (part.type === 'text' ? part.text : '')).join('')
      : '';

/** Puts the deltas of tool calls together: by index where there is one, else each delta is a call. */
export class CallDeltas {
  readonly #calls = new Map<unknown, { name: string; arguments: string }>();

  add(deltas: Json): void {
    for (const delta of deltas ?? []) {
      const key = delta.index ?? delta.id;
      const call = this.#calls.get(key) ?? { name: '', arguments: '' };
      call.name ||= delta.function?.name ?? '';
      call.arguments += delta.function?.arguments ?? '';
      this.#calls.set(key, call);
    }
  }

  get calls(): readonly { name: string; arguments: string }[] {
    return [...this.#calls.values()];
  }
}

export const parsedCall = ({ name, arguments: text }: { name: string; arguments: string }) => ({
  name,
  arguments: JSON.parse(text === '' ? '{}' : text) as unknown,
});

export const OPENAI_FINISH: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
};
export const ANTHROPIC_STOP: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

function foldOpenai(events: readonly string[]): Recording {
  const calls = new CallDeltas();
  let text = '';
  let finish = '';
  let usage: Json = null;
  for (const event of events) {
    const chunk: Json = JSON.parse(event);
    const choice = chunk.choices[0];
    text += textOf(choice?.delta.content);
    calls.add(choice?.delta.tool_calls);
    finish = choice?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return openaiSaid(text, calls.calls, finish, usage);
}

function openaiSaid(
  text: string,
  calls: readonly { name: string; arguments: string }[],
  finish: string,
  usage: Json,
): Recording {
  const raw: number | null = usage?.completion_tokens ?? null;
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
  const isOutside = usage?.total_tokens === usage?.prompt_tokens + raw + reasoning;
  return {
    text,
    calls: calls.map(parsedCall),
    finishReason: OPENAI_FINISH[finish] ?? 'other',
    inputTokens: usage?.prompt_tokens ?? null,
    outputTokens: raw === null || !isOutside ? raw : raw + reasoning,
    rawOutputTokens: raw,
  };
}

function foldAnthropic(events: readonly string[]): Recording {
  const blocks: Json[] = [];
  let stop = '';
  let usage: Json = {};
  for (const event of events.map((line): Json => JSON.parse(line))) {
    if (event.type === 'message_start') usage = { ...usage, ...event.message.usage };
    if (event.type === 'content_block_start') blocks[event.index] = { ...event.content_block, json: '' };
    if (event.type === 'content_block_delta') {
      if (event.delta.type === 'text_delta') blocks[event.index].text += event.delta.text;
      if (event.delta.type === 'input_json_delta') blocks[event.index].json += event.delta.partial_json;
    }
    if (event.type === 'message_delta') {
      stop = event.delta.stop_reason;
      usage = { ...usage, ...event.usage };
    }
  }
  for (const block of blocks) if (block?.json) block.input = JSON.parse(block.json);
  return anthropicSaid(blocks, stop, usage);
}

/** Compaction is billed and stands only in `iterations`. */
function anthropicSaid(content: Json, stop: string, usage: Json): Recording {
  const blocks: Json[] = content.filter(Boolean);
  const rounds: Json[] = usage.iterations ?? [];
  const isCompacted = rounds.some((round) => round.type === 'compaction');
  const parts = isCompacted ? rounds.filter(({ type }) => /^(message|compaction)$/.test(type)) : [usage];
  const sum = (...names: string[]) =>
    parts.flatMap((part) => names.map((name) => part[name] ?? 0)).reduce((a: number, b: number) => a + b, 0);
  const output = sum('output_tokens');
  return {
    text: blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: blocks.flatMap(({ type, name, input }) => (type === 'tool_use' ? [{ name, arguments: input }] : [])),
    finishReason: ANTHROPIC_STOP[stop] ?? 'other',
    inputTokens: sum('input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'),
    outputTokens: output,
    rawOutputTokens: output,
  };
}
