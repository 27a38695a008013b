/** What the mock upstream says, made once: every answer is a few buffers that are ready to be written. */

/** The answer's text, as 100 deltas; the first and the last word are looked for by the load generator. */
export const WORDS: readonly string[] = [
  'Commencing',
  ...Array.from({ length: 98 }, (_, index) => ` word${index + 1}`),
  ' concluded.',
];
const SHORT_WORDS = ['Commencing', ' shortly', ' concluded.'];
const TEXT = WORDS.join('');

export const USAGE = { input: 57, output: 101, total: 158 };

const WRITES = 4;
const CREATED = 1_760_000_000;

/** Buffers to be written one after another; the first is the header alone. */
export type Answer = readonly Buffer[];

export interface AnswerSet {
  readonly whole: Answer;
  readonly stream: Answer;
  readonly streamWithUsage: Answer;
}

export function openaiAnswers(length: 'full' | 'short'): AnswerSet {
  const words = length === 'full' ? WORDS : SHORT_WORDS;
  const usage = {
    prompt_tokens: USAGE.input,
    completion_tokens: USAGE.output,
    total_tokens: USAGE.total,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
  const base = { id: 'chatcmpl-bench00000000000000000000', created: CREATED, model: 'gpt-4.1-mini' };
  const message = { role: 'assistant', content: TEXT, refusal: null };
  const whole = {
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage,
  };
  const chunk = (delta: object, finish: string | null, rest: object = {}) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, ...rest })}\n\n`;
  };
  const events = (withUsage: boolean) => [
    chunk({ role: 'assistant', content: '', refusal: null }, null),
    ...words.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    ...(withUsage
      ? [`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\n`]
      : []),
    'data: [DONE]\n\n',
  ];
  return {
    whole: json(whole),
    stream: eventStream(events(false)),
    streamWithUsage: eventStream(events(true)),
  };
}

export function anthropicAnswers(length: 'full' | 'short'): AnswerSet {
  const words = length === 'full' ? WORDS : SHORT_WORDS;
  const usage = { input_tokens: USAGE.input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = {
    id: 'msg_bench0000000000000000',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
  };
  const end = { stop_reason: 'end_turn', stop_sequence: null };
  const whole = {
    ...message,
    content: [{ type: 'text', text: TEXT }],
    ...end,
    usage: { ...usage, output_tokens: USAGE.output },
  };
  const event = (type: string, rest: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
  const started = { ...message, content: [], stop_reason: null, stop_sequence: null };
  const stream = eventStream([
    event('message_start', { message: { ...started, usage: { ...usage, output_tokens: 1 } } }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...words.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: end, usage: { output_tokens: USAGE.output } }),
    event('message_stop', {}),
  ]);
  return { whole: json(whole), stream, streamWithUsage: stream };
}

function json(value: object): Answer {
  const body = Buffer.from(JSON.stringify(value));
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return [Buffer.concat([Buffer.from(head), body])];
}

/** One HTTP chunk an event, as inference servers send them; several in one write, as a busy socket joins them. */
function eventStream(events: readonly string[]): Answer {
  const head =
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunks = events.map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
  chunks.push('0\r\n\r\n');
  const perWrite = Math.ceil(chunks.length / WRITES);
  const writes = Array.from({ length: WRITES }, (_, index) =>
    Buffer.from(chunks.slice(index * perWrite, (index + 1) * perWrite).join('')),
  );
  return [Buffer.from(head), ...writes.filter((bytes) => bytes.length > 0)];
}
