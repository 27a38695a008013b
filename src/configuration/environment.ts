import { PROVIDERS } from '../providers/catalogue.ts';
import type { Provider } from '../providers/provider.ts';
import { awsSecret } from './aws-credential.ts';
import { normaliseBaseUrl } from './base-url.ts';
import type { Environment } from './interpolate.ts';

export interface FoundProvider {
  readonly provider: Provider;
  /** Null for one that needs none. */
  readonly apiKey: string | null;
  /** Null where it is known only at run time. */
  readonly baseUrl: string | null;
}

const OLLAMA_VERSION_URL = 'http://127.0.0.1:11434/api/version';

/**
 * Providers whose usual variable holds a key, and whose address is known. An empty variable, or one that no header
 * can carry, counts as unset.
 */
export function findProviderKeys(env: Environment): FoundProvider[] {
  return PROVIDERS.flatMap((provider) => {
    const apiKey =
      firstSet(env, provider.keyVariables) ??
      (provider.protocol === 'bedrock-converse' ? awsFrom(env) : null);
    const baseUrl = provider.baseUrl ?? baseUrlFrom(provider, env);
    return apiKey === null || baseUrl === null ? [] : [{ provider, apiKey, baseUrl }];
  });
}

function firstSet(env: Environment, names: readonly string[]): string | null {
  for (const name of names) {
    const value = env[name]?.trim() ?? '';
    if (/^[\x21-\x7e]{1,4096}$/.test(value)) return value;
  }
  return null;
}

/** An AWS credential in the variables that all of AWS' own tools read; it is no good without a region. */
function awsFrom(env: Environment): string | null {
  const region = firstSet(env, ['AWS_REGION', 'AWS_DEFAULT_REGION']);
  const accessKeyId = firstSet(env, ['AWS_ACCESS_KEY_ID']);
  const secretAccessKey = firstSet(env, ['AWS_SECRET_ACCESS_KEY']);
  if (region === null || accessKeyId === null || secretAccessKey === null) return null;
  const sessionToken = firstSet(env, ['AWS_SESSION_TOKEN']);
  return awsSecret({ region, accessKeyId, secretAccessKey, sessionToken });
}

/** The first of the provider's templates whose variables are all set; hosts are often given without a scheme. */
function baseUrlFrom({ baseUrlTemplates }: Provider, env: Environment): string | null {
  for (const template of baseUrlTemplates ?? []) {
    let isWhole = true;
    const filled = template.replace(/\{(\w+)\}/g, (_all, name: string) => {
      const value = firstSet(env, [name]);
      if (value === null) isWhole = false;
      return value?.replace(/\/+$/, '') ?? '';
    });
    if (!isWhole) continue;
    const url = normaliseBaseUrl(filled.includes('://') ? filled : `https://${filled}`);
    if (url !== null) return url;
  }
  return null;
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
