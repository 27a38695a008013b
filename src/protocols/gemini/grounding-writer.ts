import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { utf8Offsets } from './text-offsets.ts';

interface UrlCitation {
  readonly url: string;
  readonly title: string | undefined;
  readonly start: number;
  readonly end: number;
}

/**
 * Members of a candidate for the citations of an answer: Gemini's own as they were, OpenAI's `url_citation` as
 * grounding in UTF-8 bytes of the whole text. Other vendors' point to places inside of the caller's documents.
 */
export function groundingMembers(citations: readonly unknown[], text: string): JsonObject {
  const own = citations.filter(isJsonObject).filter(isOwn);
  if (own.length > 0) return Object.assign({}, ...own) as JsonObject; // plain objects, as was just checked
  const cited = citations.map(readUrlCitation).filter((citation) => citation !== null);
  if (cited.length === 0) return {};
  const places = utf8Offsets(
    text,
    cited.flatMap(({ start, end }) => [start, end]),
  );
  const urls = [...new Map(cited.map(({ url, title }) => [url, { web: { uri: url, title } }])).entries()];
  const indices = new Map(urls.map(([url], index) => [url, index]));
  const groundingSupports = cited.map(({ url, start, end }) => ({
    segment: { startIndex: places.get(start), endIndex: places.get(end), text: text.slice(start, end) },
    groundingChunkIndices: [indices.get(url)],
  }));
  return { groundingMetadata: { groundingChunks: urls.map(([, chunk]) => chunk), groundingSupports } };
}

const isOwn = (citation: JsonObject) =>
  isJsonObject(citation['groundingMetadata']) || isJsonObject(citation['citationMetadata']);

/** Of the chat API, or of the Responses API, which has the members a level higher. */
function readUrlCitation(value: unknown): UrlCitation | null {
  if (!isJsonObject(value) || value['type'] !== 'url_citation') return null;
  const citation = isJsonObject(value['url_citation']) ? value['url_citation'] : value;
  const { url, title, start_index: start, end_index: end } = citation;
  if (typeof url !== 'string' || typeof start !== 'number' || typeof end !== 'number') return null;
  return { url, title: typeof title === 'string' ? title : undefined, start, end };
}
