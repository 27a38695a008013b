import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';

/** JSON text of a `functionCall` part: the arguments stay as they were written. */
export function callPart(
  call: { readonly id?: string | undefined; readonly name: string; readonly args: string },
  signature?: string,
): string {
  const functionCall = objectText([
    ['id', call.id === undefined ? undefined : JSON.stringify(call.id)],
    ['name', JSON.stringify(call.name)],
    ['args', argsText(call.args)],
  ]);
  return objectText([
    ['functionCall', functionCall],
    ['thoughtSignature', signature === undefined ? undefined : JSON.stringify(signature)],
  ]);
}

/** Gemini's arguments are an object; those cut off by the token limit are shown as they are. */
function argsText(text: string): string {
  if (text.trim() === '') return '{}';
  return isObjectText(text) ? text : JSON.stringify({ invalid_arguments: text });
}

export const isObjectText = (text: string) => text.trim() === '' || isJsonObject(parseJson(text));
