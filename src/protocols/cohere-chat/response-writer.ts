import type { Block, ChatResponse } from '../blocks.ts';
import type { AnswerContext, JsonObject } from '../protocol.ts';
import { isOwnCitation, writeCitation } from './citations.ts';
import { writeFinish } from './finish.ts';
import { argumentText } from './response-reader.ts';
import { TextOffsets } from './text-offsets.ts';
import { writeUsage } from './usage.ts';

/** An answer of `POST /v2/chat` for the caller. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const { finishReason, rawFinishReason, stopSequence } = response;
  const body = {
    id: context.callId,
    message: messageOf(response.blocks),
    finish_reason: writeFinish(finishReason, rawFinishReason, stopSequence),
    usage: writeUsage(response.usage),
  };
  return Buffer.from(JSON.stringify(body));
}

/** Members without anything in them are left out, as the vendor does. */
function messageOf(blocks: readonly Block[]): JsonObject {
  const plans: string[] = [];
  const content: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const citations: JsonObject[] = [];
  let begin = 0;
  for (const block of blocks) {
    if (block.type === 'toolCall') calls.push(writeCall(block));
    else if (block.type === 'reasoning') addReasoning(block, plans, content);
    else if ((block.type === 'text' || block.type === 'refusal') && block.text !== '') {
      const raw = block.type === 'text' ? (block.citations?.raw ?? []) : [];
      if (raw.length > 0) citations.push(...citationsOf(raw, block.text, begin, content.length));
      content.push({ type: 'text', text: block.text });
      begin += block.text.length;
    }
  }
  return {
    role: 'assistant',
    tool_plan: plans.length === 0 ? undefined : plans.join(''),
    content: content.length === 0 ? undefined : content,
    tool_calls: calls.length === 0 ? undefined : calls,
    citations: citations.length === 0 ? undefined : citations,
  };
}

/** The vendor's own citations; else the addresses that others tell. */
function citationsOf(
  raw: readonly unknown[],
  text: string,
  begin: number,
  index: number,
): readonly JsonObject[] {
  const own = raw.filter(isOwnCitation);
  if (own.length > 0) return own;
  const offsets = new TextOffsets(begin);
  offsets.add(text);
  return raw.map((one) => writeCitation(one, { offsets, text, index })).filter((one) => one !== null);
}

function addReasoning(
  block: Extract<Block, { type: 'reasoning' }>,
  plans: string[],
  content: JsonObject[],
): void {
  if (block.text === '') return;
  if (block.isPlan === true) plans.push(block.text);
  else content.push({ type: 'thinking', thinking: block.text });
}

function writeCall(block: Extract<Block, { type: 'toolCall' }>): JsonObject {
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: argumentText(block.arguments) },
  };
}
