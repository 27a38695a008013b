import {
  argumentPieces,
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { play, type Step } from './fake-upstream-exchange.ts';
import { end, json, respondStream, sse } from './fake-upstream-steps.ts';

const COMMON = { id: 'chatcmpl-fake', created: 1_700_000_000, system_fingerprint: null };
const MODEL = 'gpt-fake';

const usageBody = (usage: FakeUsage) => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
});

const toolCallBody = (call: { id: string; name: string; arguments: string }) => ({
  id: call.id,
  type: 'function',
  function: { name: call.name, arguments: call.arguments },
});

/** A whole chat completion. */
export const openaiAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    const toolCalls = answer.toolCalls?.map(toolCallBody);
    const message = {
      role: 'assistant',
      content: text,
      refusal: null,
      ...(answer.reasoning === undefined ? {} : { reasoning_content: answer.reasoning }),
      ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
    };
    const finish = answer.finishReason ?? (toolCalls === undefined ? 'stop' : 'tool_calls');
    const body = {
      ...COMMON,
      object: 'chat.completion',
      model: answer.model ?? MODEL,
      choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
      ...(usage === null ? {} : { usage: usageBody(usage) }),
    };
    return play(exchange, json(body, 200, answer.headers));
  };

/** The data text of one `chat.completion.chunk`. */
export function openaiChunk(
  delta: Readonly<Record<string, unknown>>,
  { finishReason = null, model = MODEL }: { finishReason?: string | null; model?: string } = {},
): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  return JSON.stringify({ ...COMMON, object: 'chat.completion.chunk', model, choices });
}

function toolCallChunks(stream: FakeStream): string[] {
  const chunks = (stream.toolCalls ?? []).map((call, index) => {
    const first = { index, ...toolCallBody({ ...call, arguments: '' }) };
    const rest = argumentPieces(call.arguments).map((piece) => ({ index, function: { arguments: piece } }));
    return [first, ...rest].map((part) => openaiChunk({ tool_calls: [part] }, stream));
  });
  return chunks.flat();
}

/** What follows the content: the finish reason and, if there is one, usage in a chunk without choices. */
function closingChunks(stream: FakeStream, usage: FakeUsage | null): string[] {
  const finishReason = stream.finishReason ?? (stream.toolCalls === undefined ? 'stop' : 'tool_calls');
  const model = stream.model ?? MODEL;
  const finish = openaiChunk({}, { finishReason, model });
  if (usage === null) return [finish];
  const last = { ...COMMON, object: 'chat.completion.chunk', model, choices: [], usage: usageBody(usage) };
  return [finish, JSON.stringify(last)];
}

/** A streamed chat completion; it always tells usage unless `usage` is null, asked or not. */
export const openaiStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const model = stream.model ?? MODEL;
    await play(exchange, respondStream(stream.headers));
    await play(exchange, sse(openaiChunk({ role: 'assistant', content: '', refusal: null }, { model })));
    if (stream.reasoning !== undefined) {
      await play(exchange, sse(openaiChunk({ reasoning_content: stream.reasoning }, { model })));
    }
    for (const [index, content] of deltas.entries()) {
      await play(exchange, stream.before?.(index) ?? []);
      await play(exchange, sse(openaiChunk({ content }, { model })));
    }
    for (const chunk of toolCallChunks({ ...stream, model })) await play(exchange, sse(chunk));
    if (stream.until === 'content') return;
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    for (const chunk of closingChunks(stream, usage)) await play(exchange, sse(chunk));
    if (stream.until !== 'terminator') await play(exchange, sse('[DONE]'));
    await play(exchange, end());
  };

/** OpenAI's error envelope. */
export const openaiError = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Step => json({ error: { message, type: 'server_error', param: null, code: null } }, status, headers);
