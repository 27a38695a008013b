import type { ProtocolName } from '../protocols/blocks.ts';
import type { OwnPrice } from '../providers/price-row.ts';
import type { AddressStyle, AuthStyle, AwsCredential } from '../providers/provider.ts';
import { createRoutes, type ResolvedModel, UndeclaredRoutes } from './routes.ts';

/**
 * The immutable configuration that the data plane reads. Built from Postgres, swapped with one assignment;
 * a call sees one snapshot from start to end.
 */
export interface Snapshot {
  /** Grows with every change; recorded with each call. */
  readonly version: number;
  /** SHA-256 of the whole key, base64url → key. */
  readonly keys: ReadonlyMap<string, SnapshotKey>;
  readonly tenants: ReadonlyMap<string, SnapshotTenant>;
  readonly applications: ReadonlyMap<string, SnapshotApplication>;
  /** By id. */
  readonly connections: ReadonlyMap<string, SnapshotConnection>;
  /** Models of the operator, offered to every tenant, by name. */
  readonly models: ReadonlyMap<string, SnapshotModel>;
  /** Models of single tenants: tenant id → name → model. They hide the operator's of the same name. */
  readonly tenantModels: ReadonlyMap<string, ReadonlyMap<string, SnapshotModel>>;
  /** `connectionKey(tenant id, name)` → connection. */
  readonly connectionsByName: ReadonlyMap<string, SnapshotConnection>;
  /** Of every model here, its targets with their connections. */
  readonly routes: ReadonlyMap<SnapshotModel, ResolvedModel>;
  /** Routes that nobody declared, made as they are asked for. */
  readonly undeclared: UndeclaredRoutes;
  /** CIDR blocks that connections of tenants may reach although they are private (`network.allowPrivate`). */
  readonly allowPrivate: readonly string[];
  /** Records take in what callers send and get (`records.bodies`). */
  readonly keepsBodies: boolean;
}

/** Where `connectionsByName` keeps a connection; `tenantId` is null for the operator's. */
export function connectionKey(tenantId: string | null, name: string): string {
  return `${tenantId ?? ''}/${name}`;
}

/** A snapshot of these parts; what is left out is empty, and the indexes are made here. */
export function createSnapshot(
  parts: Partial<Omit<Snapshot, 'connectionsByName' | 'routes' | 'undeclared'>>,
): Snapshot {
  const connections: Snapshot['connections'] = parts.connections ?? new Map();
  const models = [...(parts.models?.values() ?? [])];
  for (const own of parts.tenantModels?.values() ?? []) models.push(...own.values());
  return {
    version: 0,
    keys: new Map(),
    tenants: new Map(),
    applications: new Map(),
    models: new Map(),
    tenantModels: new Map(),
    allowPrivate: [],
    keepsBodies: false,
    ...parts,
    connections,
    routes: createRoutes(models, connections),
    undeclared: new UndeclaredRoutes(),
    connectionsByName: new Map(
      [...connections.values()].map((connection) => [
        connectionKey(connection.tenantId, connection.name),
        connection,
      ]),
    ),
  };
}

export interface SnapshotTenant {
  readonly id: string;
  readonly name: string;
}

export interface SnapshotApplication {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  /** Model names it may call; `prefix/*` allows all that start so; null allows every model. */
  readonly models: readonly string[] | null;
}

export interface SnapshotKey {
  readonly id: string;
  readonly tenantId: string;
  /** Null for an admin key. */
  readonly applicationId: string | null;
  readonly isAdmin: boolean;
}

export interface SnapshotConnection {
  readonly id: string;
  readonly name: string;
  /** Null: the operator's, shared with every tenant. */
  readonly tenantId: string | null;
  readonly provider: string;
  readonly protocol: ProtocolName;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly auth: AuthStyle;
  /** How its request paths are made; `plain` where absent. */
  readonly addressing?: AddressStyle | undefined;
  /** The `api-version` that an address of Azure's carries (`2024-10-21`); null for the v1 API and everybody else. */
  readonly apiVersion?: string | null | undefined;
  /**
   * The credential in clear; only the upstream layer reads it, and sends it to baseUrl's origin alone. Of an AWS
   * credential it is the part that an upstream could give away: the session token, which goes with each request.
   */
  readonly secret: string | null;
  /** What its requests are signed with, where `auth` is `sigv4`. */
  readonly aws?: AwsCredential | null | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** From sluice.yaml or the environment: its address may be private. */
  readonly isTrusted: boolean;
  readonly priceId: string | null;
  /** The operator's own prices for it, the first that fits is the one. */
  readonly prices?: readonly OwnPrice[] | undefined;
  /** Upstream models that the operator or the catalogue lists for it, for `/v1/models`; any other name works too. */
  readonly knownModels: readonly string[];
}

export const STRATEGIES = ['priority', 'weighted', 'latency', 'cost', 'least-busy'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface SnapshotModel {
  readonly id: string;
  readonly name: string;
  readonly strategy: Strategy;
  readonly targets: readonly SnapshotTarget[];
}

export interface SnapshotTarget {
  readonly connectionId: string;
  /** The upstream's name of the model. */
  readonly model: string;
  /** Smaller is tried first. */
  readonly priority: number;
  readonly weight: number;
}

/** Who calls, as the key says. */
export interface Identity {
  readonly tenantId: string;
  readonly applicationId: string | null;
  readonly keyId: string;
  readonly isAdmin: boolean;
}
