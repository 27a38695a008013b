import {
  countedUsage,
  echoDeltas,
  type FakeAnswer,
  type FakeStream,
  type FakeUsage,
} from './fake-upstream-answer.ts';
import { play, type Step } from './fake-upstream-exchange.ts';
import { end, json, respondStream, send } from './fake-upstream-steps.ts';

const HEAD = { modelVersion: 'gemini-fake', responseId: 'fake-response' };

/** Thoughts are counted beside the candidate's tokens. */
const usageBody = ({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: FakeUsage) => ({
  promptTokenCount: inputTokens,
  candidatesTokenCount: outputTokens - (reasoningTokens ?? 0),
  totalTokenCount: inputTokens + outputTokens,
  ...(cachedInputTokens === undefined ? {} : { cachedContentTokenCount: cachedInputTokens }),
  ...(reasoningTokens === undefined ? {} : { thoughtsTokenCount: reasoningTokens }),
});

type Called = NonNullable<FakeAnswer['toolCalls']>[number];

/** As newer models do: only the first of calls made together is signed. */
const callPart = ({ id, name, arguments: text }: Called, at: number) => ({
  functionCall: { ...(id === '' ? {} : { id }), name, args: JSON.parse(text) as unknown },
  ...(at === 0 ? { thoughtSignature: 'c2lnbmF0dXJl' } : {}),
});

const candidate = (parts: readonly object[], more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  ...HEAD,
});

/** A whole answer. */
export const geminiAnswer =
  (answer: FakeAnswer = {}): Step =>
  (exchange) => {
    const text = answer.text ?? echoDeltas(exchange.request).join('');
    const usage = answer.usage === undefined ? countedUsage(text.split(' ')) : answer.usage;
    const parts = [
      ...(answer.reasoning === undefined ? [] : [{ text: answer.reasoning, thought: true }]),
      ...(text === '' ? [] : [{ text }]),
      ...(answer.toolCalls ?? []).map(callPart),
    ];
    const body = {
      ...candidate(parts, { finishReason: answer.finishReason ?? 'STOP' }),
      ...(answer.model === undefined ? {} : { modelVersion: answer.model }),
      ...(usage === null ? {} : { usageMetadata: usageBody(usage) }),
    };
    return play(exchange, json(body, 200, answer.headers));
  };

/** One event, with Google's line ends. */
export const geminiEvent = (body: unknown): Step => send(`data: ${JSON.stringify(body)}\r\n\r\n`);

/** A streamed answer: usage in every event, the finish in the last one, and nothing behind it. */
export const geminiStream =
  (stream: FakeStream = {}): Step =>
  async (exchange) => {
    const deltas = stream.deltas ?? echoDeltas(exchange.request);
    const usage = stream.usage === undefined ? countedUsage(deltas) : stream.usage;
    const counts = usage === null ? {} : { usageMetadata: usageBody(usage) };
    const say = (parts: readonly object[], more: object = {}) =>
      play(exchange, geminiEvent({ ...candidate(parts, more), ...counts }));
    await play(exchange, respondStream(stream.headers));
    if (stream.reasoning !== undefined) await say([{ text: stream.reasoning, thought: true }]);
    for (const [at, text] of deltas.entries()) {
      await play(exchange, stream.before?.(at) ?? []);
      await say([{ text }]);
    }
    if (stream.toolCalls !== undefined) await say(stream.toolCalls.map(callPart));
    if (stream.until === 'content') return;
    if (stream.until !== 'terminator')
      await say([{ text: '' }], { finishReason: stream.finishReason ?? 'STOP' });
    await play(exchange, end());
  };

/** Google's error envelope. */
export const geminiError = (
  code: number,
  status: string,
  message: string,
  details: readonly object[] = [],
): Step => json({ error: { code, message, status, details } }, code);
