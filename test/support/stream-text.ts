import type { Wire } from './call.ts';
import { openaiChunk } from './fake-upstream-openai.ts';
import { sseFrame } from './fake-upstream-steps.ts';

const anthropic = (type: string, fields: object): string =>
  sseFrame(JSON.stringify({ type, ...fields }), type);

/** The events of a stream before its content, with its content, and behind it: the last is the terminator. */
export interface StreamParts {
  readonly before: readonly string[];
  readonly content: readonly string[];
  readonly after: readonly string[];
}

/** Whole events of a stream that says these texts, one token each. */
export function streamParts(wire: Wire, deltas: readonly string[]): StreamParts {
  return wire === 'openai-chat' ? openaiParts(deltas) : anthropicParts(deltas);
}

/** The body of a stream that says these texts. */
export function streamText(wire: Wire, deltas: readonly string[]): string {
  const { before, content, after } = streamParts(wire, deltas);
  return [...before, ...content, ...after].join('');
}

function openaiParts(deltas: readonly string[]): StreamParts {
  const usage = { prompt_tokens: 7, completion_tokens: deltas.length, total_tokens: 7 + deltas.length };
  const last = {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-fake',
    choices: [],
    usage,
  };
  return {
    before: [sseFrame(openaiChunk({ role: 'assistant', content: '' }))],
    content: deltas.map((content) => sseFrame(openaiChunk({ content }))),
    after: [
      sseFrame(openaiChunk({}, { finishReason: 'stop' })),
      sseFrame(JSON.stringify(last)),
      sseFrame('[DONE]'),
    ],
  };
}

function anthropicParts(deltas: readonly string[]): StreamParts {
  const message = {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-fake', content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } },
  };
  return {
    before: [
      anthropic('message_start', { message }),
      anthropic('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ],
    content: deltas.map((text) =>
      anthropic('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    ),
    after: [
      anthropic('content_block_stop', { index: 0 }),
      anthropic('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: deltas.length },
      }),
      anthropic('message_stop', {}),
    ],
  };
}
