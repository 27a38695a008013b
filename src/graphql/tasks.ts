import type { TaskResult } from '../calls/task-invocation.ts';
import { CallError } from '../errors.ts';
import { type AskedTask, jsonTask } from '../operations/model-task.ts';
import type { JsonSpec } from '../operations/spec.ts';
import { parseObject } from '../protocols/json-parse.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { CallFailure } from './call-failure.ts';
import type { CallerContext } from './context.ts';
import { InputFault } from './input-fault.ts';

type Maybe<T> = T | null | undefined;

/** What inputs of all operations have in common. */
export interface TaskOptions {
  readonly strict?: Maybe<boolean>;
  readonly idempotencyKey?: Maybe<string>;
}

/** An answer, read, with all that is known of its call. */
export interface Answered<T> extends TaskResult {
  readonly value: T;
}

const IDEMPOTENCY_KEY_CHARS_MAX = 255;

/**
 * Makes one call and reads its answer. The caller leaving cancels it. `read` gives null for an answer that is not
 * of its form.
 * Errors: CallError for a bad input, CallFailure with the call's own error.
 */
export function runTask<T>(
  asked: AskedTask,
  { strict, idempotencyKey }: TaskOptions,
  context: CallerContext,
  read: (result: TaskResult) => T | null,
): Promise<Answered<T>> {
  const keyChars = idempotencyKey?.length ?? 1;
  if (keyChars === 0 || keyChars > IDEMPOTENCY_KEY_CHARS_MAX) {
    throw faultOf(
      new InputFault('input.idempotencyKey', `must have 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} characters`),
    );
  }
  if (context.signal.aborted) throw new CallError('client_closed_request');
  const invocation = {
    identity: context.identity,
    asked,
    isStrict: strict ?? false,
    idempotencyKey: idempotencyKey ?? null,
  };
  return new Promise((resolve, reject) => {
    const cancel = () => {
      handle.cancel();
      reject(new CallError('client_closed_request'));
    };
    const handle = context.operate(invocation, (result) => {
      context.signal.removeEventListener('abort', cancel);
      if (result.error !== null) return reject(new CallFailure(result.error, result.callId));
      const value = read(result);
      if (value !== null) return resolve({ ...result, value });
      reject(new CallFailure(new CallError('upstream_malformed'), result.callId));
    });
    context.noteCall(handle.callId);
    context.signal.addEventListener('abort', cancel, { once: true });
  });
}

/** A request in OpenAI's form; members without a value are left out. Throws a CallError for one that cannot be. */
export function jsonRequest(spec: JsonSpec, body: JsonObject, { limits }: CallerContext): AskedTask {
  const given = Object.entries(body).filter(([, value]) => value !== undefined && value !== null);
  const asked = jsonTask(spec, Buffer.from(JSON.stringify(Object.fromEntries(given))), limits);
  if (asked instanceof CallError) throw asked;
  return asked;
}

/** The answer as an object; null where it is none. */
export function jsonOf({ body }: TaskResult): JsonObject | null {
  const value = parseObject(body);
  return value instanceof CallError ? null : value;
}

/** Runs the checks of an input; what they throw becomes `invalid_request` with the field's path. */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof InputFault ? faultOf(error) : error;
  }
}

function faultOf({ message, path }: InputFault): CallError {
  return new CallError('invalid_request', { message, param: path });
}
