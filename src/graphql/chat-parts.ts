import type { Block, MediaSource } from '../protocols/blocks.ts';
import { demand, InputFault } from './input-fault.ts';

type Maybe<T> = T | null | undefined;

/** `ContentPartInput` after GraphQL's own coercion: exactly one field is set. */
export interface ContentPartValue {
  readonly text?: Maybe<string>;
  readonly imageUrl?: Maybe<string>;
  readonly image?: Maybe<{ readonly mediaType: string; readonly data: string }>;
  readonly audio?: Maybe<{ readonly format: string; readonly data: string }>;
  readonly file?: Maybe<FileValue>;
}

export interface FileValue {
  readonly name?: Maybe<string>;
  readonly mediaType?: Maybe<string>;
  readonly data?: Maybe<string>;
  readonly url?: Maybe<string>;
  readonly id?: Maybe<string>;
}

/** One content part as a block. Errors: InputFault with the path of the field at fault. */
export function readPart(part: ContentPartValue, path: string): Block {
  const set = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  demand(set.length === 1, path, 'must have exactly one of text, imageUrl, image, audio and file');
  if (part.text != null) return { type: 'text', text: part.text };
  if (part.imageUrl != null)
    return { type: 'image', source: readImageUrl(part.imageUrl, `${path}.imageUrl`) };
  if (part.image != null) {
    return { type: 'image', source: { kind: 'base64', ...readMedia(part.image, `${path}.image`) } };
  }
  if (part.audio != null) {
    demand(part.audio.format !== '', `${path}.audio.format`, 'must not be empty');
    return {
      type: 'audio',
      format: part.audio.format,
      data: readBase64(part.audio.data, `${path}.audio.data`),
    };
  }
  if (part.file != null) {
    return { type: 'file', source: readFile(part.file, `${path}.file`), name: part.file.name ?? undefined };
  }
  throw new InputFault(path, 'must not be empty');
}

/** `data:` URLs become inline data: targets differ in whether they take them as URLs. */
function readImageUrl(url: string, path: string): MediaSource {
  const inline = /^data:([\w.+-]+\/[\w.+-]+);base64,/i.exec(url);
  if (inline?.[1] !== undefined) {
    return { kind: 'base64', mediaType: inline[1], data: readBase64(url.slice(inline[0].length), path) };
  }
  demand(/^https?:\/\/./i.test(url), path, 'must be an http, https or base64 data URL');
  return { kind: 'url', url };
}

function readFile(file: FileValue, path: string): MediaSource {
  const sources = [file.data, file.url, file.id].filter((source) => source != null);
  demand(sources.length === 1, path, 'must have exactly one of data, url and id');
  if (file.id != null) return { kind: 'file', id: file.id };
  if (file.url != null) {
    demand(/^https?:\/\/./i.test(file.url), `${path}.url`, 'must be an http or https URL');
    return { kind: 'url', url: file.url };
  }
  return { kind: 'base64', ...readMedia({ mediaType: file.mediaType ?? '', data: file.data ?? '' }, path) };
}

function readMedia({ mediaType, data }: { mediaType: string; data: string }, path: string) {
  demand(
    /^[\w.+-]+\/[\w.+-]+$/.test(mediaType),
    `${path}.mediaType`,
    'must be a media type such as image/png',
  );
  return { mediaType, data: readBase64(data, `${path}.data`) };
}

function readBase64(data: string, path: string): string {
  demand(/^[A-Za-z0-9+/]+={0,2}$/.test(data), path, 'must be base64');
  return data;
}
