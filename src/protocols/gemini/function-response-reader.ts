import type { Block } from '../blocks.ts';
import { expectArray, expectName, expectObject, expectString, optional } from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { camelNames } from './camel-names.ts';
import { readPart } from './part-reader.ts';

const PATH = 'contents[].parts[].functionResponse';

export interface FunctionResponse {
  readonly id: string | undefined;
  readonly name: string;
  readonly content: readonly Block[];
  readonly isError: boolean;
}

/**
 * `functionResponse` of a part. By Google's convention `output` holds what the function gave and `error` what went
 * wrong; an object with neither is the output itself.
 */
export function readFunctionResponse(part: JsonObject, path: string, notes: RequestNotes): FunctionResponse {
  const own = `${path}.functionResponse`;
  const value = camelNames(expectObject(part['functionResponse'], own));
  notes.unknownMembers(value, ['id', 'name', 'response', 'parts', 'scheduling', 'willContinue'], own);
  for (const name of ['scheduling', 'willContinue']) {
    if ((value[name] ?? null) !== null) notes.keepValue(`${PATH}.${name}`, value[name]);
  }
  const response = optional(value['response'], (one) => expectObject(one, `${own}.response`)) ?? {};
  const isError = (response['error'] ?? null) !== null && response['output'] === undefined;
  if (isError) notes.detail('toolResult.isError', `${PATH}.response.error`);
  const media = optional(value['parts'], (one) => expectArray(one, `${own}.parts`)) ?? [];
  const blocks = media.map((one, at) =>
    readPart(camelNames(expectObject(one, `${own}.parts[${at}]`)), `${own}.parts[${at}]`, notes),
  );
  return {
    id: optional(value['id'], (one) => expectString(one, `${own}.id`)),
    name: expectName(value['name'], `${own}.name`),
    content: [{ type: 'text', text: textOf(isError ? response['error'] : wordsOf(response)) }, ...blocks],
    isError,
  };
}

function wordsOf(response: JsonObject): unknown {
  const names = Object.keys(response);
  return names.length === 1 && names[0] === 'output' ? response['output'] : response;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
