import type { Call } from '../call.ts';
import type { ServedBy } from '../calls/invocation.ts';

/** Who answered a call, as far as it came; null before it went to anybody. */
export function servedBy(call: Call | null, attempts: number): ServedBy | null {
  const target = call?.target ?? null;
  if (target === null) return null;
  const { connection, model } = target;
  return {
    connection: connection.name,
    provider: connection.provider,
    model: call?.lane?.servedModel ?? model,
    protocol: connection.protocol,
    attempts,
  };
}
