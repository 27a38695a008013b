import type { Call } from '../call.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { ROUGH_TOKENS_PER_BYTE, roughRequestTokens } from '../tokens/rough.ts';
import type { CallTally } from '../tokens/tally.ts';
import type { TokenWork } from '../tokens/worker-messages.ts';

/** The tally of this try; null for a target that tells its usage, or of which nothing is known yet. */
export function tallyOf({ input, ports, tally: earlier }: Call, target: ResolvedTarget): CallTally | null {
  earlier?.close();
  if (input.operation !== 'chat') return null;
  const tally = ports.tallies.open(target.name, target.connection.protocol, earlier);
  if (tally === null) return null;
  const work = workOf(input, ports.limits.tokenTextCharsMax);
  if (work !== null) tally.input(work);
  return tally;
}

/** Null for a request that is too large to be counted. */
function workOf({ body, request, model, isStream }: Call['input'], bytesMax: number): TokenWork | null {
  if (request !== null) {
    const bytes = roughRequestTokens(request) / ROUGH_TOKENS_PER_BYTE;
    return bytes > bytesMax ? null : { kind: 'request', request };
  }
  if (body === null || body.bytes.length > bytesMax) return null;
  // A copy of its own: it is given away.
  const bytes = new Uint8Array(body.bytes);
  return { kind: 'body', protocol: body.protocol.name, model, isStream, bytes };
}
