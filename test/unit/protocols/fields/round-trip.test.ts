import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type {
  Block,
  CallerProtocol,
  ChatRequest,
  Message,
  ProtocolName,
  Tool,
} from '../../../../src/protocols/blocks.ts';
import { FIELDS, type TabledField } from '../../../../src/protocols/fields.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../../src/protocols/registry.ts';
import { FIELD_NAMES, TARGETS } from './callers.ts';

type Wire = 'openai-chat' | 'anthropic-messages';

/** Text that says something: providers refuse empty text, and writers leave it out. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((one) => one.trim() === one && one !== '');
const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,30}$/);
const value = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const args = fc.dictionary(word, value).map((one) => JSON.stringify(JSON.parse(JSON.stringify(one))));
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

const textBlock = text.map((one): Block => ({ type: 'text', text: one }));
const image = fc.oneof(
  base64.map((data): Block => ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } })),
  word.map((name): Block => ({ type: 'image', source: { kind: 'url', url: `https://x.test/${name}` } })),
);
const file = fc.record({ data: base64, name: word }).map(
  ({ data, name }): Block => ({
    type: 'file',
    source: { kind: 'base64', mediaType: 'application/pdf', data },
    name,
  }),
);

const parameters = fc.dictionary(word, fc.constant({ type: 'string' }), { maxKeys: 3 }).map((properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
}));
const tools = fc.uniqueArray(
  fc.record({ name: word, description: fc.option(text, { nil: undefined }), parameters }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name },
);

/** A question, and turns of an assistant that may call tools; the user has the last word. */
const conversation = (isErrorPossible: boolean) => {
  const turn = fc
    .record({
      said: fc.option(text, { nil: undefined }),
      calls: fc.array(fc.record({ name: word, args, result: text, isError: fc.boolean() }), { maxLength: 3 }),
      next: text,
    })
    .filter(({ said, calls }) => said !== undefined || calls.length > 0);
  return fc
    .record({
      system: fc.option(text, { nil: undefined }),
      first: fc.tuple(textBlock, fc.array(fc.oneof(textBlock, image, file), { maxLength: 3 })),
      turns: fc.array(turn, { maxLength: 3 }),
    })
    .map(({ system, first: [opening, others], turns }) => {
      const messages: Message[] = [];
      if (system !== undefined) messages.push({ role: 'system', blocks: [{ type: 'text', text: system }] });
      messages.push({ role: 'user', blocks: [opening, ...others] });
      for (const [at, { said, calls, next }] of turns.entries()) {
        const blocks: Block[] = said === undefined ? [] : [{ type: 'text', text: said }];
        const results: Message[] = [];
        for (const [place, { name, args: text, result, isError }] of calls.entries()) {
          const id = `call_${at}_${place}`;
          blocks.push({ type: 'toolCall', id, name, arguments: text });
          const content: Block[] = [{ type: 'text', text: result }];
          const block: Block = {
            type: 'toolResult',
            toolCallId: id,
            content,
            isError: isErrorPossible && isError,
          };
          results.push({ role: 'tool', blocks: [block] });
        }
        messages.push({ role: 'assistant', blocks }, ...results);
        messages.push({ role: 'user', blocks: [{ type: 'text', text: next }] });
      }
      return messages;
    });
};

/** Anthropic's reader has the results of one turn in one message. */
function joinedResults(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.role === 'tool' && last?.role === 'tool') {
      joined[joined.length - 1] = { role: 'tool', blocks: [...last.blocks, ...message.blocks] };
    } else joined.push(message);
  }
  return joined;
}

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const tenths = (max: number) => fc.integer({ min: 0, max: max * 10 }).map((one) => one / 10);
const format = parameters.map(
  (schema) => ({ type: 'jsonSchema', name: 'response', schema, strict: true }) as const,
);
const tokens = fc.integer({ min: 1, max: 100_000 });

const OPENAI = fc.record({
  messages: conversation(false),
  tools: fc.oneof(fc.constant([]), tools),
  mode: fc.constantFrom('auto', 'none', 'required', 'tool', undefined),
  parallelToolCalls: some(fc.boolean()),
  responseFormat: some(format),
  maxOutputTokens: some(tokens),
  temperature: some(tenths(2)),
  topP: some(tenths(1)),
  seed: some(fc.maxSafeInteger()),
  stop: some(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 })),
  presencePenalty: some(tenths(2)),
  frequencyPenalty: some(tenths(2)),
  reasoning: some(
    fc.constantFrom('minimal', 'low', 'medium', 'high', 'xhigh').map((effort) => ({ effort }) as const),
  ),
  user: some(text),
  metadata: some(fc.dictionary(word, text)),
  serviceTier: some(fc.constant('auto')),
});

const ANTHROPIC = fc.record({
  messages: conversation(true).map(joinedResults),
  tools: fc.oneof(fc.constant([]), tools),
  mode: fc.constantFrom('auto', 'none', 'required', 'tool', undefined),
  parallelToolCalls: fc.constant(undefined),
  responseFormat: some(format),
  maxOutputTokens: tokens,
  temperature: some(tenths(1)),
  topP: some(tenths(1)),
  topK: some(fc.nat(500)),
  stop: some(fc.array(text, { minLength: 1, maxLength: 4 })),
  reasoning: some(
    fc.oneof(
      fc.integer({ min: 1_024, max: 9_000 }).map((budgetTokens) => ({ budgetTokens })),
      fc
        .constantFrom('low', 'medium', 'high', 'xhigh')
        .map((effort) => ({ adaptive: true, effort }) as const),
      fc.constant({ effort: 'none' } as const),
    ),
  ),
  user: some(text),
  serviceTier: some(fc.constant('auto')),
});

type Drawn = Partial<Omit<ChatRequest, 'tools'>> & {
  readonly tools: readonly Tool[];
  readonly mode: 'auto' | 'none' | 'required' | 'tool' | undefined;
};

/** A request of this caller. Without tools there is neither a choice nor a word on parallel calls. */
function requestOf(protocol: CallerProtocol, target: Wire, { mode, ...drawn }: Drawn): ChatRequest {
  const [tool] = drawn.tools;
  const toolChoice =
    tool === undefined || mode === undefined
      ? undefined
      : mode === 'tool'
        ? ({ mode, name: tool.name } as const)
        : ({ mode } as const);
  const fields: Record<string, string> = {};
  for (const field of FIELD_NAMES) {
    const to = FIELDS[field][target].to;
    fields[field] = to === null || protocol === 'graphql' ? field : to;
  }
  return {
    stream: false,
    streamUsage: false,
    messages: [],
    extra: {},
    unknownFields: [],
    ...drawn,
    protocol,
    model: TARGETS[target].model,
    toolChoice,
    parallelToolCalls: tool === undefined ? undefined : drawn.parallelToolCalls,
    fields,
  };
}

function readBack(request: ChatRequest, target: Wire): ChatRequest {
  const protocol = protocolOf(target);
  const written = protocol?.writeRequest(request, TARGETS[target]);
  if (protocol === undefined || written === undefined) throw new Error(`${target} is not registered`);
  if (written instanceof CallError) throw written;
  const read = protocol.readRequest(JSON.parse(written.body.toString()) as JsonObject, {
    model: request.model,
    stream: false,
  });
  if (read instanceof CallError) throw read;
  return read;
}

/** The settings and the conversation that the table calls carried; all of them in the caller's own protocol. */
function carried(request: ChatRequest, target: Wire): unknown {
  const isOwn = request.protocol === target;
  const values = FIELD_NAMES.filter((field) => isOwn || isCarried(field, target)).map((field) => [
    field,
    request[field as keyof ChatRequest],
  ]);
  const { messages, tools } = request;
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(values), messages, tools })) as unknown;
}

const isCarried = (field: TabledField, target: ProtocolName) => FIELDS[field][target].action === 'carry';

const DRAWN: Readonly<Record<Wire, fc.Arbitrary<Drawn>>> = {
  'openai-chat': OPENAI,
  'anthropic-messages': ANTHROPIC,
};

describe.each(Object.keys(DRAWN) as Wire[])('%s', (target) => {
  it('reads back all that it writes of its own', () => {
    fc.assert(
      fc.property(DRAWN[target], (drawn) => {
        const request = requestOf(target, target, drawn);
        expect(carried(readBack(request, target), target)).toEqual(carried(request, target));
      }),
    );
  });

  it('reads back all that the table calls carried from others', () => {
    fc.assert(
      fc.property(DRAWN[target], (drawn) => {
        const request = requestOf('graphql', target, withoutConflict(drawn, target));
        const read = { ...readBack(request, target), protocol: request.protocol };
        expect(carried(read, target)).toEqual(carried(request, target));
      }),
    );
  });
});

/** With thinking Anthropic takes no sampling settings: that is a case of its own. */
function withoutConflict(drawn: Drawn, target: Wire): Drawn {
  return target === 'openai-chat' ? drawn : { ...drawn, reasoning: undefined };
}
