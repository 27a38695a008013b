import { DatabaseError } from 'pg';
import { CallError } from '../errors.ts';

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention (with timeouts). */
const UNAVAILABLE = ['08', '53', '57'];

/** Runs a read. Errors: `database_unavailable` when Postgres does not answer; everything else as it came. */
export async function readDatabase<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CallError) throw error;
    const isFault = error instanceof DatabaseError && !UNAVAILABLE.includes((error.code ?? '').slice(0, 2));
    throw isFault ? error : new CallError('database_unavailable', { cause: error });
  }
}
