import { hash } from 'node:crypto';
import { CallError } from '../errors.ts';
import type { Identity, Snapshot } from './snapshot.ts';

/** Longest credential that is hashed at all; ours are 50 characters, JWTs some thousand. */
const KEY_CHARS_MAX = 4096;

type HeaderMap = Readonly<Record<string, string | string[] | undefined>>;

/** SHA-256 of the whole key, base64url: the only form in which keys are stored and looked up. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'base64url');
}

/**
 * The key that a request presents, from `authorization: Bearer`, `x-api-key`, `api-key` or `x-goog-api-key`,
 * in this order; null when there is none.
 */
export function presentedKey(headers: HeaderMap): string | null {
  const authorization = headers['authorization'];
  if (typeof authorization === 'string') return bearer(authorization);
  for (const name of ['x-api-key', 'api-key', 'x-goog-api-key']) {
    const value = headers[name];
    if (typeof value === 'string') return value;
  }
  return null;
}

/** The token of a `Bearer` credential (RFC 6750); an empty string when it is another scheme. */
export function bearer(authorization: string): string {
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : '';
}

/**
 * Who calls. The lookup is by hash, so that its time says nothing about how much of a guessed key was right.
 * Errors: `missing_key`, `invalid_key`.
 */
export function identify(snapshot: Snapshot, key: string | null): Identity | CallError {
  if (key === null) return new CallError('missing_key');
  if (key.length === 0 || key.length > KEY_CHARS_MAX) return new CallError('invalid_key');
  const entry = snapshot.keys.get(hashKey(key));
  if (entry === undefined) return new CallError('invalid_key');
  return {
    tenantId: entry.tenantId,
    applicationId: entry.applicationId,
    keyId: entry.id,
    isAdmin: entry.isAdmin,
  };
}
