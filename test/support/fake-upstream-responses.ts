import {
  argumentPieces,
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeToolCall,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { type Exchange, play, type Script, type Step } from './fake-upstream-exchange.ts';
import { end, json, respondStream, sse } from './fake-upstream-steps.ts';

const MODEL = 'gpt-fake';
export const ENCRYPTED = 'gAAAAAB-encrypted-reasoning';

const usageBody = (usage: FakeUsage | null) =>
  usage === null
    ? null
    : {
        input_tokens: usage.inputTokens,
        input_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0 },
        output_tokens: usage.outputTokens,
        output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
        total_tokens: usage.inputTokens + usage.outputTokens,
      };

/** Members of a response that OpenAI always has. `finishReason` is why it is incomplete. */
const responseBody = (
  answer: Pick<FakeAnswer, 'model' | 'finishReason'>,
  output: readonly object[],
  usage: FakeUsage | null,
  status = answer.finishReason === undefined ? 'completed' : 'incomplete',
) => ({
  id: 'resp_fake',
  object: 'response',
  created_at: 1_700_000_000,
  status,
  error: null,
  incomplete_details: status === 'incomplete' ? { reason: answer.finishReason } : null,
  instructions: null,
  metadata: {},
  model: answer.model ?? MODEL,
  output,
  parallel_tool_calls: true,
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  usage: usageBody(usage),
});

const summaryOf = (text: string) => ({ type: 'summary_text', text });
const reasoningItem = (text: string | null) => ({
  id: 'rs_fake',
  type: 'reasoning',
  summary: text === null ? [] : [summaryOf(text)],
  ...(text === null ? {} : { encrypted_content: ENCRYPTED }),
});
const textOf = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const messageItem = (text: string | null) => ({
  id: 'msg_fake',
  type: 'message',
  status: text === null ? 'in_progress' : 'completed',
  role: 'assistant',
  content: text === null ? [] : [textOf(text)],
});
const callItem = (call: FakeToolCall) => ({
  id: `fc_${call.id}`,
  type: 'function_call',
  status: 'completed',
  call_id: call.id,
  name: call.name,
  arguments: call.arguments,
});

function itemsOf(answer: FakeAnswer, text: string): object[] {
  const reasoning = answer.reasoning === undefined ? [] : [reasoningItem(answer.reasoning)];
  const said = text === '' ? [] : [messageItem(text)];
  return [...reasoning, ...said, ...(answer.toolCalls ?? []).map(callItem)];
}

/** A whole response. */
export const responsesAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    return play(exchange, json(responseBody(answer, itemsOf(answer, text), usage), 200, answer.headers));
  };

/** Events of one stream, numbered without gaps. */
class Events {
  #number = 0;

  next(type: string, fields: object): Step {
    const data = { type, sequence_number: this.#number, ...fields };
    this.#number += 1;
    return sse(JSON.stringify(data), type);
  }
}

function reasoningEvents(events: Events, at: number, text: string): Script {
  const place = { item_id: 'rs_fake', output_index: at, summary_index: 0 };
  return [
    events.next('response.output_item.added', { output_index: at, item: reasoningItem(null) }),
    events.next('response.reasoning_summary_part.added', { ...place, part: summaryOf('') }),
    events.next('response.reasoning_summary_text.delta', { ...place, delta: text }),
    events.next('response.reasoning_summary_text.done', { ...place, text }),
    events.next('response.reasoning_summary_part.done', { ...place, part: summaryOf(text) }),
    events.next('response.output_item.done', { output_index: at, item: reasoningItem(text) }),
  ];
}

function callEvents(events: Events, at: number, call: FakeToolCall): Script {
  const place = { item_id: `fc_${call.id}`, output_index: at };
  const begun = { ...callItem(call), arguments: '', status: 'in_progress' };
  return [
    events.next('response.output_item.added', { output_index: at, item: begun }),
    ...argumentPieces(call.arguments).map((delta) =>
      events.next('response.function_call_arguments.delta', { ...place, delta }),
    ),
    events.next('response.function_call_arguments.done', { ...place, arguments: call.arguments }),
    events.next('response.output_item.done', { output_index: at, item: callItem(call) }),
  ];
}

async function playText(exchange: Exchange, stream: FakeStream, events: Events, at: number): Promise<void> {
  const deltas = stream.deltas ?? echoDeltas(exchange.request);
  if (deltas.length === 0) return;
  const place = { item_id: 'msg_fake', output_index: at, content_index: 0 };
  await play(exchange, [
    events.next('response.output_item.added', { output_index: at, item: messageItem(null) }),
    events.next('response.content_part.added', { ...place, part: textOf('') }),
  ]);
  for (const [index, delta] of deltas.entries()) {
    await play(exchange, stream.before?.(index) ?? []);
    await play(exchange, events.next('response.output_text.delta', { ...place, delta, logprobs: [] }));
  }
  if (stream.until === 'content' && stream.toolCalls === undefined) return;
  const text = deltas.join('');
  await play(exchange, [
    events.next('response.output_text.done', { ...place, text, logprobs: [] }),
    events.next('response.content_part.done', { ...place, part: textOf(text) }),
    events.next('response.output_item.done', { output_index: at, item: messageItem(text) }),
  ]);
}

/** A streamed response. */
export const responsesStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const events = new Events();
    const begun = { response: responseBody(stream, [], null, 'in_progress') };
    await play(exchange, [
      respondStream(stream.headers),
      events.next('response.created', begun),
      events.next('response.in_progress', begun),
    ]);
    let at = 0;
    if (stream.reasoning !== undefined) await play(exchange, reasoningEvents(events, at++, stream.reasoning));
    await playText(exchange, stream, events, at);
    if (deltas.length > 0) at += 1;
    for (const call of stream.toolCalls ?? []) await play(exchange, callEvents(events, at++, call));
    if (stream.until === 'content') return;
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    const response = responseBody(stream, itemsOf(stream, deltas.join('')), usage);
    if (stream.until !== 'terminator')
      await play(exchange, events.next(`response.${response.status}`, { response }));
    await play(exchange, end());
  };

/** How OpenAI breaks off a stream: an error event, then a failed response. */
export function responsesFailure(code: string, message: string): Script {
  const response = { ...responseBody({}, [], null, 'failed'), error: { code, message } };
  return [
    sse(
      JSON.stringify({
        type: 'error',
        sequence_number: 2,
        error: { type: code, code, message, param: null },
      }),
      'error',
    ),
    sse(JSON.stringify({ type: 'response.failed', sequence_number: 3, response }), 'response.failed'),
    end(),
  ];
}
