import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema.ts';

/** The SDL of the whole graph, sorted, so that the order of registration never shows up as a change. */
export function printSortedSchema(): string {
  return `${printSchema(lexicographicSortSchema(createSchema()))}\n`;
}
