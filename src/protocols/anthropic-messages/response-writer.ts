import type { Block, ChatResponse } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { AnswerContext } from '../protocol.ts';
import { ANTHROPIC_TOOL_IDS, fitToolId } from '../tool-ids.ts';
import { refusalDetails, writeStopReason } from './stop-reason.ts';
import { writeUsage } from './usage.ts';

export const messageId = (callId: string) => `msg_${callId}`;

/** A `message` for the caller. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const refusal = response.blocks.find((block) => block.type === 'refusal')?.text ?? null;
  const stopReason = writeStopReason({
    reason: response.finishReason,
    rawReason: response.rawFinishReason,
    stopSequence: response.stopSequence,
    hasRefusal: refusal !== null,
  });
  const content = response.blocks.map(writeBlock).filter((text) => text !== null);
  const text = objectText([
    ['id', JSON.stringify(messageId(context.callId))],
    ['type', '"message"'],
    ['role', '"assistant"'],
    ['model', JSON.stringify(context.model)],
    ['content', `[${content.join(',')}]`],
    ['stop_reason', JSON.stringify(stopReason)],
    ['stop_sequence', JSON.stringify(response.stopSequence)],
    ['stop_details', JSON.stringify(refusalDetails(stopReason, refusal))],
    ['usage', JSON.stringify(writeUsage(response.usage))],
  ]);
  return Buffer.from(text);
}

/** Null for blocks that only another protocol has a form for; a refusal stands in `stop_details`. */
function writeBlock(block: Block): string | null {
  switch (block.type) {
    case 'text':
      return block.text === ''
        ? null
        : JSON.stringify({ type: 'text', text: block.text, citations: citationsOf(block) });
    case 'toolCall':
      return objectText([
        ['type', '"tool_use"'],
        ['id', JSON.stringify(fitToolId(block.id, ANTHROPIC_TOOL_IDS))],
        ['name', JSON.stringify(block.name)],
        ['input', inputText(block.arguments)],
      ]);
    case 'reasoning':
      return writeReasoning(block);
    case 'unknown':
      return block.origin.protocol === 'anthropic-messages' ? JSON.stringify(block.raw) : null;
    default:
      return null;
  }
}

/** The raw text where it is an object; arguments cut off by the token limit are shown as they are. */
function inputText(text: string): string {
  if (text.trim() === '') return '{}';
  return isJsonObject(parseJson(text)) ? text : JSON.stringify({ invalid_arguments: text });
}

function citationsOf(block: Extract<Block, { type: 'text' }>): readonly unknown[] | undefined {
  return block.citations?.raw.filter(isCitation);
}

/** Other vendors' citations have other types (`url_citation`). */
export function isCitation(raw: unknown): boolean {
  return isJsonObject(raw) && typeof raw['type'] === 'string' && raw['type'].endsWith('_location');
}

/** Only Anthropic's own signature means anything to who gets the block back. */
function writeReasoning(block: Extract<Block, { type: 'reasoning' }>): string | null {
  const isOwn = block.origin.protocol === 'anthropic-messages';
  if (block.redacted !== undefined) {
    return isOwn ? JSON.stringify({ type: 'redacted_thinking', data: block.redacted }) : null;
  }
  const signature = isOwn ? (block.signature ?? '') : '';
  return JSON.stringify({ type: 'thinking', thinking: block.text, signature });
}
