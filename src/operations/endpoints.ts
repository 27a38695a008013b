import { CallError } from '../errors.ts';
import type { ProtocolName } from '../protocols/blocks.ts';
import { findProvider } from '../providers/catalogue.ts';
import type { Provider, ProviderEndpoint } from '../providers/provider.ts';
import { usableConnections } from '../tenancy/connections.ts';
import { listModels, resolveModel } from '../tenancy/models.ts';
import type { ResolvedModel } from '../tenancy/routes.ts';
import type { Identity, Snapshot, SnapshotConnection } from '../tenancy/snapshot.ts';
import { OPERATIONS, type Operation } from './operation.ts';
import { isOpenaiStyle } from './spec.ts';

/** Names that an error tells; nobody reads more. */
const NAMES_TOLD_MAX = 20;

/** What servers of a protocol have, where the catalogue does not say it of the provider. */
const USUAL: Readonly<Record<ProtocolName, readonly Operation[]>> = {
  'openai-chat': OPERATIONS,
  'openai-responses': OPERATIONS,
  gemini: ['chat', 'embeddings'],
  'cohere-chat': ['chat', 'embeddings', 'rerank'],
  'anthropic-messages': ['chat'],
  'bedrock-converse': ['chat'],
};

/** The catalogue's names. */
const PROVIDER_NAMES: Readonly<Record<Operation, ProviderEndpoint>> = {
  chat: 'chat',
  completions: 'completions',
  embeddings: 'embeddings',
  imageGeneration: 'images',
  imageEdit: 'images',
  transcription: 'transcriptions',
  translation: 'transcriptions',
  speech: 'speech',
  moderation: 'moderations',
  rerank: 'rerank',
  file: 'files',
  batch: 'batches',
};

const isStyled = (provider: Provider | undefined) =>
  provider !== undefined && isOpenaiStyle(provider.protocol);

/**
 * Whether a connection has this endpoint: what the catalogue says of its provider, where it is spoken to in the
 * provider's own protocol, and else what servers of the protocol usually have.
 */
export function hasEndpoint(connection: SnapshotConnection, operation: Operation): boolean {
  const { protocol } = connection;
  // The catalogue also knows endpoints that nobody here speaks in the provider's protocol.
  if (!USUAL[protocol].includes(operation)) return false;
  const isDatedAzure = connection.addressing !== undefined && connection.apiVersion != null;
  if (isDatedAzure && (operation === 'file' || operation === 'batch')) return false;
  const provider = findProvider(connection.provider);
  const isOwn = provider?.protocol === protocol || (isOpenaiStyle(protocol) && isStyled(provider));
  return !isOwn || provider === undefined || provider.endpoints.includes(PROVIDER_NAMES[operation]);
}

/**
 * The model with those of its targets that have the endpoint.
 * Errors: those of `resolveModel`; `endpoint_unsupported`, which says what of the caller's has it.
 */
export function routeByModel(
  snapshot: Snapshot,
  identity: Identity,
  name: string,
  operation: Operation,
): ResolvedModel | CallError {
  const model = resolveModel(snapshot, identity, name);
  if (model instanceof CallError || model.targets.length === 0) return model;
  const targets = model.targets.filter(({ connection }) => hasEndpoint(connection, operation));
  if (targets.length === model.targets.length) return model;
  if (targets.length > 0) return { name: model.name, strategy: model.strategy, targets };
  return new CallError('endpoint_unsupported', {
    param: 'model',
    message: `No target of the model ${JSON.stringify(name)} has the endpoint for ${operation}. ${whoHas(snapshot, identity, operation)}`,
  });
}

function whoHas(snapshot: Snapshot, identity: Identity, operation: Operation): string {
  const models: string[] = [];
  for (const { name, isDeclared } of listModels(snapshot, identity)) {
    if (models.length >= NAMES_TOLD_MAX) break;
    // Of a connection only the chat models are known by name: it is told itself.
    if (!isDeclared) continue;
    const model = resolveModel(snapshot, identity, name);
    if (model instanceof CallError) continue;
    if (model.targets.some(({ connection }) => hasEndpoint(connection, operation))) models.push(name);
  }
  const connections = usableConnections(snapshot, identity)
    .filter((connection) => hasEndpoint(connection, operation))
    .slice(0, NAMES_TOLD_MAX)
    .map(({ name }) => `${name}/…`);
  const names = [...models, ...connections];
  return names.length === 0
    ? 'No model of this key has it.'
    : `Models of this key that may have it: ${names.join(', ')}.`;
}
