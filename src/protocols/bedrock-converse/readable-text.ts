import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/**
 * The text of a block that holds nothing but reading matter: a search result, text for a guardrail to look at. Null
 * for every other block.
 */
export function readableText(block: JsonObject): string | null {
  const { guardContent, searchResult } = block;
  if (isJsonObject(guardContent)) {
    const guarded = guardContent['text'];
    return isJsonObject(guarded) && typeof guarded['text'] === 'string' ? guarded['text'] : null;
  }
  if (!isJsonObject(searchResult)) return null;
  const head = [searchResult['title'], searchResult['source']].filter((line) => typeof line === 'string');
  const body = textsOf(searchResult['content']);
  return body === null ? null : [...head, ...body].join('\n');
}

/** The words of a `citationsContent`. */
export function citedText(cited: JsonObject): string {
  return textsOf(cited['content'])?.join('') ?? '';
}

/** Null when there is more than text in it. */
function textsOf(content: unknown): readonly string[] | null {
  if (!Array.isArray(content)) return null;
  const texts = content.map((part: unknown) => (isJsonObject(part) ? part['text'] : null));
  return texts.every((text) => typeof text === 'string') ? texts : null;
}
