import type { Block, ToolResultBlock } from '../blocks.ts';
import { objectText } from '../json-text.ts';
import { type BlockScope, fitId } from './block-scope.ts';
import { writeBlock } from './block-writer.ts';

/** A result's parts are a list of their own, which has no cache points. */
export function writeToolResult(block: ToolResultBlock, scope: BlockScope): string {
  const { book, model } = scope;
  const inner: BlockScope = { ...scope, trimsText: false, keepsBlank: false };
  const parts = block.content.flatMap((part) => writeBlock(unmarked(part), inner));
  if (scope.toolsAsText) return writeAsText(block, parts, scope);
  const saysError = block.isError && !model.takesResultStatus;
  if (block.isError) book.apply('toolResult.isError', saysError ? 'text' : undefined);
  book.apply('toolResult.content');
  if (saysError) parts.unshift('{"text":"Error:"}');
  const result = objectText([
    ['toolUseId', JSON.stringify(fitId(block.toolCallId, scope))],
    ['content', `[${parts.join(',')}]`],
    ['status', block.isError && !saysError ? '"error"' : undefined],
  ]);
  return `{"toolResult":${result}}`;
}

/** Media stand behind the text, for they have no text form. */
function writeAsText(block: ToolResultBlock, parts: readonly string[], { book }: BlockScope): string {
  book.apply('messages', 'toolText');
  const word = block.isError ? 'tool_error' : 'tool_result';
  const text = block.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const media = parts.filter((part) => !part.startsWith('{"text":') && !part.startsWith('{"json":'));
  return [JSON.stringify({ text: `<${word}>\n${text}\n</${word}>` }), ...media].join(',');
}

function unmarked(part: Block): Block {
  return 'cacheControl' in part ? { ...part, cacheControl: undefined } : part;
}
