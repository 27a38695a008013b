import { findProvider as findPrices } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { normaliseBaseUrl } from '../../../src/configuration/base-url.ts';
import { findProvider, PROVIDERS } from '../../../src/providers/catalogue.ts';

describe('the catalogue', () => {
  it('has each name and each variable once', () => {
    const names = PROVIDERS.map((provider) => provider.name);
    const variables = PROVIDERS.flatMap((provider) => provider.keyVariables);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it.each(PROVIDERS.map((provider) => [provider.name, provider] as const))(
    '%s has a base URL in its one form and a price list that exists',
    (name, provider) => {
      if (provider.baseUrl !== null) expect(normaliseBaseUrl(provider.baseUrl)).toBe(provider.baseUrl);
      expect(findProvider(name)).toBe(provider);
      expect(provider.auth === 'none').toBe(provider.keyVariables.length === 0 && name !== 'custom');
      if (provider.priceId === null) return;
      expect(findPrices({ providerId: provider.priceId })?.id).toBe(provider.priceId);
    },
  );

  it('finds nothing by a name that it does not have', () => {
    for (const name of ['', 'OpenAI', '__proto__', 'constructor']) expect(findProvider(name)).toBeUndefined();
  });
});
