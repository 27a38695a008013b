import type { Block, ChatResponse, ReasoningBlock } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { AnswerContext } from '../protocol.ts';
import { fitToolId } from '../tool-ids.ts';
import { BEDROCK_TOOL_IDS } from './block-scope.ts';
import { writeStopReason, writeStopSequence } from './stop-reason.ts';
import { writeUsage } from './usage.ts';

/** A `ConverseResponse` for the caller. `metrics` stays empty: the time is measured by who reads it. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const content = response.blocks.map(writeBlock).filter((text) => text !== null);
  const { finishReason: reason, rawFinishReason: rawReason, stopSequence } = response;
  const paths = context.request?.['additionalModelResponseFieldPaths'];
  const sequence = writeStopSequence(stopSequence, paths);
  const text = objectText([
    ['output', `{"message":{"role":"assistant","content":[${content.join(',')}]}}`],
    ['stopReason', JSON.stringify(writeStopReason({ reason, rawReason, stopSequence }))],
    ['usage', JSON.stringify(writeUsage(response.usage))],
    ['metrics', '{}'],
    ['additionalModelResponseFields', sequence === undefined ? undefined : JSON.stringify(sequence)],
  ]);
  return Buffer.from(text);
}

/** Null for blocks that only another protocol has a form for. */
function writeBlock(block: Block): string | null {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return block.text === '' ? null : writeText(block);
    case 'toolCall':
      return `{"toolUse":${objectText([
        ['toolUseId', JSON.stringify(fitToolId(block.id, BEDROCK_TOOL_IDS))],
        ['name', JSON.stringify(block.name)],
        ['input', inputText(block.arguments)],
      ])}}`;
    case 'reasoning':
      return writeReasoning(block);
    case 'unknown':
      return block.origin.protocol === 'bedrock-converse' ? JSON.stringify(block.raw) : null;
    default:
      return null;
  }
}

/** Only this protocol's citations have its form. */
function writeText(block: Extract<Block, { type: 'text' | 'refusal' }>): string {
  const { text } = block;
  const citations = block.type === 'text' ? block.citations : undefined;
  if (citations?.origin.protocol !== 'bedrock-converse') return JSON.stringify({ text });
  return JSON.stringify({ citationsContent: { content: [{ text }], citations: citations.raw } });
}

/** The raw text where it is an object; arguments cut off by the token limit are shown as they are. */
function inputText(text: string): string {
  if (text.trim() === '') return '{}';
  return isJsonObject(parseJson(text)) ? text : JSON.stringify({ invalid_arguments: text });
}

/** Only a signature of this protocol means anything to who gets the block back. */
function writeReasoning({ text, signature, redacted, origin }: ReasoningBlock): string | null {
  const isOwn = origin.protocol === 'bedrock-converse';
  if (redacted !== undefined) {
    return isOwn ? JSON.stringify({ reasoningContent: { redactedContent: redacted } }) : null;
  }
  const reasoningText = isOwn && signature !== undefined ? { text, signature } : { text };
  return JSON.stringify({ reasoningContent: { reasoningText } });
}
