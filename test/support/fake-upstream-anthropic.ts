import {
  argumentPieces,
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { type Exchange, play, type Script, type Step } from './fake-upstream-exchange.ts';
import { end, json, respondStream, sse } from './fake-upstream-steps.ts';

const MODEL = 'claude-fake';
const SIGNATURE = 'c2lnbmF0dXJl';

/** Anthropic counts cached input apart from `input_tokens`. */
const inputUsage = (usage: FakeUsage) => ({
  input_tokens: usage.inputTokens - (usage.cachedInputTokens ?? 0),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage.cachedInputTokens ?? 0,
});

const messageBody = (model: string) => ({
  id: 'msg_fake',
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
});

const stopReason = (answer: Pick<FakeAnswer, 'finishReason' | 'toolCalls'>) =>
  answer.finishReason ?? (answer.toolCalls === undefined ? 'end_turn' : 'tool_use');

/** A whole message. Without `usage` the field is missing, which no Anthropic model does: a fault. */
export const anthropicAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    const toolUses = answer.toolCalls?.map((call) => ({
      type: 'tool_use',
      id: call.id,
      name: call.name,
      input: JSON.parse(call.arguments) as unknown,
    }));
    const thinking =
      answer.reasoning === undefined
        ? []
        : [{ type: 'thinking', thinking: answer.reasoning, signature: SIGNATURE }];
    const body = {
      ...messageBody(answer.model ?? MODEL),
      content: [...thinking, ...(text === '' ? [] : [{ type: 'text', text }]), ...(toolUses ?? [])],
      stop_reason: stopReason(answer),
      ...(usage === null ? {} : { usage: { ...inputUsage(usage), output_tokens: usage.outputTokens } }),
    };
    return play(exchange, json(body, 200, answer.headers));
  };

/** One event of a message stream: its name is its type. */
export function anthropicEvent(type: string, fields: Readonly<Record<string, unknown>> = {}): Step {
  return sse(JSON.stringify({ type, ...fields }), type);
}

function block(index: number, start: object, deltas: readonly object[]): Script {
  return [
    anthropicEvent('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => anthropicEvent('content_block_delta', { index, delta })),
    anthropicEvent('content_block_stop', { index }),
  ];
}

function thinkingBlock(index: number, thinking: string): Script {
  return block(index, { type: 'thinking', thinking: '', signature: '' }, [
    { type: 'thinking_delta', thinking },
    { type: 'signature_delta', signature: SIGNATURE },
  ]);
}

async function playText(exchange: Exchange, stream: FakeStream, index: number): Promise<void> {
  const deltas = stream.deltas ?? echoDeltas(exchange.request);
  if (deltas.length === 0) return;
  await play(
    exchange,
    anthropicEvent('content_block_start', { index, content_block: { type: 'text', text: '' } }),
  );
  for (const [count, text] of deltas.entries()) {
    await play(exchange, stream.before?.(count) ?? []);
    await play(
      exchange,
      anthropicEvent('content_block_delta', { index, delta: { type: 'text_delta', text } }),
    );
  }
  if (stream.until === 'content' && stream.toolCalls === undefined) return;
  await play(exchange, anthropicEvent('content_block_stop', { index }));
}

/** A streamed message. With `usage: null` the counts are missing from both events that have them: a fault. */
export const anthropicStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    const begun = usage === null ? {} : { ...inputUsage(usage), output_tokens: 1 };
    const message = { ...messageBody(stream.model ?? MODEL), content: [], stop_reason: null, usage: begun };
    await play(exchange, [respondStream(stream.headers), anthropicEvent('message_start', { message })]);
    await play(exchange, anthropicEvent('ping'));
    let index = 0;
    if (stream.reasoning !== undefined) await play(exchange, thinkingBlock(index++, stream.reasoning));
    await playText(exchange, stream, index);
    if (deltas.length > 0) index += 1;
    for (const call of stream.toolCalls ?? []) {
      const pieces = argumentPieces(call.arguments);
      const start = { type: 'tool_use', id: call.id, name: call.name, input: {} };
      const inputs = pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
      await play(exchange, block(index++, start, inputs));
    }
    if (stream.until === 'content') return;
    const counts = usage === null ? {} : { usage: { output_tokens: usage.outputTokens } };
    const delta = { stop_reason: stopReason(stream), stop_sequence: null };
    await play(exchange, anthropicEvent('message_delta', { delta, ...counts }));
    if (stream.until !== 'terminator') await play(exchange, anthropicEvent('message_stop'));
    await play(exchange, end());
  };

/** Anthropic's error envelope. */
export const anthropicError = (status: number, type: string, message: string): Step =>
  json({ type: 'error', error: { type, message }, request_id: 'req_fake' }, status);
