import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { DatabaseAddress } from '../../src/db/database.ts';

/** The run's Postgres cluster, as the global setup hands it to the workers. */
export interface ClusterAddress {
  readonly admin: DatabaseAddress;
  /** The role that owns the databases; not a superuser, as in production. */
  readonly user: string;
  readonly template: string;
}

export interface TestDatabase {
  readonly address: DatabaseAddress;
  /** Removes it, cutting connections that are still open. */
  drop(): Promise<void>;
}

/** Runs one statement as the cluster's superuser, in its own connection. */
export async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ ...inject('cluster').admin });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A database of its own: migrated, or `empty`. */
export async function testDatabase(content: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const { admin, user, template } = inject('cluster');
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  const source = content === 'migrated' ? template : 'template1';
  await asSuperuser(`create database ${database} owner ${user} template ${source}`);
  return {
    address: { ...admin, user, database },
    drop: () => asSuperuser(`drop database if exists ${database} with (force)`),
  };
}
