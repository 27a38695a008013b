import { CallError } from '../../../../src/errors.ts';
import {
  type ChatInputValue,
  type ChatMessageValue,
  readChatInput,
} from '../../../../src/graphql/chat-input.ts';
import type { CallerProtocol, ChatRequest } from '../../../../src/protocols/blocks.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { spoken } from './pairs.ts';
import type { Json, Turn, Wish } from './wishes.ts';
import { chatWords, responsesWords } from './words-openai.ts';
import { anthropicWords, bedrockWords, cohereWords, geminiWords } from './words-vendors.ts';

/** The wish in each caller's own words, as far as it has them. */
const WORDS: Readonly<Record<CallerProtocol, (wish: Wish) => Json>> = {
  'openai-chat': chatWords,
  'openai-responses': responsesWords,
  'anthropic-messages': anthropicWords,
  gemini: geminiWords,
  'bedrock-converse': bedrockWords,
  'cohere-chat': cohereWords,
  graphql: graphWords,
};

/** The members that say something. */
export const bodyOf = (caller: CallerProtocol, wish: Wish): JsonObject =>
  JSON.parse(JSON.stringify(WORDS[caller](wish))) as JsonObject;

/** What the caller's reader makes of the body. Throws what it refuses. */
export function read(caller: CallerProtocol, wish: Wish): ChatRequest {
  const body = bodyOf(caller, wish);
  const stream = wish.stream === true;
  const request =
    caller === 'graphql'
      ? readChatInput(body as unknown as ChatInputValue, stream) // its own words, above
      : spoken(caller).readRequest(body, { model: 'm', stream });
  if (request instanceof CallError) throw request;
  return request;
}

/** `ChatInput` of the graph, after GraphQL's coercion. */
function graphWords(wish: Wish): Json {
  const system = wish.system === undefined ? [] : [{ role: 'system', content: wish.system }];
  return {
    model: 'm',
    messages: [...system, ...wish.turns.flatMap(graphMessages)],
    tools: wish.tools,
    toolChoice: wish.choice,
    responseFormat: wish.schema && {
      type: 'jsonSchema',
      name: 'answer',
      schema: wish.schema,
      strict: true,
    },
    reasoningEffort: wish.effort,
    maxOutputTokens: wish.outputMax,
    temperature: wish.temperature,
    topP: wish.topP,
    seed: wish.seed,
    stop: wish.stop,
    metadata: wish.metadata,
  };
}

function graphMessages(turn: Turn): readonly ChatMessageValue[] {
  if ('results' in turn) {
    return turn.results.map(({ id, text }) => ({ role: 'tool', toolCallId: id, content: text }));
  }
  if ('user' in turn) {
    const parts = turn.user.map((part) =>
      'text' in part ? part : { image: { mediaType: 'image/png', data: part.png } },
    );
    return [{ role: 'user', parts }];
  }
  return [{ role: 'assistant', content: turn.model, toolCalls: turn.calls ?? [] }];
}
