import { CallError } from '../errors.ts';
import { isJsonObject, parseJson } from '../protocols/json-parse.ts';
import { jsonForm, readPlain, type ScannedAnswer } from './answers.ts';
import { asksForBase64 } from './embedding-forms.ts';
import { cohereEmbeddings } from './embeddings-cohere.ts';
import { geminiEmbeddings } from './embeddings-gemini.ts';
import { type JsonSpec, passJson } from './spec.ts';
import type { ReadAnswer } from './task.ts';
import { readVector, vectorToBase64 } from './vectors.ts';

/** Texts to vectors. */
export const embeddings: JsonSpec = {
  operation: 'embeddings',
  path: '/embeddings',
  defaultModel: null,
  shapeError(json) {
    if (json['input'] !== undefined && json['input'] !== null) return null;
    return new CallError('invalid_request', { param: 'input', message: '"input" must be given.' });
  },
  pass(asked, target) {
    const read = asksForBase64(asked.json) ? readBase64 : readAsItIs;
    return passJson(embeddings, asked, target, jsonForm(read));
  },
  writers: { gemini: geminiEmbeddings, 'cohere-chat': cohereEmbeddings },
};

const VALUE = /^\s*:\s*(.)/;
const KEY = Buffer.from('"embedding"');
/** More white space between a key and its value than any server writes. */
const SPACE_BYTES_MAX = 64;

const readAsItIs = (answer: ScannedAnswer): ReadAnswer => readPlain(answer, false);

/**
 * OpenAI's own client asks for base64 when its user asked for nothing, and reads what comes as base64. Servers
 * that know no `encoding_format` answer with numbers, which it would take for garbage: they are put into base64.
 */
function readBase64(answer: ScannedAnswer): ReadAnswer {
  const plain = readPlain(answer, false);
  const data = answer.scan.members.get('data');
  if (data === undefined) return plain;
  if (!holdsNumbers(answer.body, data.start)) return plain;
  const json = parseJson(answer.body.toString());
  if (!isJsonObject(json) || !Array.isArray(json['data'])) return plain;
  const entries = json['data'].map((entry: unknown) => {
    const vector = isJsonObject(entry) ? readVector(entry['embedding']) : null;
    return isJsonObject(entry) && vector !== null ? { ...entry, embedding: vectorToBase64(vector) } : entry;
  });
  return { ...plain, body: Buffer.from(JSON.stringify({ ...json, data: entries })) };
}

/** Whether the first vector is a list. `"object": "embedding"` stands before it: a key is what a colon follows. */
function holdsNumbers(body: Buffer, from: number): boolean {
  let at = body.indexOf(KEY, from);
  while (at !== -1) {
    const value = VALUE.exec(body.toString('latin1', at + KEY.length, at + KEY.length + SPACE_BYTES_MAX));
    if (value !== null) return value[1] === '[';
    at = body.indexOf(KEY, at + KEY.length);
  }
  return false;
}
