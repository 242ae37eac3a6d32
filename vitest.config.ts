import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds in milliseconds: how long a test may take. Tests that start processes or kill them say so themselves. */
const TEST_MS_MAX = 60_000;
const HOOK_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
/** What is asked for again and again until it is so. On a busy machine the second that is usual passes within one question. */
const POLL_MS_MAX = 20_000;

/** Where to leave the counts, for whoever wants them at the end (`.ci/run`). */
const counts = process.env.NTK_TEST_COUNTS;

/** Files that take a minute and more. Begun last, they would keep one worker while the others are done. */
const SLOW = /^test\/(?:acceptance|docs|dashboards|deployment|crash|simulation|bench)\//;
/** Of these each has a Kafka of its own, killed and started again and again. Side by side they would wait for each other's. */
const ON_A_BROKER = /^test\/crash\/kafka\//;
/** For each of them so many others. */
const BETWEEN = 2;

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const pathOf = ({ moduleId }: TestSpecification): string => moduleId.slice(this.ctx.config.root.length + 1);
    const all = await super.sort(files);
    const brokers = all.filter((file) => ON_A_BROKER.test(pathOf(file)));
    const slow = all.filter((file) => SLOW.test(pathOf(file)) && !ON_A_BROKER.test(pathOf(file)));
    const quick = all.filter((file) => !SLOW.test(pathOf(file)));
    const mixed = brokers.flatMap((file, i) => [file, ...slow.slice(i * BETWEEN, (i + 1) * BETWEEN)]);
    return [...mixed, ...slow.slice(brokers.length * BETWEEN), ...quick];
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
    expect: { poll: { timeout: POLL_MS_MAX } },
    // A test that was left focused would hide all others.
    allowOnly: false,
    passWithNoTests: false,
    reporters: counts === undefined ? ['default'] : ['default', ['json', { outputFile: counts }]],
    silent: 'passed-only',
  },
});
