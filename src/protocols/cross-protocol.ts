import { CallError } from '../errors.ts';
import type { ChatRequest, ProtocolName } from './blocks.ts';
import { NO_FIELD } from './fields.ts';
import type { ReceiptBook } from './receipt.ts';

/** How many answers are wanted, by the protocols' own names. */
const ANSWERS = ['n', 'generationConfig.candidateCount'];
/** Part of the conversation, kept by Google. */
const KEPT_ELSEWHERE = ['cachedContent', 'continuationToken'];

/**
 * Why a request cannot leave its caller's protocol at all; null when it can, or stays in it.
 * Errors: `unknown_field` with the field's path, `thread_unsupported` for a conversation that Anthropic keeps
 * (`thread`), `invalid_request` for more than one answer (`n`) and for other content that the provider keeps.
 */
export function crossProtocolRefusal(request: ChatRequest, target: ProtocolName): CallError | null {
  if (request.protocol === target) return null;
  const [unknown] = request.unknownFields;
  if (unknown !== undefined) {
    return new CallError('unknown_field', {
      param: unknown,
      message: `"${unknown}" is no documented field, and the target speaks another protocol.`,
    });
  }
  // Dropping it would answer without the turns before: they are at the provider that the caller does not reach.
  if ((request.extra['thread'] ?? null) !== null) {
    return new CallError('thread_unsupported', { param: 'thread' });
  }
  for (const param of ANSWERS) {
    const count = request.extra[param];
    if (typeof count === 'number' && count > 1) {
      return new CallError('invalid_request', {
        param,
        message: `${param}: the target can give one answer only.`,
      });
    }
  }
  for (const param of KEPT_ELSEWHERE) {
    if ((request.extra[param] ?? null) === null) continue;
    const message = `${param}: what it names is at the provider that made it, and the target is another one.`;
    return new CallError('invalid_request', { param, message });
  }
  return null;
}

/** What `extra` becomes: all of it for a target of the caller's own protocol, nothing elsewhere. */
export function extraFor(
  request: ChatRequest,
  target: ProtocolName,
  book: ReceiptBook,
): Readonly<Record<string, unknown>> {
  const isSame = request.protocol === target;
  for (const name of Object.keys(request.extra)) {
    if (isSame) book.extra(name, 'carried');
    else book.extra(name, 'dropped', NO_FIELD);
  }
  return isSame ? request.extra : {};
}
