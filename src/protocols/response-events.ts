import type { Block, BlockEvent, BlockStart, ChatResponse } from './blocks.ts';

type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;

/**
 * A complete answer as the events of a stream, block after block; the inverse of `ResponseBuilder`. Usage comes
 * first: some protocols say it with the start of the message.
 */
export function* responseEvents(response: ChatResponse): Iterable<BlockEvent> {
  const { id, model, usage, finishReason, rawFinishReason, stopSequence } = response;
  yield { type: 'usage', usage };
  yield { type: 'messageStart', id, model };
  for (const [index, block] of response.blocks.entries()) {
    yield { type: 'blockStart', index, block: startOf(block) };
    yield* deltasOf(block, index);
    yield { type: 'blockStop', index };
  }
  yield { type: 'messageStop', reason: finishReason, rawReason: rawFinishReason, stopSequence };
}

function startOf(block: Block): BlockStart {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return { type: block.type };
    case 'reasoning':
      return { type: 'reasoning', origin: block.origin, redacted: block.redacted, isPlan: block.isPlan };
    case 'toolCall':
      return { type: 'toolCall', id: block.id, name: block.name };
    case 'unknown':
      return { type: 'unknown', raw: block.raw, origin: block.origin };
    default:
      throw new Error(`no answer has a block of the type ${block.type}`);
  }
}

function* deltasOf(block: Block, index: number): Iterable<Delta> {
  const text = block.type === 'toolCall' ? block.arguments : 'text' in block ? block.text : '';
  if (text !== '') yield { type: 'blockDelta', index, text };
  if (block.type === 'text') {
    for (const citation of block.citations?.raw ?? []) yield { type: 'blockDelta', index, citation };
  }
  const signature = signatureOf(block);
  if (signature !== undefined) yield { type: 'blockDelta', index, signature };
}

function signatureOf(block: Block): string | undefined {
  if (block.type === 'reasoning') return block.signature;
  return block.type === 'text' || block.type === 'toolCall' ? block.signature?.value : undefined;
}
