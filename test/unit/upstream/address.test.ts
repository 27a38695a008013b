import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { AddressStyle } from '../../../src/providers/provider.ts';
import type { SnapshotConnection } from '../../../src/tenancy/snapshot.ts';
import { requestPath } from '../../../src/upstream/address.ts';
import { createAddressGuard } from '../../../src/upstream/address-guard.ts';
import { UpstreamPools } from '../../../src/upstream/pools.ts';

const AZURE = 'https://r.openai.azure.com';
const FOUNDRY = 'https://r.services.ai.azure.com';

function pathOf(
  addressing: AddressStyle | undefined,
  baseUrl: string,
  apiVersion: string | null,
  model = 'gpt-4o',
  protocol = openaiChat,
): string {
  const connection: SnapshotConnection = {
    id: 'c',
    name: 'c',
    tenantId: null,
    provider: 'azure',
    protocol: protocol.name,
    baseUrl,
    auth: 'api-key',
    addressing,
    apiVersion,
    secret: 'k',
    headers: {},
    isTrusted: true,
    priceId: null,
    knownModels: [],
  };
  const pools = new UpstreamPools(LIMITS, () => createAddressGuard([]));
  return requestPath(connection, pools.endpoint(connection), protocol, model, false);
}

describe('addresses', () => {
  it('are base URL and the protocol’s path', () => {
    expect(pathOf(undefined, 'https://a.test/v1', null)).toBe('/v1/chat/completions');
    expect(pathOf('plain', 'https://a.test', null)).toBe('/chat/completions');
    expect(pathOf('plain', 'https://a.test/anthropic/', null, 'claude', anthropicMessages)).toBe(
      '/anthropic/v1/messages',
    );
  });

  it.each([AZURE, `${AZURE}/openai`, `${AZURE}/openai/v1`, `${AZURE}/openai/deployments`])(
    'trap 129 have the deployment and the version where %s is called with one, and neither in the v1 API',
    (baseUrl) => {
      expect(pathOf('azure-openai', baseUrl, '2024-10-21')).toBe(
        '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      );
      expect(pathOf('azure-openai', baseUrl, null)).toBe('/openai/v1/chat/completions');
    },
  );

  it('trap 129 keep what stands before, as behind an API management', () => {
    expect(pathOf('azure-openai', 'https://apim.test/team/openai', '2024-10-21')).toBe(
      '/team/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
    );
  });

  it('trap 128 encode the deployment, which may not leave its place in the path', () => {
    expect(pathOf('azure-openai', AZURE, '2024-10-21', 'a/../b?x=1#y')).toBe(
      '/openai/deployments/a%2F..%2Fb%3Fx%3D1%23y/chat/completions?api-version=2024-10-21',
    );
  });

  it.each([FOUNDRY, `${FOUNDRY}/models`, `${FOUNDRY}/openai/v1`])(
    'have Foundry’s two forms for %s',
    (baseUrl) => {
      expect(pathOf('azure-foundry', baseUrl, '2024-05-01-preview', 'Phi-4')).toBe(
        '/models/chat/completions?api-version=2024-05-01-preview',
      );
      expect(pathOf('azure-foundry', baseUrl, null, 'Phi-4')).toBe('/openai/v1/chat/completions');
    },
  );
});
