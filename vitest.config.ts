import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds in milliseconds: how long a test may take. Tests that start processes or kill them say so themselves. */
const TEST_MS_MAX = 60_000;
const HOOK_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

/** Where to leave the counts, for whoever wants them at the end (`.ci/run`). */
const counts = process.env.NTK_TEST_COUNTS;

/** Where the files are that take a minute and more, most of it waiting. Begun last, they would keep one worker while the others are done. */
const SLOW = [
  /^test\/crash\/kafka\//,
  /^test\/(?:acceptance|docs|dashboards)\//,
  /^test\/(?:crash|simulation|bench)\//,
  /\/kafka\//,
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const path = moduleId.slice(this.ctx.config.root.length + 1);
      const rank = SLOW.findIndex((folder) => folder.test(path));
      return rank === -1 ? SLOW.length : rank;
    };
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Lanes of their own: npm run test:containers needs a Docker daemon, and the way of an alert (npm run test:alerts) a quiet machine:
    // its time is ten times as fast, and everything else is not.
    exclude: ['test/containers/**', ...(process.env.NTK_TEST_LANE === 'alerts' ? [] : ['test/dashboards/alerts-arrive.test.ts'])],
    // Costs nothing until a test asks for the broker.
    globalSetup: ['test/kafka/keep-shared-broker.ts'],
    // Processes, not threads: native modules (chdb) and signals belong to a process.
    pool: 'forks',
    // Not one a core: the longest of these tests wait for processes of their own and leave two cores idle for two thirds of their time.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    testTimeout: TEST_MS_MAX,
    hookTimeout: HOOK_MS_MAX,
    teardownTimeout: STOP_MS_MAX,
    // A test that was left focused would hide all others.
    allowOnly: false,
    passWithNoTests: false,
    reporters: counts === undefined ? ['default'] : ['default', ['json', { outputFile: counts }]],
    silent: 'passed-only',
  },
});
