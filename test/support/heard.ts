import type { Wire } from './call.ts';
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
  readonly protocol: Wire | 'openai-responses' | 'graphql';
  whole(rig: ReplayRig, wire: Wire): Promise<Heard>;
  stream(rig: ReplayRig, wire: Wire): Promise<Heard>;
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
    const headers = (failure as { headers?: Headers }).headers;
    return {
      ...heard,
      callId: heard.callId ?? headers?.get('x-sluice-call-id') ?? null,
      said: null,
      failure,
    };
  }
}

export const idOf = (response: Response) => response.headers.get('x-sluice-call-id');
