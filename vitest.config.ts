import { defineConfig } from 'vitest/config';

/** Vite would give `src` graphql's ESM build and the libraries its CommonJS one: two copies that refuse each other. */
const oneGraphql = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] };

const project = (name: string, options: { timeoutMs: number; serial?: boolean }) => ({
  resolve: oneGraphql,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: options.timeoutMs,
    hookTimeout: options.timeoutMs,
    fileParallelism: !options.serial,
  },
});

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    projects: [
      project('unit', { timeoutMs: 10_000 }),
      project('integration', { timeoutMs: 60_000 }),
      project('faults', { timeoutMs: 120_000, serial: true }),
      project('attacks', { timeoutMs: 60_000 }),
      project('conformance', { timeoutMs: 60_000 }),
    ],
  },
});
