import type { Block, FileBlock, ImageBlock, ToolResultBlock } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import { readableText } from '../openai-chat/readable-text.ts';
import { mediaOf, type PartScope } from './part-writer.ts';

type Media = ImageBlock | FileBlock;

export interface WrittenResult {
  /** JSON text of the part. */
  readonly part: string;
  /** What the model takes only outside of the response. */
  readonly media: readonly Media[];
}

/** The result of a call of the function `name` as `functionResponse`. */
export function writeResult(block: ToolResultBlock, name: string, scope: PartScope): WrittenResult {
  const { book, traits } = scope;
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
  if (block.extra !== undefined) book.apply('message.extra', 'other');
  if (block.isError) book.apply('toolResult.isError');
  const media = block.content.filter((one) => one.type === 'image' || one.type === 'file');
  // Only data may stand inside of a response; an address is given beside it.
  const inside = traits.takesResultMedia ? media.filter(({ source }) => source.kind === 'base64') : [];
  const outside = media.filter((one) => !inside.includes(one));
  book.apply('toolResult.content', outside.length > 0 ? 'media' : undefined);
  const functionResponse = objectText([
    ['id', traits.takesCallIds ? JSON.stringify(block.toolCallId) : undefined],
    ['name', JSON.stringify(name)],
    ['response', responseText(textOf(block.content, scope), block.isError)],
    ['parts', inside.length === 0 ? undefined : JSON.stringify(inside.map((one) => mediaOf(one, scope)))],
  ]);
  return { part: objectText([['functionResponse', functionResponse]]), media: outside };
}

/** An object is what Google takes: text stands under `output`, an error under `error`. */
function responseText(text: string, isError: boolean): string {
  if (isError) return JSON.stringify({ error: text });
  const value = parseJson(text);
  if (isJsonObject(value)) return text;
  return Array.isArray(value) ? `{"output":${text}}` : JSON.stringify({ output: text });
}

function textOf(content: readonly Block[], { book }: PartScope): string {
  const texts: string[] = [];
  for (const block of content) {
    if (block.type === 'image' || block.type === 'file') continue;
    const text =
      block.type === 'text' ? block.text : block.type === 'unknown' ? readableText(block.raw) : null;
    if (text === null)
      book.raw('message', block.type === 'unknown' ? block.raw : { type: block.type }, 'gemini');
    else texts.push(text);
  }
  return texts.join('\n');
}
