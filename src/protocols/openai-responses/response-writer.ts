import type { Block, ChatResponse } from '../blocks.ts';
import type { AnswerContext } from '../protocol.ts';
import { writeStatus } from './finish.ts';
import {
  annotationOf,
  callText,
  type ItemStatus,
  itemId,
  messageText,
  reasoningText,
  refusalPart,
  textPart,
} from './item-writer.ts';
import { sealOf } from './reasoning-seal.ts';
import { ResponseObject } from './response-object.ts';
import { writeUsage } from './usage.ts';

/** A `response` object for the caller. */
export function writeResponse(response: ChatResponse, context: AnswerContext): Buffer {
  const state = writeStatus(response.finishReason);
  const items = writeItems(response.blocks, context.callId, state.status);
  return Buffer.from(new ResponseObject(context).text(state, items, writeUsage(response.usage)));
}

/** Texts and refusals that follow each other are one message; only the last item can be incomplete. */
function writeItems(blocks: readonly Block[], callId: string, status: ItemStatus): string[] {
  const groups = grouped(blocks.filter(hasForm));
  return groups.map((group, at) => {
    const [first] = group;
    const own = at === groups.length - 1 ? status : 'completed';
    switch (first?.type) {
      case 'toolCall': {
        const text = first.arguments === '' ? '{}' : first.arguments;
        return callText(itemId('function_call', callId, at), own, { ...first, arguments: text });
      }
      case 'reasoning':
        return reasoningText(itemId('reasoning', callId, at), first);
      case 'unknown':
        return JSON.stringify(first.raw);
      default:
        return messageText(itemId('message', callId, at), own, group.map(partText));
    }
  });
}

function hasForm(block: Block): boolean {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return block.text !== '';
    case 'toolCall':
      return true;
    case 'reasoning':
      return block.text !== '' || sealOf(block) !== undefined;
    case 'unknown':
      return block.origin.protocol === 'openai-responses';
    default:
      return false;
  }
}

const isSaid = (block: Block | undefined) => block?.type === 'text' || block?.type === 'refusal';

function grouped(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (last !== undefined && isSaid(block) && isSaid(last[0])) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

function partText(block: Block): string {
  if (block.type === 'refusal') return refusalPart(block.text);
  if (block.type !== 'text') return '';
  const annotations = (block.citations?.raw ?? []).map(annotationOf).filter((one) => one !== null);
  return textPart(block.text, annotations);
}
