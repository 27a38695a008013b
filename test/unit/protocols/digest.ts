import type { BlockEvent, ChatResponse, UpstreamFailure } from '../../../src/protocols/blocks.ts';
import type { AnswerContext, Protocol } from '../../../src/protocols/protocol.ts';
import { ResponseBuilder } from '../../../src/protocols/response-builder.ts';

/** What must survive every translation. */
export interface Digest {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finishReason: string;
  readonly usage: readonly (number | null)[];
}

export function digest(response: ChatResponse): Digest {
  const join = (type: 'text' | 'reasoning' | 'refusal') =>
    response.blocks.map((block) => (block.type === type ? block.text : '')).join('');
  const { usage } = response;
  return {
    text: join('text'),
    reasoning: join('reasoning'),
    refusal: join('refusal'),
    calls: response.blocks.flatMap((block) =>
      block.type === 'toolCall'
        ? [{ name: block.name, arguments: JSON.parse(block.arguments) as unknown }]
        : [],
    ),
    finishReason: response.finishReason,
    usage: [usage.inputTokens, usage.outputTokens, usage.cachedInputTokens, usage.reasoningTokens],
  };
}

export interface ReadStream {
  readonly events: readonly BlockEvent[];
  readonly response: ChatResponse;
  readonly isComplete: boolean;
  readonly failure: UpstreamFailure | null;
}

export function readStream(protocol: Protocol, chunks: Iterable<Buffer>): ReadStream {
  const reader = protocol.streamReader({ protocol: protocol.name });
  const builder = new ResponseBuilder();
  const events: BlockEvent[] = [];
  let failure: UpstreamFailure | null = null;
  const take = (event: BlockEvent): void => {
    events.push(event);
    builder.add(event);
    if (event.type === 'error') failure = event.failure;
  };
  for (const chunk of chunks) reader.push(chunk, take);
  reader.end?.(take);
  return { events, response: builder.build(), isComplete: reader.isComplete, failure };
}

export const CONTEXT: AnswerContext = {
  callId: '0198c0de-0000-7000-8000-000000000001',
  model: 'my-model',
  createdAt: 1_700_000_000,
  streamUsage: true,
};

/** The stream that a caller of this protocol gets for the events. */
export function writeStream(protocol: Protocol, events: readonly BlockEvent[], context = CONTEXT): Buffer {
  const writer = protocol.streamWriter(context);
  const pieces = events.map((event) => writer.write(event) ?? Buffer.alloc(0));
  return Buffer.concat([...pieces, writer.end()]);
}

export function* bytewise(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1);
}

/** The data of each event of a stream as JSON; `[DONE]` stays text. */
export function dataOf(bytes: Buffer): readonly unknown[] {
  return [...bytes.toString().matchAll(/^data: (.*)$/gm)].map(([, data = '']) =>
    data === '[DONE]' ? data : (JSON.parse(data) as unknown),
  );
}
