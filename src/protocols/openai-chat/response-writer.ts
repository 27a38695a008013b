import type { Block, ChatResponse } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { AnswerContext, JsonObject } from '../protocol.ts';
import { writeFinish } from './finish.ts';
import { writeUsage } from './usage.ts';

export const completionId = (callId: string) => `chatcmpl-${callId}`;

/** A `chat.completion` object for the caller, with one choice. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const body = {
    id: completionId(context.callId),
    object: 'chat.completion',
    created: context.createdAt,
    model: context.model,
    choices: [
      {
        index: 0,
        message: messageOf(response.blocks),
        logprobs: null,
        finish_reason: writeFinish(response.finishReason),
      },
    ],
    usage: writeUsage(response.usage),
  };
  return Buffer.from(JSON.stringify(body));
}

function messageOf(blocks: readonly Block[]): JsonObject {
  const calls = blocks.filter((block) => block.type === 'toolCall').map(writeCall);
  const reasoning = join(blocks, 'reasoning');
  const annotations = blocks.flatMap((block) => (block.type === 'text' ? (block.citations?.raw ?? []) : []));
  const own = annotations.filter(isAnnotation);
  return {
    role: 'assistant',
    content: join(blocks, 'text') ?? null,
    refusal: join(blocks, 'refusal') ?? null,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(own.length === 0 ? {} : { annotations: own }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

/** Other vendors' citations have other types. */
export function isAnnotation(raw: unknown): boolean {
  return isJsonObject(raw) && raw['type'] === 'url_citation';
}

function join(blocks: readonly Block[], type: 'text' | 'reasoning' | 'refusal'): string | undefined {
  const texts: string[] = [];
  for (const block of blocks) if (block.type === type && block.text !== '') texts.push(block.text);
  return texts.length === 0 ? undefined : texts.join('');
}

function writeCall(block: Extract<Block, { type: 'toolCall' }>): JsonObject {
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: block.arguments === '' ? '{}' : block.arguments },
  };
}
