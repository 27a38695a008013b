import type { Block, ChatResponse } from '../blocks.ts';
import { objectText } from '../json-text.ts';
import type { AnswerContext } from '../protocol.ts';
import { writeFinish } from './finish.ts';
import { groundingMembers } from './grounding-writer.ts';
import { callPart } from './part-json.ts';
import { writeUsage } from './usage.ts';

/** A `GenerateContentResponse` for the caller. A refusal's words stand in `finishMessage`. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const refusal = response.blocks.find((block) => block.type === 'refusal')?.text ?? null;
  const texts = response.blocks.filter((block) => block.type === 'text');
  const citations = texts.flatMap((block) => block.citations?.raw ?? []);
  const finish = writeFinish(response.finishReason, response.rawFinishReason, refusal !== null);
  const candidate = candidateText(
    response.blocks.map(writePart).filter((part) => part !== null),
    {
      finishReason: finish,
      finishMessage: refusal ?? undefined,
      ...groundingMembers(citations, texts.map(({ text }) => text).join('')),
    },
  );
  return Buffer.from(answerText(candidate, JSON.stringify(writeUsage(response.usage)), context));
}

/** SDKs take an answer without parts for a broken one. */
const EMPTY_PART = '{"text":""}';

/** JSON text of a candidate with these parts, which are JSON texts. */
export function candidateText(parts: readonly string[], members: Readonly<Record<string, unknown>>): string {
  return objectText([
    ['content', `{"parts":[${parts.length === 0 ? EMPTY_PART : parts.join(',')}],"role":"model"}`],
    ...Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)] as const),
    ['index', '0'],
  ]);
}

/** JSON text of a whole answer or of one event. */
export function answerText(candidate: string, usage: string | undefined, context: AnswerContext): string {
  return objectText([
    ['candidates', `[${candidate}]`],
    ['usageMetadata', usage],
    ['modelVersion', JSON.stringify(context.model)],
    ['responseId', JSON.stringify(context.callId)],
  ]);
}

/** Null for blocks that only another protocol has a form for, and for empty ones. */
function writePart(block: Block): string | null {
  switch (block.type) {
    case 'text':
      return textPart(block.text, false, block.signature?.value);
    case 'reasoning':
      return textPart(block.text, true, isOwn(block) ? block.signature : undefined);
    case 'toolCall':
      return callPart({ id: block.id, name: block.name, args: block.arguments }, block.signature?.value);
    case 'unknown':
      return isOwn(block) ? JSON.stringify(block.raw) : null;
    default:
      return null;
  }
}

/** Null for one that says nothing. A signature is Google's, or the block would have none. */
export function textPart(text: string, isThought: boolean, signature: string | undefined): string | null {
  if (text === '' && signature === undefined) return null;
  return JSON.stringify({ text, thought: isThought ? true : undefined, thoughtSignature: signature });
}

const isOwn = (block: Extract<Block, { type: 'reasoning' | 'unknown' }>) =>
  block.origin.protocol === 'gemini';
