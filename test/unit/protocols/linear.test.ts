import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import {
  type BlockEvent,
  type BlockStart,
  type ChatRequest,
  PROTOCOL_NAMES,
  type ProtocolName,
} from '../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { JsonObject, Protocol, TargetContext } from '../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../src/protocols/registry.ts';
import { SseTap } from '../../../src/protocols/tap.ts';
import { CONTEXT, readStream, writeStream } from './digest.ts';

/** Four times the input: four times the time, and what a busy machine adds. A square would take sixteen times. */
const RATIO_MAX = 4 * 1.6;
const TRIES = 6;
const RUNS = 3;

/** What runs, its input made before. */
type Make = (size: number) => () => void;

function medianMs(run: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const startedMs = performance.now();
    run();
    return performance.now() - startedMs;
  }).sort((a, b) => a - b);
  return times[Math.floor(RUNS / 2)] ?? 0;
}

/** Passes with the first try whose times fit: a slow neighbour must not fail it, a square cannot pass it. */
function expectLinear(make: Make, size: number): void {
  const small = make(size);
  const large = make(4 * size);
  small();
  large();
  const ratios: number[] = [];
  for (let count = 0; count < TRIES; count += 1) {
    const ratio = medianMs(large) / medianMs(small);
    if (ratio <= RATIO_MAX) return;
    ratios.push(ratio);
  }
  expect(Math.min(...ratios), 'four times the input takes').toBeLessThanOrEqual(RATIO_MAX);
}

const spoken = (name: ProtocolName): Protocol => {
  const protocol = protocolOf(name);
  if (protocol === undefined) throw new Error(name);
  return protocol;
};

const PIECE = 'a piece of text \u00fc ';
const usage: BlockEvent = {
  type: 'usage',
  usage: {
    inputTokens: 1,
    outputTokens: 1,
    totalTokens: 2,
    cachedInputTokens: null,
    cacheWriteTokens: null,
    cacheWrite1hTokens: null,
    reasoningTokens: null,
    audioInputTokens: null,
    audioOutputTokens: null,
  },
};

/** A stream of one block that comes in these pieces. */
function eventsOf(block: BlockStart, pieces: readonly string[]): readonly BlockEvent[] {
  const reason = block.type === 'toolCall' ? 'tool_calls' : 'stop';
  return [
    usage,
    { type: 'messageStart', id: 'a', model: 'm' },
    { type: 'blockStart', index: 0, block },
    ...pieces.map((text): BlockEvent => ({ type: 'blockDelta', index: 0, text })),
    { type: 'blockStop', index: 0 },
    { type: 'messageStop', reason, rawReason: null, stopSequence: null },
  ];
}

const CALL: BlockStart = { type: 'toolCall', id: 'call_1', name: 'look' };
const repeated = (count: number) => Array.from({ length: count }, () => PIECE);

interface Load {
  readonly what: string;
  readonly size: number;
  readonly events: (size: number) => readonly BlockEvent[];
}
const LOADS: readonly Load[] = [
  {
    what: 'many pieces of text',
    size: 800,
    events: (size) => eventsOf({ type: 'text' }, repeated(size)),
  },
  {
    what: 'the arguments of one call in many pieces',
    size: 800,
    events: (size) => eventsOf(CALL, ['{"text":"', ...repeated(size), '"}']),
  },
  {
    what: 'one large event',
    size: 6_000,
    events: (size) => eventsOf({ type: 'text' }, [PIECE.repeat(size)]),
  },
];

/** In pieces that cut nearly every event. */
function inPieces(bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16) pieces.push(bytes.subarray(at, at + 16));
  return pieces;
}

function tapOf(protocol: Protocol) {
  const options = { dropUsageOnly: false, holdBytesMax: 64 * 1024 * 1024 };
  return protocol.streamTap?.(options) ?? new SseTap(protocol, options);
}

describe.each(PROTOCOL_NAMES)('four times the input takes four times as long in %s', (name) => {
  const protocol = spoken(name);

  it.each(LOADS)('reading a stream: $what', ({ events, size }) => {
    expectLinear((count) => {
      const pieces = inPieces(writeStream(protocol, events(count)));
      expect(readStream(protocol, pieces)).toMatchObject({ isComplete: true, failure: null });
      return () => void readStream(protocol, pieces);
    }, size);
  });

  it.each(LOADS)('following a stream in the byte lane: $what', ({ events, size }) => {
    expectLinear((count) => {
      const pieces = inPieces(writeStream(protocol, events(count)));
      const run = () => {
        const tap = tapOf(protocol);
        for (const piece of pieces) tap.push(piece);
        return tap;
      };
      expect(run()).toMatchObject({ failure: null, hasContent: true });
      return run;
    }, size);
  });

  it.each(LOADS)('writing a stream: $what', ({ events, size }) => {
    expectLinear((count) => {
      const said = events(4 * count);
      return () => void writeStream(protocol, said, CONTEXT);
    }, size);
  });

  it('reading and writing an answer in one piece', () => {
    expectLinear((count) => {
      const blocks = Array.from({ length: count }, (_, at) => [
        { type: 'text' as const, text: PIECE },
        { type: 'toolCall' as const, id: `call_${at}`, name: `look_${at}`, arguments: `{"at":${at}}` },
      ]).flat();
      const { response } = readStream(protocol, [writeStream(protocol, eventsOf({ type: 'text' }, ['a']))]);
      const answer = { ...response, blocks };
      return () => {
        const body: unknown = JSON.parse(protocol.writeResponse(answer, CONTEXT).toString());
        const read = protocol.readResponse(body, { protocol: name });
        if ('class' in read) throw new Error(read.message ?? 'unread');
      };
    }, 400);
  });

  it('reading and writing a request of many messages and tools', () => {
    expectLinear((count) => {
      const body = written(protocol, conversation(count));
      return () => void written(protocol, readRequest(protocol, body));
    }, 100);
  });
});

const TARGET: TargetContext = { provider: 'custom', model: 'm', maxOutputTokens: null };

function written(protocol: Protocol, request: ChatRequest): JsonObject {
  const result = protocol.writeRequest(request, TARGET);
  if (result instanceof CallError) throw result;
  return JSON.parse(result.body.toString()) as JsonObject;
}

function readRequest(protocol: Protocol, body: JsonObject): ChatRequest {
  const request = protocol.readRequest(body, { model: 'm', stream: false });
  if (request instanceof CallError) throw request;
  return request;
}

/** Turns of a question, two calls, their results and an answer; a tool for each turn. */
function conversation(turns: number): ChatRequest {
  const call = (at: number, part: string) => ({
    id: `call_${at}${part}`,
    type: 'function',
    function: { name: `look_${at}`, arguments: `{"at":${at}}` },
  });
  const messages = Array.from({ length: turns }, (_, at) => [
    { role: 'user', content: PIECE },
    { role: 'assistant', content: null, tool_calls: [call(at, 'a'), call(at, 'b')] },
    { role: 'tool', tool_call_id: `call_${at}a`, content: 'rain' },
    { role: 'tool', tool_call_id: `call_${at}b`, content: 'sun' },
    { role: 'assistant', content: PIECE },
  ]).flat();
  const parameters = { type: 'object', properties: { at: { type: 'integer', minimum: 0 } } };
  const tools = Array.from({ length: turns }, (_, at) => ({
    type: 'function',
    function: { name: `look_${at}`, parameters },
  }));
  const end = { role: 'user', content: 'And?' };
  return readRequest(openaiChat, { model: 'm', messages: [...messages, end], tools });
}
