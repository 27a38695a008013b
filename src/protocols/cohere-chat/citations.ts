import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { TextOffsets } from './text-offsets.ts';

/*
 * Citations: Cohere counts characters (code points) of one content block, OpenAI's `url_citation` UTF-16 units of
 * the whole text. The latter is the form that citations of an address have inside.
 */

/** What Cohere itself sent. */
export function isOwnCitation(raw: unknown): raw is JsonObject {
  return isJsonObject(raw) && Array.isArray(raw['sources']) && raw['type'] !== 'url_citation';
}

/** For callers of other protocols: one `url_citation` for each source that has an address. */
export function urlCitations(raw: JsonObject, offsets: TextOffsets): readonly unknown[] {
  const sources: readonly unknown[] = Array.isArray(raw['sources']) ? raw['sources'] : [];
  const found: unknown[] = [];
  for (const source of sources) {
    const document = isJsonObject(source) ? source['document'] : undefined;
    const url = isJsonObject(document) ? document['url'] : undefined;
    if (!isJsonObject(document) || typeof url !== 'string' || !offsets.isExact) continue;
    const citation = {
      start_index: offsets.begin + offsets.units(countOf(raw['start'])),
      end_index: offsets.begin + offsets.units(countOf(raw['end'])),
      url,
      title: typeof document['title'] === 'string' ? document['title'] : '',
    };
    found.push({ type: 'url_citation', url_citation: citation });
  }
  return found;
}

/** A text block whose citations are written: `text` is null where it is not all there any more. */
export interface Cited {
  readonly offsets: TextOffsets;
  readonly text: string | null;
  /** The place of the content block. */
  readonly index: number;
}

/** A citation for a Cohere caller; null for one without a form. */
export function writeCitation(raw: unknown, { offsets, text, index }: Cited): JsonObject | null {
  if (isOwnCitation(raw)) return raw;
  if (!isJsonObject(raw) || raw['type'] !== 'url_citation' || !offsets.isExact) return null;
  // Chat Completions nests the members, Responses does not.
  const spec = isJsonObject(raw['url_citation']) ? raw['url_citation'] : raw;
  const { url, title } = spec;
  if (typeof url !== 'string') return null;
  const from = Math.max(0, countOf(spec['start_index']) - offsets.begin);
  const to = Math.max(from, countOf(spec['end_index']) - offsets.begin);
  const document = { id: url, url, ...(typeof title === 'string' ? { title } : {}) };
  return {
    start: offsets.characters(from),
    end: offsets.characters(to),
    text: text?.slice(from, to),
    sources: [{ type: 'document', id: url, document }],
    content_index: index,
    type: 'TEXT_CONTENT',
  };
}

const countOf = (value: unknown) => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);
