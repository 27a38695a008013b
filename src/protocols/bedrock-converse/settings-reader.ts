import { type ChatRequest, REASONING_EFFORTS, type ReasoningEffort, type ResponseFormat } from '../blocks.ts';
import {
  expectArray,
  expectInteger,
  expectName,
  expectNumber,
  expectObject,
  expectOneOf,
  expectString,
  optional,
  refuse,
} from '../expect.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { FieldName } from '../receipt.ts';
import type { RequestNotes } from '../request-notes.ts';

type Inference = Pick<ChatRequest, 'maxOutputTokens' | 'temperature' | 'topP' | 'stop'>;

/** `inferenceConfig`. */
export function readInference(notes: RequestNotes): Inference {
  const config = memberOf(notes, 'inferenceConfig');
  notes.unknownMembers(config, ['maxTokens', 'temperature', 'topP', 'stopSequences'], 'inferenceConfig');
  const read = <T>(field: FieldName, name: string, parse: (value: unknown, path: string) => T) =>
    optional(config[name], (value) => {
      notes.detail(field, `inferenceConfig.${name}`);
      return parse(value, `inferenceConfig.${name}`);
    });
  return {
    maxOutputTokens: read('maxOutputTokens', 'maxTokens', (value, path) => expectInteger(value, path, 1)),
    temperature: read('temperature', 'temperature', (value, path) => expectNumber(value, path, 0, 1)),
    topP: read('topP', 'topP', (value, path) => expectNumber(value, path, 0, 1)),
    stop: read('stop', 'stopSequences', (value, path) =>
      expectArray(value, path).map((one, at) => expectString(one, `${path}[${at}]`)),
    ),
  };
}

interface Format {
  readonly responseFormat: ResponseFormat | undefined;
  readonly effort: ReasoningEffort | undefined;
}

/** `outputConfig`: the schema is JSON text in there. */
export function readFormat(notes: RequestNotes): Format {
  const config = memberOf(notes, 'outputConfig');
  notes.unknownMembers(config, ['textFormat', 'effort'], 'outputConfig');
  const effort = effortOf(config['effort']);
  if (effort !== undefined) notes.detail('reasoning', 'outputConfig.effort');
  else if (config['effort'] !== undefined) notes.keepValue('outputConfig.effort', config['effort']);
  const format = optional(config['textFormat'], (value) => expectObject(value, 'outputConfig.textFormat'));
  if (format === undefined) return { responseFormat: undefined, effort };
  notes.detail('responseFormat', 'outputConfig.textFormat');
  const path = 'outputConfig.textFormat.structure';
  expectOneOf(format['type'], 'outputConfig.textFormat.type', ['json_schema']);
  const spec = expectObject(expectObject(format['structure'], path)['jsonSchema'], `${path}.jsonSchema`);
  const schema = parseJson(expectString(spec['schema'], `${path}.jsonSchema.schema`));
  if (!isJsonObject(schema))
    return refuse(`${path}.jsonSchema.schema`, 'the text of a JSON object is expected.');
  return {
    effort,
    responseFormat: {
      type: 'jsonSchema',
      name: optional(spec['name'], (name) => expectName(name, `${path}.jsonSchema.name`)) ?? 'response',
      schema,
      strict: true,
      description: optional(spec['description'], (text) =>
        expectString(text, `${path}.jsonSchema.description`),
      ),
    },
  };
}

export function readTier(notes: RequestNotes): string | undefined {
  if (!notes.has('serviceTier')) return undefined;
  const tier = expectObject(notes.value('serviceTier'), 'serviceTier');
  notes.skip('serviceTier');
  notes.detail('serviceTier', 'serviceTier.type');
  return expectName(tier['type'], 'serviceTier.type');
}

interface ModelFields {
  readonly topK: number | undefined;
  readonly reasoning: ChatRequest['reasoning'];
}

const FIELDS = 'additionalModelRequestFields';

/**
 * What models take beside `inferenceConfig`, each in its own words. What is not one of the words for a setting
 * with internal form stays as it is.
 */
export function readModelFields(notes: RequestNotes): ModelFields {
  const value = notes.value(FIELDS);
  notes.skip(FIELDS);
  if (!isJsonObject(value)) {
    if (value !== undefined && value !== null) notes.keepValue(FIELDS, value);
    return { topK: undefined, reasoning: undefined };
  }
  let topK: number | undefined;
  let reasoning: ChatRequest['reasoning'];
  for (const [name, member] of Object.entries(value)) {
    const path = `${FIELDS}.${name}`;
    const setting = name === 'top_k' ? undefined : reasoningOf(name, member);
    if (name === 'top_k' && Number.isSafeInteger(member) && (member as number) >= 0) {
      topK = member as number; // a safe integer
      notes.detail('topK', path);
    } else if (setting !== undefined) {
      reasoning = { ...reasoning, ...setting };
      notes.detail('reasoning', path);
    } else {
      notes.keepValue(path, member);
    }
  }
  return { topK, reasoning };
}

/** `thinking` and `output_config` of Anthropic's models, `reasoning_effort` of OpenAI's, nothing more in them. */
function reasoningOf(name: string, value: unknown): ChatRequest['reasoning'] {
  if (name === 'reasoning_effort') {
    const effort = effortOf(value);
    return effort === undefined ? undefined : { effort };
  }
  if (!isJsonObject(value)) return undefined;
  const { type, budget_tokens: budget, effort, ...others } = value;
  if (Object.keys(others).length > 0) return undefined;
  if (name === 'output_config' && type === undefined && budget === undefined) {
    const known = effortOf(effort);
    return known === undefined ? undefined : { effort: known };
  }
  if (name !== 'thinking' || effort !== undefined) return undefined;
  if (type === 'enabled' && Number.isSafeInteger(budget)) return { budgetTokens: budget as number }; // as checked
  if (budget !== undefined) return undefined;
  if (type === 'adaptive') return { adaptive: true };
  return type === 'disabled' ? { effort: 'none' } : undefined;
}

const effortOf = (value: unknown): ReasoningEffort | undefined =>
  REASONING_EFFORTS.find((effort) => effort === value);

/** A member that is split into details; an empty object where it is absent. */
function memberOf(notes: RequestNotes, name: string): JsonObject {
  notes.skip(name);
  return optional(notes.value(name), (value) => expectObject(value, name)) ?? {};
}
