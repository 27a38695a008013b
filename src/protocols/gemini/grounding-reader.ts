import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readText } from './candidate.ts';
import { utf16Offsets } from './text-offsets.ts';

/** A text part of an answer and where it begins in the whole text, in UTF-16 units. */
export interface PlacedText {
  readonly text: string;
  readonly begin: number;
}

/** Offsets in UTF-8 bytes of one part. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly part: number;
}

interface Source extends Span {
  readonly url: string;
  readonly title: string;
}

/**
 * What an answer's text rests on: first the metadata as they are, for callers of this protocol, then each source as
 * a `url_citation`, which is OpenAI's form and counts in UTF-16 units of the whole text.
 */
export function citationsOf(
  candidate: JsonObject,
  texts: ReadonlyMap<number, PlacedText>,
): readonly unknown[] {
  const { groundingMetadata, citationMetadata } = candidate;
  const whole: unknown[] = [];
  if (isJsonObject(groundingMetadata)) whole.push({ groundingMetadata });
  if (isJsonObject(citationMetadata)) whole.push({ citationMetadata });
  if (whole.length === 0) return [];
  const sources = [...groundingSources(groundingMetadata), ...recitations(citationMetadata)];
  return [...whole, ...urlCitations(sources, texts)];
}

/** `groundingSupports` name the `groundingChunks` behind a piece of text; without them a chunk is behind it all. */
function groundingSources(metadata: unknown): readonly Source[] {
  if (!isJsonObject(metadata)) return [];
  const listed: readonly unknown[] = Array.isArray(metadata['groundingChunks'])
    ? metadata['groundingChunks']
    : [];
  const chunks = listed.map(webSource);
  const supports = objectsIn(metadata['groundingSupports']);
  if (supports.length === 0) {
    const everywhere = { start: 0, end: Number.POSITIVE_INFINITY, part: 0 };
    return chunks.filter((chunk) => chunk !== null).map((chunk) => ({ ...chunk, ...everywhere }));
  }
  return supports.flatMap((support) => {
    const span = spanOf(support['segment']);
    const indices: readonly unknown[] = Array.isArray(support['groundingChunkIndices'])
      ? support['groundingChunkIndices']
      : [];
    return indices.flatMap((index) => {
      const chunk = typeof index === 'number' ? chunks[index] : null;
      return chunk === null || chunk === undefined ? [] : [{ ...chunk, ...span }];
    });
  });
}

function webSource(chunk: unknown): Pick<Source, 'url' | 'title'> | null {
  if (!isJsonObject(chunk)) return null;
  const source = [chunk['web'], chunk['retrievedContext'], chunk['maps']].find(isJsonObject);
  const url = readText(source?.['uri']);
  return url === null ? null : { url, title: readText(source?.['title']) ?? '' };
}

/** `citationMetadata` names what the model has recited; Vertex calls the list `citations`. */
function recitations(metadata: unknown): readonly Source[] {
  if (!isJsonObject(metadata)) return [];
  return objectsIn(metadata['citationSources'] ?? metadata['citations']).flatMap((source) => {
    const url = readText(source['uri']);
    return url === null ? [] : [{ url, title: readText(source['title']) ?? '', ...spanOf(source) }];
  });
}

/** Zeros are left out in proto3 JSON. */
function spanOf(segment: unknown): Span {
  const value = isJsonObject(segment) ? segment : {};
  return {
    start: offset(value['startIndex']),
    end: offset(value['endIndex']),
    part: offset(value['partIndex']),
  };
}

function urlCitations(
  sources: readonly Source[],
  texts: ReadonlyMap<number, PlacedText>,
): readonly unknown[] {
  const parts = new Map<number, number[]>();
  for (const { part, start, end } of sources) {
    const offsets = parts.get(part) ?? [];
    offsets.push(start, end);
    parts.set(part, offsets);
  }
  const units = new Map<number, ReadonlyMap<number, number>>();
  for (const [part, offsets] of parts) units.set(part, utf16Offsets(texts.get(part)?.text ?? '', offsets));
  return sources.flatMap(({ part, start, end, url, title }) => {
    const begin = texts.get(part)?.begin;
    if (begin === undefined) return [];
    const at = (offset: number) => begin + (units.get(part)?.get(offset) ?? 0);
    const citation = { start_index: at(start), end_index: at(end), url, title };
    return [{ type: 'url_citation', url_citation: citation }];
  });
}

const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const offset = (value: unknown) => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);
