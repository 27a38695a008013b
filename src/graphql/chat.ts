import type { InvocationResult } from '../calls/invocation.ts';
import { CallError } from '../errors.ts';
import { CallFailure } from './call-failure.ts';
import { type ChatInputValue, readChatInput } from './chat-input.ts';
import type { CallerContext } from './context.ts';
import { TokenStream } from './token-stream.ts';

/**
 * One complete call. The caller leaving cancels it.
 * Errors: CallError for a bad input, CallFailure with the call's own error.
 */
export function completeChat(input: ChatInputValue, context: CallerContext): Promise<InvocationResult> {
  const invocation = begin(input, false, context);
  return new Promise((resolve, reject) => {
    const cancel = () => {
      handle.cancel();
      reject(new CallError('client_closed_request'));
    };
    const handle = context.invoke(invocation, {
      start: () => {},
      event: () => true,
      end(result) {
        context.signal.removeEventListener('abort', cancel);
        if (result.error === null) resolve(result);
        else reject(new CallFailure(result.error, result.callId));
      },
    });
    context.noteCall(handle.callId);
    context.signal.addEventListener('abort', cancel, { once: true });
  });
}

/** One streamed call, started at once. Errors: CallError for a bad input; the stream itself fails with CallFailure. */
export function streamChat(input: ChatInputValue, context: CallerContext): TokenStream {
  const invocation = begin(input, true, context);
  const stream = new TokenStream({
    start: (sink) => context.invoke(invocation, sink),
    signal: context.signal,
    model: input.model,
    queueBytesMax: context.limits.streamQueueBytesMax,
  });
  context.noteCall(stream.callId);
  return stream;
}

/** A document may hold many calls: none of them starts for a caller who has left. */
function begin(input: ChatInputValue, stream: boolean, context: CallerContext) {
  const request = readChatInput(input, stream);
  if (request instanceof CallError) throw request;
  if (context.signal.aborted) throw new CallError('client_closed_request');
  return {
    identity: context.identity,
    request,
    isStrict: input.strict ?? false,
    idempotencyKey: input.idempotencyKey ?? null,
  };
}
