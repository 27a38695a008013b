import type { ChatRequest, ReasoningSetting, ResponseFormat } from '../blocks.ts';
import {
  expectArray,
  expectInteger,
  expectNumber,
  expectObject,
  expectOneOf,
  expectString,
  optional,
} from '../expect.ts';
import { OWN_CONFIG_FIELDS } from '../own-fields.ts';
import type { JsonObject } from '../protocol.ts';
import type { FieldName } from '../receipt.ts';
import type { RequestNotes } from '../request-notes.ts';
import { camelNames } from './camel-names.ts';
import { readSchema } from './schema-reader.ts';

const PATH = 'generationConfig';

type Config = Pick<
  ChatRequest,
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'seed'
  | 'stop'
  | 'maxOutputTokens'
  | 'presencePenalty'
  | 'frequencyPenalty'
  | 'responseFormat'
  | 'reasoning'
>;

/** The members of `generationConfig` that nobody has taken yet, noted as they are taken. */
class ConfigMembers {
  readonly #notes: RequestNotes;
  readonly #left: Map<string, unknown>;

  constructor(config: JsonObject, notes: RequestNotes) {
    this.#notes = notes;
    this.#left = new Map(Object.entries(config).filter(([, value]) => value !== null));
  }

  take<T>(field: FieldName, name: string, read: (value: unknown, path: string) => T): T | undefined {
    const value = this.#left.get(name);
    if (!this.#left.delete(name)) return undefined;
    this.#notes.detail(field, `${PATH}.${name}`);
    return read(value, `${PATH}.${name}`);
  }

  peek(name: string): unknown {
    return this.#left.get(name);
  }

  drop(...names: readonly string[]): void {
    for (const name of names) this.#left.delete(name);
  }

  close(): void {
    for (const [name, value] of this.#left) {
      this.#notes.keepValue(`${PATH}.${name}`, value);
      if (!OWN_CONFIG_FIELDS.includes(name)) this.#notes.unknown(`${PATH}.${name}`);
    }
  }
}

/** `generationConfig` (Gemini API reference, "GenerationConfig"). */
export function readConfig(notes: RequestNotes): Config {
  const value = optional(notes.value(PATH), (one) => expectObject(one, PATH)) ?? {};
  notes.skip(PATH);
  const members = new ConfigMembers(camelNames(value), notes);
  const number = (field: FieldName, name: string, min: number, max: number) =>
    members.take(field, name, (one, path) => expectNumber(one, path, min, max));
  const config = {
    temperature: number('temperature', 'temperature', 0, 2),
    topP: number('topP', 'topP', 0, 1),
    topK: members.take('topK', 'topK', (one, path) => expectInteger(one, path, 0)),
    seed: members.take('seed', 'seed', (one, path) => expectInteger(one, path, Number.MIN_SAFE_INTEGER)),
    stop: members.take('stop', 'stopSequences', (one, path) =>
      expectArray(one, path).map((text, at) => expectString(text, `${path}[${at}]`)),
    ),
    maxOutputTokens: members.take('maxOutputTokens', 'maxOutputTokens', (one, path) =>
      expectInteger(one, path, 1),
    ),
    presencePenalty: number('presencePenalty', 'presencePenalty', -2, 2),
    frequencyPenalty: number('frequencyPenalty', 'frequencyPenalty', -2, 2),
    responseFormat: readFormat(members),
    reasoning: members.take('reasoning', 'thinkingConfig', (one, path) => readThinking(one, path, notes)),
  };
  members.close();
  return config;
}

/**
 * A media type and a schema, which is Google's own kind of schema in `responseSchema`; or both in the newer
 * `responseFormat.text`. A choice of words (`text/x.enum`) is no JSON: it stays as it is.
 */
function readFormat(members: ConfigMembers): ResponseFormat | undefined {
  const json = members.peek('responseJsonSchema') ?? members.peek('_responseJsonSchema');
  const own = members.peek('responseSchema');
  const type = members.peek('responseMimeType');
  const newer = members.peek('responseFormat');
  if (newer !== undefined && type === undefined) return readNewerFormat(newer, members);
  if (type === 'text/plain') {
    return members.take('responseFormat', 'responseMimeType', () => ({ type: 'text' }));
  }
  if (type !== 'application/json') return undefined;
  const name =
    json !== undefined ? 'responseJsonSchema' : own !== undefined ? 'responseSchema' : 'responseMimeType';
  members.take('responseFormat', name, () => undefined);
  members.drop('responseMimeType', '_responseJsonSchema');
  if (json !== undefined) return schemaFormat(expectObject(json, `${PATH}.responseJsonSchema`));
  if (own === undefined) return { type: 'jsonObject' };
  return schemaFormat(readSchema(expectObject(own, `${PATH}.responseSchema`)));
}

function readNewerFormat(value: unknown, members: ConfigMembers): ResponseFormat | undefined {
  const path = `${PATH}.responseFormat`;
  const text = expectObject(value, path)['text'];
  if (text === undefined) return undefined;
  const format = camelNames(expectObject(text, `${path}.text`));
  if (format['mimeType'] === 'TEXT_PLAIN') return undefined;
  members.take('responseFormat', 'responseFormat', () => undefined);
  const schema = optional(format['schema'], (one) => expectObject(one, `${path}.text.schema`));
  return schema === undefined ? { type: 'jsonObject' } : schemaFormat(schema);
}

const schemaFormat = (schema: JsonObject): ResponseFormat => ({
  type: 'jsonSchema',
  name: 'response',
  schema,
  strict: true,
});

const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] as const;
const EFFORTS = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' } as const;

/** A budget of tokens (0 is off, −1 leaves it to the model) or a level; never both. */
function readThinking(value: unknown, path: string, notes: RequestNotes): ReasoningSetting | undefined {
  const { thinkingBudget, thinkingLevel, includeThoughts, ...others } = camelNames(expectObject(value, path));
  notes.unknownMembers(others, [], path);
  if ((includeThoughts ?? null) !== null) notes.keepValue(`${path}.includeThoughts`, includeThoughts);
  const budgetTokens = optional(thinkingBudget, (one) => expectInteger(one, `${path}.thinkingBudget`, -1));
  const named = optional(thinkingLevel, (one) => expectString(one, `${path}.thinkingLevel`).toUpperCase());
  if (named !== undefined && named !== 'THINKING_LEVEL_UNSPECIFIED') {
    return { effort: EFFORTS[expectOneOf(named, `${path}.thinkingLevel`, LEVELS)] };
  }
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens === 0) return { effort: 'none' };
  return budgetTokens === -1 ? { adaptive: true } : { budgetTokens };
}
