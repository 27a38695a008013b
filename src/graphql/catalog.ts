/** What the catalogue and the connections that a caller can see say of models: filtered, in pages, with prices. */
import { OWN_PRICE } from '../calls/pricing.ts';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { ModelCapabilities } from '../protocols/capabilities.ts';
import { findProvider } from '../providers/catalogue.ts';
import {
  byKey,
  type CatalogueModel,
  type ModelCatalogue,
  unlistedModel,
} from '../providers/model-catalogue.ts';
import { PRICE_CATALOGUE } from '../providers/price-catalogue.ts';
import type { PriceRow } from '../providers/price-row.ts';
import { visibleConnections } from '../tenancy/models.ts';
import type { Snapshot, SnapshotConnection } from '../tenancy/snapshot.ts';

export const CATALOG_CAPABILITIES = [
  'tools',
  'structuredOutput',
  'reasoning',
  'imageInput',
  'audioInput',
  'videoInput',
  'fileInput',
  'imageOutput',
  'audioOutput',
] as const;
export type CatalogCapability = (typeof CATALOG_CAPABILITIES)[number];

export interface CatalogFilter {
  readonly search?: string | null | undefined;
  readonly provider?: string | null | undefined;
  readonly capability?: CatalogCapability | null | undefined;
}

export interface CatalogPageRequest {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** A model with the connections through which the caller can reach it. */
export interface CatalogEntry {
  readonly model: CatalogueModel;
  readonly connections: readonly SnapshotConnection[];
}

export interface CatalogPage {
  readonly entries: readonly CatalogEntry[];
  readonly totalCount: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface CatalogPrice {
  readonly row: PriceRow;
  readonly fromMs: number | null;
  readonly source: string;
}

/** Pico-dollars for a million tokens of a request with more input than `start`; null: as without the tier. */
export interface CatalogPriceTier {
  readonly start: number;
  readonly input: bigint | null;
  readonly output: bigint | null;
  readonly cachedInput: bigint | null;
}

/**
 * A page of the models that fit, by key; the cursor is the key. Errors: `invalid_request` that names the argument
 * for a page that is too large.
 */
export function listCatalog(
  catalogue: ModelCatalogue,
  { snapshot, tenantId }: { readonly snapshot: Snapshot; readonly tenantId: string },
  filter: CatalogFilter,
  { first, after }: CatalogPageRequest,
  limits: Limits,
): CatalogPage {
  const size = first ?? limits.pageSizeDefault;
  if (!Number.isInteger(size) || size < 0 || size > limits.pageSizeMax) {
    const message = `A page holds 0 to ${limits.pageSizeMax} models.`;
    throw new CallError('invalid_request', { message, param: 'first' });
  }
  const byProvider = new Map<string, SnapshotConnection[]>();
  for (const connection of visibleConnections(snapshot, tenantId)) {
    const known = byProvider.get(connection.provider);
    if (known === undefined) byProvider.set(connection.provider, [connection]);
    else known.push(connection);
  }
  const fitting = allModels(catalogue, byProvider).filter(matcherOf(filter));
  const start = after == null ? 0 : firstBehind(fitting, after);
  return {
    entries: fitting
      .slice(start, start + size)
      .map((model) => ({ model, connections: byProvider.get(model.provider) ?? [] })),
    totalCount: fitting.length,
    hasNextPage: fitting.length > start + size,
    hasPreviousPage: start > 0,
  };
}

/** The catalogue's, and what connections list besides. */
function allModels(
  catalogue: ModelCatalogue,
  byProvider: ReadonlyMap<string, readonly SnapshotConnection[]>,
): readonly CatalogueModel[] {
  const more = new Map<string, CatalogueModel>();
  for (const [provider, connections] of byProvider) {
    const priceId = findProvider(provider)?.priceId ?? null;
    for (const { knownModels } of connections) {
      for (const model of knownModels) {
        const key = `${provider}/${model}`;
        if (!catalogue.has(key) && !more.has(key)) more.set(key, unlistedModel(provider, priceId, model));
      }
    }
  }
  return more.size === 0 ? catalogue.list() : [...catalogue.list(), ...more.values()].sort(byKey);
}

function matcherOf({ search, provider, capability }: CatalogFilter): (model: CatalogueModel) => boolean {
  const text = search?.trim().toLowerCase() ?? '';
  return (model) => {
    if (provider != null && model.provider !== provider) return false;
    if (capability != null && !has(model.capabilities, capability)) return false;
    return text === '' || `${model.key}\n${model.title ?? ''}`.toLowerCase().includes(text);
  };
}

function has(can: ModelCapabilities | null, capability: CatalogCapability): boolean {
  if (can === null) return false;
  switch (capability) {
    case 'tools':
    case 'structuredOutput':
    case 'reasoning':
      return can[capability] === true;
    case 'imageInput':
      return can.inputs?.includes('image') === true;
    case 'audioInput':
      return can.inputs?.includes('audio') === true;
    case 'videoInput':
      return can.inputs?.includes('video') === true;
    case 'fileInput':
      return can.inputs?.includes('file') === true;
    case 'imageOutput':
      return can.outputs?.includes('image') === true;
    case 'audioOutput':
      return can.outputs?.includes('audio') === true;
  }
}

/** A model that has gone meanwhile still tells where its page began. */
function firstBehind(models: readonly CatalogueModel[], key: string): number {
  const at = models.findIndex((model) => model.key > key);
  return at < 0 ? models.length : at;
}

/** The price at this instant: the operator's for the first of the connections that has one, else the catalogue's. */
export function catalogPrice({ model, connections }: CatalogEntry, atMs: number): CatalogPrice | null {
  for (const { prices } of connections) {
    const own = prices?.find(
      ({ fromMs, matches }) => (fromMs === null || atMs >= fromMs) && matches(model.model),
    );
    if (own !== undefined) return { row: own.row, fromMs: own.fromMs, source: OWN_PRICE };
  }
  const dated = model.prices().find(({ holdsAt }) => holdsAt(atMs));
  if (dated === undefined || dated.row === null) return null;
  return { row: dated.row, fromMs: dated.fromMs, source: PRICE_CATALOGUE };
}
