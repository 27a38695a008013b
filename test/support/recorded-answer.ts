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
  /** The counts as they stand there: xAI's leave out reasoning, Anthropic's what compaction cost. */
  readonly raw: Pick<Said, 'inputTokens' | 'outputTokens'>;
}

/** The wire as far as it is looked at. What a vendor leaves out makes the fold, and so the test, fail. */
export interface CallDelta {
  readonly index?: number;
  readonly id?: string;
  readonly function?: { readonly name?: string | null; readonly arguments?: string };
}
interface OpenaiMessage {
  readonly content?: unknown;
  readonly tool_calls?: readonly CallDelta[] | null;
}
interface OpenaiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}
interface OpenaiBody {
  readonly choices: readonly {
    readonly delta?: OpenaiMessage;
    readonly message?: OpenaiMessage;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: OpenaiUsage | null;
}
interface AnthropicBlock {
  readonly type: string;
  /** Who made the call: the model (`direct`), or code of it that runs at the provider. */
  readonly caller?: { readonly type: string };
  readonly name?: string;
  text?: string;
  input?: unknown;
  json?: string;
}
interface AnthropicRound extends Partial<Record<string, number>> {
  readonly input_tokens: number;
}
type AnthropicUsage = AnthropicRound & {
  readonly iterations?: readonly (AnthropicRound & { readonly type: string })[];
};
interface AnthropicBody {
  readonly content: readonly AnthropicBlock[];
  readonly stop_reason: string;
  readonly usage: AnthropicUsage;
}
interface AnthropicEvent {
  readonly type: string;
  readonly index: number;
  readonly message: AnthropicBody;
  readonly content_block: AnthropicBlock;
  readonly delta: {
    readonly type?: string;
    readonly text?: string;
    readonly partial_json?: string;
    readonly stop_reason?: string;
  };
  readonly usage: AnthropicUsage;
}

const CHAT_FOLDERS = [
  ...['openai/chat', 'groq', 'deepseek/chat', 'mistral', 'xai', 'openai-compatible/chat'],
  ...['alibaba', 'moonshotai', 'perplexity'],
];
/** Not answers of a chat, or faults made by hand, which have their own tests. */
const OTHERS = /error\.json$|transcription|spliced|duplicate/;

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

/**
 * The JSON texts of a recorded stream's events, without the terminator of OpenAI's protocol. Some recordings of
 * Anthropic go on with a second answer behind the first.
 */
export function eventsIn(file: string): readonly string[] {
  const lines = loadText(file)
    .split(/\r?\n/)
    .map((line) => line.replace(/^data: /, '').trim())
    .filter((line) => line !== '' && line !== '[DONE]');
  const stop = lines.findIndex((line) => line.includes('"type":"message_stop"'));
  return stop === -1 ? lines : lines.slice(0, stop + 1);
}

export const readRecordedStream = (file: string, wire: Wire): Recording =>
  wire === 'openai-chat' ? foldOpenai(eventsIn(file)) : foldAnthropic(eventsIn(file));

export function readRecordedAnswer(file: string, wire: Wire): Recording {
  if (wire === 'anthropic-messages') return anthropicSaid(loadJson(file) as AnthropicBody);
  const body = loadJson(file) as OpenaiBody;
  const [choice] = body.choices;
  const calls = new CallDeltas();
  calls.add(choice?.message?.tool_calls);
  return openaiSaid(textOf(choice?.message?.content), calls, choice?.finish_reason, body.usage);
}

/** Mistral's content is a list of parts where the model reasons. */
export function textOf(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return content
    .map((part: { type: string; text?: string }) => (part.type === 'text' ? part.text : ''))
    .join('');
}

/** Puts the deltas of tool calls together: by index where there is one, else each id is a call. */
export class CallDeltas {
  readonly #calls = new Map<unknown, { name: string; arguments: string }>();

  add(deltas: readonly CallDelta[] | null | undefined): void {
    for (const delta of deltas ?? []) {
      const key = delta.index ?? delta.id;
      const call = this.#calls.get(key) ?? { name: '', arguments: '' };
      call.name ||= delta.function?.name ?? '';
      call.arguments += delta.function?.arguments ?? '';
      this.#calls.set(key, call);
    }
  }

  get parsed(): Said['calls'] {
    return [...this.#calls.values()].map(parsedCall);
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
  let finish: string | null | undefined;
  let usage: OpenaiUsage | null | undefined;
  for (const event of events) {
    const chunk = JSON.parse(event) as OpenaiBody;
    const [choice] = chunk.choices;
    text += textOf(choice?.delta?.content);
    calls.add(choice?.delta?.tool_calls);
    finish = choice?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return openaiSaid(text, calls, finish, usage);
}

function openaiSaid(
  text: string,
  calls: CallDeltas,
  finish: string | null | undefined,
  usage: OpenaiUsage | null | undefined,
): Recording {
  const raw = usage?.completion_tokens ?? null;
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
  const isOutside =
    usage?.total_tokens === (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0) + reasoning;
  return {
    text,
    calls: calls.parsed,
    finishReason: OPENAI_FINISH[finish ?? ''] ?? 'other',
    inputTokens: usage?.prompt_tokens ?? null,
    outputTokens: raw !== null && isOutside ? raw + reasoning : raw,
    raw: { inputTokens: usage?.prompt_tokens ?? null, outputTokens: raw },
  };
}

function foldAnthropic(events: readonly string[]): Recording {
  const content: AnthropicBlock[] = [];
  let stop = '';
  let usage: AnthropicUsage = { input_tokens: 0 };
  for (const event of events.map((line) => JSON.parse(line) as AnthropicEvent)) {
    const block = content[event.index];
    const { type, delta } = event;
    if (type === 'message_start') usage = { ...usage, ...event.message.usage };
    if (type === 'content_block_start') content[event.index] = { ...event.content_block };
    if (type === 'content_block_delta' && delta.type === 'text_delta' && block)
      block.text += delta.text ?? '';
    if (type === 'content_block_delta' && delta.type === 'input_json_delta' && block)
      block.json = (block.json ?? '') + (delta.partial_json ?? '');
    if (type === 'content_block_stop' && block?.json) block.input = JSON.parse(block.json);
    if (type === 'message_delta') {
      stop = delta.stop_reason ?? '';
      usage = { ...usage, ...event.usage };
    }
  }
  return anthropicSaid({ content: content.filter(Boolean), stop_reason: stop, usage });
}

function anthropicSaid({ content, stop_reason: stop, usage }: AnthropicBody): Recording {
  const { iterations = [] } = usage;
  // What compaction cost stands nowhere else.
  const isCompacted = iterations.some((round) => round.type === 'compaction');
  const rounds: readonly AnthropicRound[] = isCompacted
    ? iterations.filter(({ type }) => type === 'message' || type === 'compaction')
    : [usage];
  const input = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap(({ type, caller, name = '', input }) =>
      type === 'tool_use' && (caller?.type ?? 'direct') === 'direct' ? [{ name, arguments: input }] : [],
    ),
    finishReason: ANTHROPIC_STOP[stop] ?? 'other',
    inputTokens: sumOf(rounds, input),
    outputTokens: sumOf(rounds, ['output_tokens']),
    raw: { inputTokens: sumOf([usage], input), outputTokens: sumOf([usage], ['output_tokens']) },
  };
}

const sumOf = (rounds: readonly AnthropicRound[], names: readonly string[]): number =>
  rounds.flatMap((round) => names.map((name) => round[name] ?? 0)).reduce((a, b) => a + b, 0);
