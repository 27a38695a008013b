import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/**
 * The text of a block that holds nothing but reading matter: a search result, guarded text, cited text, JSON.
 * Null for every other block.
 */
export function readableText(block: JsonObject): string | null {
  if (block['json'] !== undefined) return JSON.stringify(block['json']);
  const guarded = block['guardContent'];
  if (isJsonObject(guarded)) {
    const text = guarded['text'];
    return isJsonObject(text) && typeof text['text'] === 'string' ? text['text'] : null;
  }
  const cited = block['citationsContent'];
  if (isJsonObject(cited)) return textsOf(cited['content'])?.join('') ?? '';
  const result = block['searchResult'];
  if (!isJsonObject(result)) return null;
  const head = [result['title'], result['source']].filter((line) => typeof line === 'string');
  const body = textsOf(result['content']);
  return body === null ? null : [...head, ...body].join('\n');
}

/** Null when there is more than text in it. */
function textsOf(content: unknown): readonly string[] | null {
  if (!Array.isArray(content)) return null;
  const texts = content.map((part: unknown) => (isJsonObject(part) ? part['text'] : null));
  return texts.every((text) => typeof text === 'string') ? texts : null;
}
