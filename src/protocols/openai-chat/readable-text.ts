import { readableText as bedrockText } from '../bedrock-converse/readable-text.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/**
 * The text of a block of Anthropic or Bedrock that holds nothing but reading matter: a search result, a document of
 * content blocks. Null for every other block.
 */
export function readableText(raw: unknown): string | null {
  if (!isJsonObject(raw)) return null;
  if (typeof raw['type'] !== 'string') return bedrockText(raw);
  const head = [raw['title'], raw['type'] === 'search_result' ? raw['source'] : raw['context']];
  const body = contentOf(raw);
  if (body === null) return null;
  return [...head.filter((line) => typeof line === 'string'), ...body].join('\n');
}

function contentOf(raw: JsonObject): readonly string[] | null {
  const source = raw['source'];
  if (raw['type'] === 'search_result') return textsOf(raw['content']);
  if (raw['type'] !== 'document' || !isJsonObject(source) || source['type'] !== 'content') return null;
  return textsOf(source['content']);
}

/** Null when there is more than text in it. */
function textsOf(content: unknown): readonly string[] | null {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return null;
  const texts = content.map((block: unknown) => (isJsonObject(block) ? block['text'] : null));
  return texts.every((text) => typeof text === 'string') ? texts : null;
}
