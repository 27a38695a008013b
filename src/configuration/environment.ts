import { PROVIDERS } from '../providers/catalogue.ts';
import type { Provider } from '../providers/provider.ts';
import type { Environment } from './interpolate.ts';

export interface FoundProvider {
  readonly provider: Provider;
  /** Null for one that needs none. */
  readonly apiKey: string | null;
}

const OLLAMA_VERSION_URL = 'http://127.0.0.1:11434/api/version';

/** Providers whose usual variable holds a key. An empty one, or one that no header can carry, counts as unset. */
export function findProviderKeys(env: Environment): FoundProvider[] {
  return PROVIDERS.flatMap((provider) => {
    for (const name of provider.keyVariables) {
      const apiKey = env[name]?.trim() ?? '';
      if (/^[\x21-\x7e]{1,4096}$/.test(apiKey)) return [{ provider, apiKey }];
    }
    return [];
  });
}

/** Whether an Ollama server answers at its usual port (https://docs.ollama.com/api#version). Never throws. */
export async function probeOllama(timeoutMs: number, url = OLLAMA_VERSION_URL): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    await response.body?.cancel();
    return response.ok && isJson;
  } catch {
    return false;
  }
}
