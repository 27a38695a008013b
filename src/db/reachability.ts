import { DatabaseError } from 'pg';
import type { DatabaseAddress } from './address.ts';

/** Invalid login, unknown role, unknown database (PostgreSQL, appendix A): waiting does not cure them. */
const FINAL_REFUSALS = ['28000', '28P01', '3D000'];

/** `host:port/database`, without user and password. */
export function databaseName({ host, port, database }: DatabaseAddress): string {
  return `${host}:${port}/${database}`;
}

/** The server is there and said no for good: the settings are wrong. */
export function isFinalRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && FINAL_REFUSALS.includes(error.code ?? '');
}

/** The tables are not there yet: another process is about to make them. */
export function isUnmigrated(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '42P01';
}
