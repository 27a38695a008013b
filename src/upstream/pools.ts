/**
 * Sockets to upstreams: one undici pool an origin, kept while used. HTTP/1.1, no pipelining, no redirects, no
 * decompression, no timers of undici's own: the watch decides on time.
 */
import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import type { Limits } from '../limits.ts';
import type { SnapshotConnection } from '../tenancy/snapshot.ts';
import { pathPrefixOf } from './address.ts';
import type { AddressGuard } from './address-guard.ts';

/** A connection made ready for dispatch: computed once per snapshot row. */
export interface Endpoint {
  readonly origin: string;
  readonly pathPrefix: string;
  /** Flat name, value list: fixed headers and the credential, which never leaves with another origin. */
  readonly headers: readonly string[];
  /** Why the address may not be called; null when it may. */
  readonly refusal: string | null;
  readonly poolKey: string;
  /** Finds the allowed addresses of a name; null where every address is. */
  readonly lookup: LookupFunction | null;
}

interface Entry {
  readonly pool: Pool;
  inFlight: number;
  /** No connection leads to its origin any more: it closes with its last call. */
  isRetired: boolean;
}

export class UpstreamPools {
  readonly #limits: Limits;
  readonly #guard: () => AddressGuard;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #endpoints = new WeakMap<SnapshotConnection, Endpoint>();

  constructor(limits: Limits, guard: () => AddressGuard) {
    this.#limits = limits;
    this.#guard = guard;
  }

  endpoint(connection: SnapshotConnection): Endpoint {
    const known = this.#endpoints.get(connection);
    if (known !== undefined) return known;
    const url = new URL(connection.baseUrl);
    const guard = connection.isTrusted ? null : this.#guard();
    const endpoint: Endpoint = {
      origin: url.origin,
      pathPrefix: pathPrefixOf(connection),
      headers: fixedHeaders(connection),
      refusal: guard?.refuseUrl(connection.baseUrl) ?? null,
      // Sockets that were opened under another list of exceptions are not used on.
      poolKey: `${guard === null ? 'trusted' : `guarded ${guard.exceptions}`} ${url.origin}`,
      lookup: guard?.lookup ?? null,
    };
    this.#endpoints.set(connection, endpoint);
    return endpoint;
  }

  /** A place in the origin's pool, or null when it is full. Every place must be given back by `release`. */
  acquire(endpoint: Endpoint): Pool | null {
    let entry = this.#entries.get(endpoint.poolKey);
    if (entry === undefined) {
      entry = { pool: this.#open(endpoint), inFlight: 0, isRetired: false };
      this.#entries.set(endpoint.poolKey, entry);
      this.#evict();
    }
    if (entry.inFlight >= this.#limits.callsPerOriginMax) return null;
    entry.inFlight++;
    return entry.pool;
  }

  release(endpoint: Endpoint): void {
    const entry = this.#entries.get(endpoint.poolKey);
    if (entry === undefined) return;
    entry.inFlight--;
    if (entry.isRetired && entry.inFlight === 0) this.#close(endpoint.poolKey, entry);
  }

  /** Keeps the pools of these connections' origins; the others close as soon as their calls have ended. */
  retain(connections: Iterable<SnapshotConnection>): void {
    const kept = new Set<string>();
    for (const connection of connections) kept.add(this.endpoint(connection).poolKey);
    for (const [key, entry] of this.#entries) {
      entry.isRetired = !kept.has(key);
      if (entry.isRetired && entry.inFlight === 0) this.#close(key, entry);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  async close(): Promise<void> {
    const pools = [...this.#entries.values()].map((entry) => entry.pool.destroy());
    this.#entries.clear();
    await Promise.all(pools);
  }

  #open(endpoint: Endpoint): Pool {
    return new Pool(endpoint.origin, {
      connections: this.#limits.connectionsPerOriginMax,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: this.#limits.upstreamHeaderBytesMax,
      connect: {
        timeout: this.#limits.connectTimeoutMs,
        ...(endpoint.lookup === null ? {} : { lookup: endpoint.lookup }),
      },
    });
  }

  /** Closes idle pools of the origins used longest ago; one in use stays until it is idle. */
  #evict(): void {
    if (this.#entries.size <= this.#limits.originsMax) return;
    for (const [key, entry] of this.#entries) {
      if (entry.inFlight > 0) continue;
      this.#close(key, entry);
      return;
    }
  }

  #close(key: string, { pool }: Entry): void {
    this.#entries.delete(key);
    pool.close().catch(() => pool.destroy());
  }
}

function fixedHeaders(connection: SnapshotConnection): string[] {
  const headers = ['content-type', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'sluice'];
  for (const [name, value] of Object.entries(connection.headers)) headers.push(name, value);
  if (connection.secret === null || connection.secret === '') return headers;
  if (connection.auth === 'bearer') headers.push('authorization', `Bearer ${connection.secret}`);
  if (connection.auth === 'x-api-key') headers.push('x-api-key', connection.secret);
  if (connection.auth === 'api-key') headers.push('api-key', connection.secret);
  if (connection.auth === 'x-goog-api-key') headers.push('x-goog-api-key', connection.secret);
  return headers;
}
