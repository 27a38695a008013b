import type { Block } from '../protocols/blocks.ts';

/** The vendors' rule of thumb for English text; other languages take more tokens a byte. */
const BYTES_PER_TOKEN = 4;

/** About how many tokens a whole answer has, for records of providers that send no count. */
export function estimateTokens(blocks: readonly Block[]): number {
  let bytes = 0;
  for (const block of blocks) bytes += Buffer.byteLength(textOf(block));
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

function textOf(block: Block): string {
  switch (block.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return block.text;
    case 'toolCall':
      return block.arguments;
    default:
      return '';
  }
}
