import { defineConfig } from 'vitest/config';

const project = (name: string, options: { timeoutMs: number; serial?: boolean }) => ({
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
