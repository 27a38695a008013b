import {
  argumentPieces,
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { play, type Script, type Step } from './fake-upstream-exchange.ts';
import { end, json, respondStream, sse } from './fake-upstream-steps.ts';

/** What the vendor bills is less than what its model sees. */
const usageBody = (usage: FakeUsage) => ({
  billed_units: { input_tokens: 1, output_tokens: 1 },
  tokens: { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens },
  cached_tokens: usage.cachedInputTokens ?? 0,
});

const finishReason = (answer: Pick<FakeAnswer, 'finishReason' | 'toolCalls'>) =>
  answer.finishReason ?? (answer.toolCalls === undefined ? 'COMPLETE' : 'TOOL_CALL');

/** A whole answer; reasoning beside tool calls is a plan. */
export const cohereAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    const { reasoning, toolCalls } = answer;
    const content = [
      ...(reasoning === undefined || toolCalls !== undefined
        ? []
        : [{ type: 'thinking', thinking: reasoning }]),
      ...(text === '' ? [] : [{ type: 'text', text }]),
    ];
    const message = {
      role: 'assistant',
      ...(reasoning === undefined || toolCalls === undefined ? {} : { tool_plan: reasoning }),
      ...(content.length === 0 ? {} : { content }),
      ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(callBody) }),
    };
    const body = {
      id: 'co-fake',
      message,
      finish_reason: finishReason(answer),
      ...(usage === null ? {} : { usage: usageBody(usage) }),
    };
    return play(exchange, json(body, 200, answer.headers));
  };

const callBody = (call: { id: string; name: string; arguments: string }) => ({
  id: call.id,
  type: 'function',
  function: { name: call.name, arguments: call.arguments },
});

/** One event of a message stream: its name is its type. */
export const cohereEvent = (type: string, fields: Readonly<Record<string, unknown>> = {}): Step =>
  sse(JSON.stringify({ type, ...fields }), type);

const delta = (message: object) => ({ delta: { message } });

function contentBlock(index: number, type: 'text' | 'thinking', pieces: readonly Script[]): Script {
  return [
    cohereEvent('content-start', { index, ...delta({ content: { type, [type]: '' } }) }),
    ...pieces,
    cohereEvent('content-end', { index }),
  ];
}

const piece = (index: number, type: 'text' | 'thinking', text: string): Step =>
  cohereEvent('content-delta', { index, ...delta({ content: { [type]: text } }) });

function toolCall(index: number, call: { id: string; name: string; arguments: string }): Script {
  return [
    cohereEvent('tool-call-start', { index, ...delta({ tool_calls: callBody({ ...call, arguments: '' }) }) }),
    ...argumentPieces(call.arguments).map((text) =>
      cohereEvent('tool-call-delta', { index, ...delta({ tool_calls: { function: { arguments: text } } }) }),
    ),
    cohereEvent('tool-call-end', { index }),
  ];
}

/** A streamed message. */
export const cohereStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const { reasoning, toolCalls } = stream;
    const head = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] };
    await play(exchange, [
      respondStream(stream.headers),
      cohereEvent('message-start', { id: 'co-fake', ...delta(head) }),
    ]);
    let index = 0;
    if (reasoning !== undefined && toolCalls !== undefined)
      await play(exchange, cohereEvent('tool-plan-delta', delta({ tool_plan: reasoning })));
    else if (reasoning !== undefined)
      await play(exchange, contentBlock(index++, 'thinking', [piece(0, 'thinking', reasoning)]));
    const texts = deltas.map((text, at): Script => [stream.before?.(at) ?? [], piece(index, 'text', text)]);
    const isCut = stream.until === 'content' && toolCalls === undefined;
    const block = texts.length === 0 ? [] : contentBlock(index, 'text', texts);
    await play(exchange, isCut ? (block as readonly Script[]).slice(0, -1) : block);
    for (const [at, call] of (toolCalls ?? []).entries()) await play(exchange, toolCall(at, call));
    if (stream.until === 'content') return;
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    const counts = usage === null ? {} : { usage: usageBody(usage) };
    if (stream.until !== 'terminator')
      await play(
        exchange,
        cohereEvent('message-end', { delta: { finish_reason: finishReason(stream), ...counts } }),
      );
    await play(exchange, end());
  };

/** Cohere's error envelope. */
export const cohereError = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Step => json({ id: 'co-fake', message }, status, headers);
