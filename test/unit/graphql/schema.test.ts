import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printSortedSchema } from '../../../src/graphql/print-schema.ts';
import { createSchema } from '../../../src/graphql/schema.ts';
import { packageRoot } from '../../../src/package-root.ts';

const read = (path: string) => readFileSync(`${packageRoot()}/${path}`, 'utf8');

/** A file as of the last commit; null without git, or where the commit does not have it. */
function committed(path: string): string | null {
  try {
    return execFileSync('git', ['show', `HEAD:${path}`], {
      cwd: packageRoot(),
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    return null;
  }
}

async function breakingChanges(before: string, after: string): Promise<string[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .map((change) => change.path ?? change.message);
}

describe('the schema', () => {
  it('is committed as it would be printed', () => {
    expect(read('schema/schema.graphql')).toBe(printSortedSchema());
  });

  it('does not break without a word in the changelog', async () => {
    const before = committed('schema/schema.graphql');
    if (before === null) return;
    const broken = await breakingChanges(before, printSortedSchema());
    const changelog = broken.length === 0 ? '' : read('CHANGELOG.md');
    expect(broken.filter((path) => !changelog.includes(path))).toEqual([]);
  });

  it('counts a removed field as breaking and an added one not', async () => {
    const printed = printSortedSchema();
    expect(await breakingChanges(printed, printed.replace(/ {2}"""False for[^\n]*\n[^\n]*\n/, ''))).toEqual([
      'Model.isDeclared',
    ]);
    expect(
      await breakingChanges(printed, printed.replace('type Model {', 'type Model {\n  title: String')),
    ).toEqual([]);
  });

  it.each([
    ['Query', ['call', 'calls', 'catalogModels', 'models', 'providers', 'viewer']],
    ['Mutation', ['chat', 'embed', 'generateImage', 'moderate', 'rerank', 'speak', 'transcribe']],
    ['Subscription', ['chatStream']],
  ])('%s has these fields, and each has a rule of who may use it', (name, fields) => {
    const type = createSchema().getTypeMap()[name];
    if (type === undefined || !('getFields' in type)) throw new Error(`no type ${name}`);
    expect(Object.keys(type.getFields()).sort()).toEqual(fields);
    for (const field of Object.values(type.getFields())) {
      const options = field.extensions['pothosOptions'] as { authScopes?: unknown } | undefined;
      expect([field.name, options?.authScopes]).toEqual([field.name, { caller: true }]);
    }
  });
});
