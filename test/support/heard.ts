import type { CallerProtocol, ProtocolName } from '../../src/protocols/blocks.ts';
import type { Said } from './recorded-answer.ts';
import type { SdkRig } from './sdk-rig.ts';

/** What a caller got: all of it, or as much as came before the error. */
export interface Heard {
  readonly callId: string | null;
  /** Null when the answer did not end properly. */
  readonly said: Said | null;
  readonly text: string;
  /** What the client threw, or the error of the graph. */
  readonly failure: unknown;
}

/** What callers need of a rig. */
export type ReplayRig = Pick<SdkRig, 'openai' | 'anthropic' | 'gateway'>;

export interface ReplayCaller {
  readonly name: string;
  readonly protocol: CallerProtocol;
  /** `wire` is the upstream's protocol. */
  whole(rig: ReplayRig, wire: ProtocolName): Promise<Heard>;
  stream(rig: ReplayRig, wire: ProtocolName): Promise<Heard>;
}

/** Collects what is heard while `run` runs; what it throws is the failure. */
export async function hear(
  run: (heard: { callId: string | null; text: string }) => Promise<Said>,
): Promise<Heard> {
  const heard = { callId: null as string | null, text: '' };
  try {
    const said = await run(heard);
    return { ...heard, text: said.text, said, failure: null };
  } catch (failure) {
    return { ...heard, callId: heard.callId ?? idOfError(failure), said: null, failure };
  }
}

/** The call's id as the errors of the clients show it; null for those of Google's, which have no headers. */
function idOfError(error: unknown): string | null {
  const { headers, rawResponse, $metadata } = error as {
    headers?: Headers;
    rawResponse?: { headers: Headers };
    $metadata?: { requestId?: string };
  };
  return (headers ?? rawResponse?.headers)?.get('x-sluice-call-id') ?? $metadata?.requestId ?? null;
}

export const idOf = (response: Response) => response.headers.get('x-sluice-call-id');
