import type { Block, BlockExtra, MediaSource, Origin, Signature } from '../blocks.ts';
import { expectName, expectObject, expectString, optional, refuse } from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { mintToolId } from '../tool-ids.ts';
import { camelNames } from './camel-names.ts';
import { formatOfAudio } from './media-types.ts';

const ORIGIN: Origin = { protocol: 'gemini' };

/** What a part holds: one of these. */
const DATA = [
  ...['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'executableCode'],
  ...['codeExecutionResult', 'toolCall', 'toolResponse', 'audioTranscription'],
] as const;
/** What may stand beside it. */
const BESIDE = [
  ...['mediaProcessing', 'mediaResolution', 'partMetadata', 'speechMetadata', 'videoMetadata'],
] as const;

/** A part with names in camelCase; a function response is read elsewhere, with the calls that it may answer. */
export function readPart(part: JsonObject, path: string, notes: RequestNotes): Block {
  notes.unknownMembers(part, [...DATA, ...BESIDE, 'thought', 'thoughtSignature'], path);
  const held = DATA.find((name) => (part[name] ?? null) !== null);
  switch (held) {
    case 'text':
      return readTextPart(part, path, notes);
    case 'inlineData':
      return readInline(part, `${path}.inlineData`, notes);
    case 'fileData':
      return readFile(part, `${path}.fileData`, notes);
    case 'functionCall':
      return readCall(part, `${path}.functionCall`, notes);
    case undefined:
    case 'functionResponse':
      return refuse(path, 'must hold a text, data or a function call.');
    default:
      return { type: 'unknown', raw: part, origin: ORIGIN };
  }
}

function readTextPart(part: JsonObject, path: string, notes: RequestNotes): Block {
  const text = expectString(part['text'], `${path}.text`);
  const signed = readSignature(part, path, notes);
  if (part['thought'] !== true) return { type: 'text', text, ...signed, ...readExtra(part, notes) };
  notes.detail('message.reasoning', 'contents[].parts[].thought');
  return { type: 'reasoning', text, signature: signed.signature?.value, origin: ORIGIN };
}

function readSignature(
  part: JsonObject,
  path: string,
  notes: RequestNotes,
): { readonly signature?: Signature } {
  const value = optional(part['thoughtSignature'], (one) => expectString(one, `${path}.thoughtSignature`));
  if (value === undefined || value === '') return {};
  if (part['thought'] !== true) notes.detail('message.extra', 'contents[].parts[].thoughtSignature');
  return { signature: { value, origin: ORIGIN } };
}

/** Documented members that no other protocol has a word for. */
function readExtra(part: JsonObject, notes: RequestNotes): { readonly extra?: BlockExtra } {
  const names = BESIDE.filter((name) => (part[name] ?? null) !== null);
  const [first] = names;
  if (first === undefined) return {};
  notes.detail('message.extra', `contents[].parts[].${first}`);
  return { extra: Object.fromEntries(names.map((name) => [name, part[name]])) };
}

/** Base64 may be of the kind for addresses: Google takes both, and its Python client sends that one. */
function readInline(part: JsonObject, path: string, notes: RequestNotes): Block {
  const data = camelNames(expectObject(part['inlineData'], path));
  notes.unknownMembers(data, ['mimeType', 'data', 'displayName'], path);
  const mediaType = expectName(data['mimeType'], `${path}.mimeType`).toLowerCase();
  const base64 = expectString(data['data'], `${path}.data`).replaceAll('-', '+').replaceAll('_', '/');
  const format = formatOfAudio(mediaType);
  if (format !== null) {
    notes.detail('message.audio', 'contents[].parts[].inlineData');
    readExtra(part, notes);
    return { type: 'audio', format, data: base64 };
  }
  const name = optional(data['displayName'], (one) => expectString(one, `${path}.displayName`));
  return mediaBlock(part, { kind: 'base64', mediaType, data: base64 }, name, notes);
}

/** Google's own stores are addresses too, of which only its account knows the file. */
const STORED = /^(gs:|https:\/\/generativelanguage\.googleapis\.com\/)/i;

function readFile(part: JsonObject, path: string, notes: RequestNotes): Block {
  const data = camelNames(expectObject(part['fileData'], path));
  notes.unknownMembers(data, ['mimeType', 'fileUri', 'displayName'], path);
  const uri = expectName(data['fileUri'], `${path}.fileUri`);
  const mediaType = optional(data['mimeType'], (one) => expectString(one, `${path}.mimeType`));
  const typed = mediaType === undefined ? {} : { mediaType };
  const isAddress = /^https?:/i.test(uri) && !STORED.test(uri);
  const source: MediaSource = isAddress
    ? { kind: 'url', url: uri, ...typed }
    : { kind: 'file', id: uri, ...typed };
  return mediaBlock(part, source, undefined, notes);
}

function mediaBlock(
  part: JsonObject,
  source: MediaSource,
  name: string | undefined,
  notes: RequestNotes,
): Block {
  const word = `contents[].parts[].${source.kind === 'base64' ? 'inlineData' : 'fileData'}`;
  const extra = readExtra(part, notes);
  if (source.mediaType?.startsWith('image/') === true) {
    notes.detail('message.image', word);
    return { type: 'image', source, ...extra };
  }
  notes.detail('message.file', word);
  return name === undefined ? { type: 'file', source } : { type: 'file', source, name };
}

/** Google's calls often have no id; the place in the history gives one, the same in every request. */
function readCall(part: JsonObject, path: string, notes: RequestNotes): Block {
  const call = camelNames(expectObject(part['functionCall'], path));
  notes.unknownMembers(call, ['id', 'name', 'args', 'partialArgs', 'willContinue'], path);
  const name = expectName(call['name'], `${path}.name`);
  const id = optional(call['id'], (one) => expectString(one, `${path}.id`));
  const args = optional(call['args'], (one) => expectObject(one, `${path}.args`)) ?? {};
  readExtra(part, notes);
  return {
    type: 'toolCall',
    id: id === undefined || id === '' ? mintToolId(path, 0, name) : id,
    name,
    arguments: JSON.stringify(args),
    ...readSignature(part, path, notes),
  };
}
