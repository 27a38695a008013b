import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { normaliseBaseUrl } from '../../../src/configuration/base-url.ts';
import { findProviderKeys, probeOllama } from '../../../src/configuration/environment.ts';
import { PROVIDERS } from '../../../src/providers/catalogue.ts';

describe('provider keys in the environment', () => {
  const found = (env: Record<string, string>) =>
    findProviderKeys(env).map(({ provider, apiKey }) => `${provider.name}=${apiKey}`);

  it('are found under their usual names, the first name first', () => {
    expect(
      found({ OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: ' b\n', GOOGLE_API_KEY: 'c', GEMINI_API_KEY: 'd' }),
    ).toEqual(['openai=a', 'anthropic=b', 'gemini=d']);
    expect(found({ GOOGLE_API_KEY: 'c', GEMINI_API_KEY: '' })).toEqual(['gemini=c']);
  });

  it.each(['', '  ', 'a b', 'a\nb', 'ké', '\0'])('are not taken when they are %j', (value) => {
    expect(found({ OPENAI_API_KEY: value })).toEqual([]);
  });
});

describe('providers without a common address', () => {
  const urlOf = (env: Record<string, string>) => findProviderKeys(env).map(({ baseUrl }) => baseUrl);

  it('are found where the environment says the address too', () => {
    expect(urlOf({ AZURE_OPENAI_API_KEY: 'k' })).toEqual([]);
    expect(
      urlOf({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://r.openai.azure.com/' }),
    ).toEqual(['https://r.openai.azure.com']);
    expect(urlOf({ AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'r' })).toEqual(['https://r.openai.azure.com']);
    expect(urlOf({ CLOUDFLARE_API_TOKEN: 'k', CLOUDFLARE_ACCOUNT_ID: 'abc' })).toEqual([
      'https://api.cloudflare.com/client/v4/accounts/abc/ai/v1',
    ]);
  });

  it('have hosts that are written with or without a scheme', () => {
    for (const host of ['dbc-1.cloud.databricks.com', 'https://dbc-1.cloud.databricks.com/']) {
      expect(urlOf({ DATABRICKS_TOKEN: 'k', DATABRICKS_HOST: host })).toEqual([
        'https://dbc-1.cloud.databricks.com/serving-endpoints',
      ]);
    }
  });

  it.each(['ftp://a', 'a b', 'https://user:pw@a.test', 'https://a.test/?x=1'])(
    'are not found by an address that is none: %j',
    (host) => {
      expect(urlOf({ DATABRICKS_TOKEN: 'k', DATABRICKS_HOST: host })).toEqual([]);
    },
  );
});

describe('every provider with usual variables', () => {
  it.each(PROVIDERS.filter(({ keyVariables }) => keyVariables.length > 0))(
    '$name is found by the first of them',
    ({ name, keyVariables, baseUrlTemplates = [] }) => {
      const env: Record<string, string> = { [keyVariables[0] ?? '']: 'k' };
      for (const [, variable = ''] of (baseUrlTemplates[0] ?? '').matchAll(/\{(\w+)\}/g))
        env[variable] = 'a.test';
      const found = findProviderKeys(env);
      expect(found.map(({ provider }) => provider.name)).toEqual([name]);
      expect(normaliseBaseUrl(found[0]?.baseUrl ?? '')).toBe(found[0]?.baseUrl);
    },
  );
});

describe('the probe for Ollama', () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const serve = async (answer: RequestListener): Promise<string> => {
    const started = createServer(answer);
    server = started;
    await new Promise<void>((resolve) => {
      started.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}/api/version`;
  };

  it('knows it by its version', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end('{"version":"0.12.6"}');
    });
    expect(await probeOllama(1_000, url)).toBe(true);
  });

  it('takes nothing else for it: another page, an error, a redirect, silence, a closed port', async () => {
    const html = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(),
    );
    expect(await probeOllama(1_000, html)).toBe(false);
    server?.close();
    const missing = await serve((_request, response) =>
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}'),
    );
    expect(await probeOllama(1_000, missing)).toBe(false);
    server?.close();
    const moved = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    expect(await probeOllama(1_000, moved)).toBe(false);
    server?.close();
    const silent = await serve(() => {});
    expect(await probeOllama(20, silent)).toBe(false);
    server?.closeAllConnections();
    server?.close();
    expect(await probeOllama(1_000, silent)).toBe(false);
  });
});
