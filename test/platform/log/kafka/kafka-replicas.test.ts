/**
 * Three replicas, two of them in sync: brokers are killed at random under a load of transactions and started again, and nothing that was
 * acknowledged is lost, and nothing is there twice. A few kills here; `NTK_KAFKA_KILLS=200` asks for many. A machine that hangs is worse:
 * nobody is told that it is gone.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCluster } from '../../../kafka/cluster.ts';
import { allowKafkaItsTime } from '../../../kafka/shared-broker.ts';
import { administrate } from '../../../kafka/topics.ts';
import { CommitCounter } from './commit-counter.ts';
import { TestLogs, textsOf } from './open-test-log.ts';

const BROKERS = 3;
const KILLS = Number(process.env.NTK_KAFKA_KILLS ?? 2);
const KILL_MS_MAX = 60_000;
/** Transactions between a kill and the start, and between that and the next kill. */
const COMMITS_APART = 15;
const SEED = 20_261_101;

allowKafkaItsTime();
let cluster: TestCluster;
const logs = new TestLogs(() => ({ address: cluster.addresses()[0]! }));
beforeAll(async () => {
  cluster = await TestCluster.start({ brokers: BROKERS });
});
afterAll(async () => {
  await logs.closeAll();
  await cluster.stop();
});

/** Numerical Recipes' linear congruential generator. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

test('kills of brokers lose and double nothing that was acknowledged', { timeout: KILLS * KILL_MS_MAX + 60_000 }, async () => {
  const prefix = logs.newPrefix();
  const log = await logs.open(prefix, { brokers: cluster.addresses(), replication: BROKERS });
  const counter = new CommitCounter(log);
  const random = randoms(SEED);
  for (let kill = 0; kill < KILLS; kill++) {
    await counter.moves(COMMITS_APART, KILL_MS_MAX);
    const broker = Math.floor(random.next().value * BROKERS);
    await cluster.killBroker(broker);
    // Every other one is back before the controller has noticed.
    if (kill % 2 === 1) await counter.moves(COMMITS_APART, KILL_MS_MAX);
    await cluster.startBroker(broker, { isAtOnce: true });
  }
  await counter.moves(COMMITS_APART, KILL_MS_MAX);
  await counter.stop();
  const { acknowledged, errors } = counter;
  const fresh = await logs.open(prefix, { brokers: cluster.addresses(), create: false, replication: BROKERS });
  const [results, verdicts] = await Promise.all([textsOf(fresh, 'results'), textsOf(fresh, 'verdicts')]);
  const lost = Math.max(0, acknowledged - results.length);
  const doubled = results.length - new Set(results).size;
  console.log(
    `${KILLS} kills of brokers, ${acknowledged} transactions acknowledged, ${errors} errors: ${lost} lost, ${doubled} doubled`,
  );
  expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
  expect(results).toEqual(results.map((_, i) => String(i)));
  expect(verdicts).toEqual(results);
  expect(await fresh.position('scorer', 0)).toMatchObject({ offset: results.length - 1 });
});

test('a leader that hangs is left for the one in its place, without waiting until it goes on', { timeout: 120_000 }, async () => {
  const prefix = logs.newPrefix();
  const options = { brokers: cluster.addresses(), replication: BROKERS };
  // Making topics takes as long as it takes.
  await logs.open(prefix, options);
  const log = await logs.open(prefix, { ...options, create: false, answerMs: 4_000, tryingMs: 1_000 });
  const counter = new CommitCounter(log);
  await counter.moves(COMMITS_APART, KILL_MS_MAX);
  const leader = await administrate({ address: cluster.addresses()[0]! }, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${prefix}.results.v1`] });
    return topics[0]!.partitions.find(({ partitionId }) => partitionId === 0)!.leader;
  });
  await cluster.freezeBroker(leader - 1);
  try {
    await counter.moves(COMMITS_APART, KILL_MS_MAX);
  } finally {
    await cluster.thawBroker(leader - 1);
  }
  await counter.stop();
  expect(await textsOf(log, 'results')).toEqual(Array.from({ length: counter.acknowledged }, (_, i) => String(i)));
});
