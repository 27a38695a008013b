import { CallError } from '../errors.ts';
import { parseObject } from '../protocols/json-parse.ts';
import type { ScanLimits } from '../protocols/json-scan.ts';
import { scanObject } from '../protocols/json-scan.ts';
import { usableConnections } from '../tenancy/connections.ts';
import { resolveModel } from '../tenancy/models.ts';
import type { ResolvedModel, ResolvedTarget } from '../tenancy/routes.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';
import { hasEndpoint, routeByModel } from './endpoints.ts';
import { type FormLimits, formField, isForm, scanForm } from './multipart.ts';
import {
  type FormAsked,
  type FormSpec,
  isOpenaiStyle,
  type JsonAsked,
  type JsonSpec,
  passForm,
} from './spec.ts';
import type { Sending, Task } from './task.ts';

/** A request that names a model, read as far as every target needs. */
export interface AskedTask {
  readonly task: Task;
  /** As the caller wrote it, or the vendor's default. */
  readonly model: string;
  readonly isStream: boolean;
}

/**
 * A request whose body is JSON. Errors: those of `scanObject` and `parseObject`, `invalid_request` with the field
 * in `param`.
 */
export function jsonTask(spec: JsonSpec, bytes: Buffer, limits: ScanLimits): AskedTask | CallError {
  const scan = scanObject(bytes, limits);
  if (scan instanceof CallError) return scan;
  const json = parseObject(bytes);
  if (json instanceof CallError) return json;
  const model = json['model'] ?? spec.defaultModel;
  if (typeof model !== 'string' || model === '') return noModel();
  const stream = json['stream'] ?? false;
  if (typeof stream !== 'boolean') return notBoolean();
  const wrong = spec.shapeError(json);
  if (wrong !== null) return wrong;
  const isStream = stream || json['stream_format'] === 'sse';
  const asked: JsonAsked = { bytes, scan, json, isStream };
  const write = (target: ResolvedTarget): Sending | CallError => {
    const { protocol } = target.connection;
    if (isOpenaiStyle(protocol)) return spec.pass(asked, target);
    return spec.writers[protocol]?.(asked, target) ?? new CallError('endpoint_unsupported');
  };
  return { task: taskOf(spec, bytes, model, write), model, isStream };
}

/** A request whose body is a form. Errors: those of `scanForm` and `formField`, `invalid_request`. */
export function formTask(
  spec: FormSpec,
  bytes: Buffer,
  contentType: string,
  limits: FormLimits,
): AskedTask | CallError {
  const form = scanForm(bytes, contentType, limits);
  if (form instanceof CallError) return form;
  const read = (name: string) => formField(form, name, limits);
  const [model, stream, format, n] = [read('model'), read('stream'), read('response_format'), read('n')];
  for (const field of [model, stream, format, n]) if (field instanceof CallError) return field;
  if (typeof model !== 'string' || model === '') return noModel();
  // The official Python client writes True.
  if (stream !== null && !/^(?:true|false)$/i.test(String(stream))) return notBoolean();
  const asked: FormAsked = {
    form,
    isStream: /^true$/i.test(String(stream)),
    responseFormat: typeof format === 'string' ? format : '',
    count: typeof n === 'string' && /^[1-9]\d?$/.test(n) ? Number(n) : 1,
  };
  const write = (target: ResolvedTarget) => passForm(spec, asked, target.model, spec.answer(asked));
  return { task: taskOf(spec, bytes, model, write), model, isStream: asked.isStream };
}

/** What a form must say of itself; `unsupported_media_type` else. */
export function formTypeError(contentType: string | undefined): CallError | null {
  if (isForm(contentType)) return null;
  const message =
    'The request body must be a form: send the header "Content-Type: multipart/form-data; boundary=…".';
  return new CallError('unsupported_media_type', { message });
}

function taskOf(
  spec: JsonSpec | FormSpec,
  bytes: Buffer,
  model: string,
  send: (target: ResolvedTarget) => Sending | CallError,
): Task {
  const { operation } = spec;
  const route = (snapshot: Snapshot, identity: Identity) =>
    model === spec.defaultModel
      ? routeDefault(snapshot, identity, model, spec)
      : routeByModel(snapshot, identity, model, operation);
  return { operation, bytes, route, send };
}

/** A vendor's default model need not be declared: the only connection that has the endpoint is asked for it. */
function routeDefault(
  snapshot: Snapshot,
  identity: Identity,
  name: string,
  { operation }: JsonSpec | FormSpec,
): ResolvedModel | CallError {
  const model = resolveModel(snapshot, identity, name);
  if (!(model instanceof CallError) || model.code !== 'model_not_found') {
    return routeByModel(snapshot, identity, name, operation);
  }
  const [only, ...others] = usableConnections(snapshot, identity).filter((each) =>
    hasEndpoint(each, operation),
  );
  if (only === undefined || others.length > 0) return model;
  return routeByModel(snapshot, identity, `${only.name}/${name}`, operation);
}

function noModel(): CallError {
  const message = '"model" must be a non-empty string.';
  return new CallError('invalid_request', { param: 'model', message });
}

function notBoolean(): CallError {
  return new CallError('invalid_request', { param: 'stream', message: '"stream" must be true or false.' });
}
