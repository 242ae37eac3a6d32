/** The lane that needs a Docker daemon: `npm run test:containers`. Files one after the other: each starts a machine's worth of containers. */
import { defineConfig } from 'vitest/config';

/** Images are built and a registry is read meanwhile, in milliseconds. */
const TEST_MS_MAX = 600_000;
const HOOK_MS_MAX = 1_200_000;

// testcontainers' own cleaner is an image too, which a machine without a registry does not have; these tests remove what they start.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';

export default defineConfig({
  test: {
    include: ['test/containers/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: TEST_MS_MAX,
    hookTimeout: HOOK_MS_MAX,
    teardownTimeout: TEST_MS_MAX,
    allowOnly: false,
    passWithNoTests: false,
    // Sizes and times are what one runs it for.
    silent: false,
  },
});
