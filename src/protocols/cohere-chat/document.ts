import type { FileBlock, Origin } from '../blocks.ts';
import { expectName, expectObject, optional, refuse } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

const ORIGIN: Origin = { protocol: 'cohere-chat' };

/**
 * A document to answer from: a text, or `{id, data}` where every name and value of `data` is shown to the model.
 * Inside it is a text file; the whole stands in `raw` for targets of this protocol.
 */
export function readDocument(value: unknown, path: string): FileBlock {
  const document = typeof value === 'string' ? null : expectObject(value, path);
  const data = document === null ? value : document['data'];
  if (typeof data !== 'string' && !isJsonObject(data)) {
    return refuse(document === null ? path : `${path}.data`, 'a string or an object is expected.');
  }
  const id = optional(document?.['id'], (one) => expectName(one, `${path}.id`));
  const title = isJsonObject(data) && typeof data['title'] === 'string' ? data['title'] : undefined;
  const text = Buffer.from(textOf(data)).toString('base64');
  return {
    type: 'file',
    source: { kind: 'base64', mediaType: 'text/plain', data: text },
    name: title ?? id,
    raw: { value, origin: ORIGIN },
  };
}

/** A single text stands alone, several members each after their name. The title is the file's name. */
function textOf(data: string | JsonObject): string {
  if (typeof data === 'string') return data;
  const members = Object.entries(data).filter(([name]) => name !== 'title');
  const [only] = members;
  if (members.length === 1 && typeof only?.[1] === 'string') return only[1];
  return members.map(([name, value]) => `${name}: ${plain(value)}`).join('\n');
}

const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The other way; null for a file that is no text. */
export function writeDocument(block: FileBlock): unknown {
  if (block.raw?.origin.protocol === 'cohere-chat') return block.raw.value;
  const { source, name } = block;
  if (source.kind !== 'base64' || !/^(text\/|application\/json\b)/.test(source.mediaType)) return null;
  const text = Buffer.from(source.data, 'base64').toString();
  return { data: name === undefined ? { text } : { title: name, text } };
}
