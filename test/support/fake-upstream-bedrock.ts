import { bedrockEvent, bedrockException } from './event-stream.ts';
import {
  argumentPieces,
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { play, type Script, type Step } from './fake-upstream-exchange.ts';
import { end, json, respond, send } from './fake-upstream-steps.ts';

const SIGNATURE = 'c2lnbmF0dXJl';

/** Bedrock counts cached input apart from `inputTokens`. */
const usageOf = ({ inputTokens, outputTokens, cachedInputTokens }: FakeUsage) => ({
  inputTokens: inputTokens - (cachedInputTokens ?? 0),
  outputTokens,
  totalTokens: inputTokens + outputTokens,
  ...(cachedInputTokens === undefined
    ? {}
    : { cacheReadInputTokens: cachedInputTokens, cacheWriteInputTokens: 0 }),
});

const stopReason = ({ finishReason, toolCalls }: Pick<FakeAnswer, 'finishReason' | 'toolCalls'>) =>
  finishReason ?? (toolCalls === undefined ? 'end_turn' : 'tool_use');

/** A whole ConverseResponse. */
export const bedrockAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    const reasoningText = { text: answer.reasoning, signature: SIGNATURE };
    const content = [
      ...(answer.reasoning === undefined ? [] : [{ reasoningContent: { reasoningText } }]),
      ...(text === '' ? [] : [{ text }]),
      ...(answer.toolCalls ?? []).map(({ id, name, arguments: input }) => ({
        toolUse: { toolUseId: id, name, input: JSON.parse(input) as unknown },
      })),
    ];
    const body = {
      output: { message: { role: 'assistant', content } },
      stopReason: stopReason(answer),
      ...(usage === null ? {} : { usage: usageOf(usage) }),
      metrics: { latencyMs: 100 },
    };
    return play(exchange, json(body, 200, answer.headers));
  };

/** Head of an event stream in chunked coding. */
export const respondEventStream = (headers: Readonly<Record<string, string>> = {}): Step =>
  respond(200, {
    'content-type': 'application/vnd.amazon.eventstream',
    'transfer-encoding': 'chunked',
    ...headers,
  });

export const sendEvent = (type: string, payload: unknown): Step => send(bedrockEvent(type, payload));
export const sendException = (type: string, message: string): Step =>
  send(bedrockException(type, { message }));

const sendDelta = (contentBlockIndex: number, delta: object): Step =>
  // Bedrock pads its events so that their lengths say nothing of the tokens.
  sendEvent('contentBlockDelta', { contentBlockIndex, delta, p: 'abcdefghijk' });
const sendStop = (contentBlockIndex: number): Step => sendEvent('contentBlockStop', { contentBlockIndex });

/** A Converse stream. `until: 'terminator'` leaves out both events that end it. */
export const bedrockStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    const script: Script[] = [
      respondEventStream(stream.headers),
      sendEvent('messageStart', { role: 'assistant' }),
    ];
    let at = 0;
    if (stream.reasoning !== undefined) {
      script.push(sendDelta(at, { reasoningContent: { text: stream.reasoning } }));
      script.push(sendDelta(at, { reasoningContent: { signature: SIGNATURE } }), sendStop(at));
      at += 1;
    }
    for (const [count, text] of deltas.entries()) {
      script.push(stream.before?.(count) ?? [], sendDelta(at, { text }));
    }
    if (deltas.length > 0 && !(stream.until === 'content' && stream.toolCalls === undefined)) {
      script.push(sendStop(at));
      at += 1;
    }
    for (const { id, name, arguments: input } of stream.toolCalls ?? []) {
      script.push(
        sendEvent('contentBlockStart', {
          contentBlockIndex: at,
          start: { toolUse: { toolUseId: id, name } },
        }),
      );
      script.push(
        argumentPieces(input).map((piece) => sendDelta(at, { toolUse: { input: piece } })),
        sendStop(at),
      );
      at += 1;
    }
    await play(exchange, script);
    if (stream.until === 'content') return;
    if (stream.until !== 'terminator') await play(exchange, bedrockEnd(stopReason(stream), usage));
    await play(exchange, end());
  };

/** What ends a stream; without usage there is no metadata. */
export const bedrockEnd = (reason: string, usage: FakeUsage | null): Script => [
  sendEvent('messageStop', { stopReason: reason }),
  usage === null ? [] : sendEvent('metadata', { usage: usageOf(usage), metrics: { latencyMs: 100 } }),
];

/** An error as AWS' services give it. */
export const bedrockError = (
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Step =>
  json({ message }, status, {
    'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
    'x-amzn-requestid': 'aws-request-1',
    ...headers,
  });
