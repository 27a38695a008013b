import type { Protocol } from '../protocols/protocol.ts';
import type { SnapshotConnection } from '../tenancy/snapshot.ts';
import type { Endpoint } from './pools.ts';

/**
 * What stands before every request's path. Azure's addresses are taken with and without the `/openai/v1` or
 * `/models` that its own clients add.
 */
export function pathPrefixOf({ baseUrl, addressing, apiVersion }: SnapshotConnection): string {
  const path = new URL(baseUrl).pathname.replace(/\/+$/, '');
  const hasVersion = typeof apiVersion === 'string';
  switch (addressing ?? 'plain') {
    case 'plain':
      return path;
    case 'azure-openai':
      return `${path.replace(/\/openai(\/v1|\/deployments)?$/, '')}/openai/${hasVersion ? 'deployments' : 'v1'}`;
    case 'azure-foundry':
      return `${path.replace(/\/(openai(\/v1)?|models)$/, '')}/${hasVersion ? 'models' : 'openai/v1'}`;
  }
}

/**
 * The path of a request: the provider's way of addressing around the protocol's own path. With an API version,
 * Azure OpenAI has the deployment in the path, which the model's name stands for, and the version in the query
 * (https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference); its v1 API is addressed like OpenAI's.
 */
export function requestPath(
  connection: SnapshotConnection,
  { pathPrefix }: Endpoint,
  protocol: Protocol,
  model: string,
  stream: boolean,
): string {
  return addressed(connection, pathPrefix, protocol.path(model, stream, pathPrefix), model);
}

/** As `requestPath`, for an endpoint that no protocol names (`/embeddings`). */
export function addressed(
  { addressing, apiVersion }: SnapshotConnection,
  pathPrefix: string,
  path: string,
  model: string,
): string {
  switch (addressing ?? 'plain') {
    case 'plain':
      return pathPrefix + path;
    case 'azure-openai':
      return typeof apiVersion === 'string'
        ? `${pathPrefix}/${encodeURIComponent(model)}${path}?api-version=${apiVersion}`
        : pathPrefix + path;
    case 'azure-foundry':
      return typeof apiVersion === 'string'
        ? `${pathPrefix}${path}?api-version=${apiVersion}`
        : pathPrefix + path;
  }
}
