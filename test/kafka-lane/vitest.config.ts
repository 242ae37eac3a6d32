import { defineConfig } from 'vitest/config';

/** The tests that need a real broker, by themselves: `vitest run --config test/kafka-lane/vitest.config.ts`. */
const TEST_MS_MAX = 60_000;
const HOOK_MS_MAX = 300_000;

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/kafka-lane/**/*.kafka-test.ts'],
    pool: 'forks',
    // A broker a file; two shared cores.
    fileParallelism: false,
    testTimeout: TEST_MS_MAX,
    hookTimeout: HOOK_MS_MAX,
    teardownTimeout: 10_000,
    allowOnly: false,
    passWithNoTests: false,
  },
});
