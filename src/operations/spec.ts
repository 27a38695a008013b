import type { CallError } from '../errors.ts';
import type { ProtocolName } from '../protocols/blocks.ts';
import type { ScanResult } from '../protocols/json-scan.ts';
import { type MemberEdit, splice } from '../protocols/json-splice.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { editForm, type Form } from './multipart.ts';
import type { Operation } from './operation.ts';
import type { AnswerForm, RequestBytes, Sending } from './task.ts';

/** A request whose body is JSON. */
export interface JsonAsked {
  readonly bytes: Buffer;
  readonly scan: ScanResult;
  readonly json: JsonObject;
  readonly isStream: boolean;
}

/** A request whose body is a form. */
export interface FormAsked {
  readonly form: Form;
  readonly isStream: boolean;
  /** The value of `response_format`; empty where the caller did not say. */
  readonly responseFormat: string;
  /** The value of `n`; 1 where the caller did not say. */
  readonly count: number;
}

interface CommonSpec {
  readonly operation: Operation;
  /** Below the base URL of an OpenAI-style server. */
  readonly path: string;
  /** The model that the vendor takes where a request names none; null where it must name one. */
  readonly defaultModel: string | null;
}

/** An operation whose request is JSON. */
export interface JsonSpec extends CommonSpec {
  /** What every target needs; null when all is well. */
  shapeError(json: JsonObject): CallError | null;
  /** The request for an OpenAI-style server. */
  pass(asked: JsonAsked, target: ResolvedTarget): Sending | CallError;
  /** Requests in other protocols. */
  readonly writers: Readonly<Partial<Record<ProtocolName, JsonWriter>>>;
}

export type JsonWriter = (asked: JsonAsked, target: ResolvedTarget) => Sending | CallError;

/** An operation whose request is a form; only OpenAI-style servers have such. */
export interface FormSpec extends CommonSpec {
  answer(asked: FormAsked): AnswerForm;
}

/** The protocols whose servers have OpenAI's other endpoints beside theirs. */
export function isOpenaiStyle(protocol: ProtocolName): boolean {
  return protocol === 'openai-chat' || protocol === 'openai-responses';
}

/** The caller's JSON with the target's model in it, and these other members set. */
export function passJson(
  { path }: Pick<CommonSpec, 'path'>,
  { bytes, scan, json }: JsonAsked,
  { model }: ResolvedTarget,
  answer: AnswerForm,
  others: readonly MemberEdit[] = [],
): Sending {
  const edits = json['model'] === model ? others : [{ key: 'model', json: JSON.stringify(model) }, ...others];
  return sendingOf(path, 'application/json', edits.length === 0 ? bytes : splice(bytes, scan, edits), answer);
}

/** The caller's form with the target's model in it. */
export function passForm(
  { path }: FormSpec,
  { form }: FormAsked,
  model: string,
  answer: AnswerForm,
): Sending {
  const edits = form.parts
    .filter(({ name }) => name === 'model')
    .map(({ value }) => ({ span: value, text: model }));
  return sendingOf(path, form.contentType, editForm(form, edits), answer);
}

function sendingOf(path: string, contentType: string, body: RequestBytes, answer: AnswerForm): Sending {
  return { method: 'POST', path, contentType, body, receipt: null, answer };
}
