/** Members of a group that share a topic's partitions, on a real broker: every partition has one of them, whoever comes and goes. */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { PartitionGroup } from '../../../../services/platform/log/kafka/partition-group.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { administrate } from '../../../kafka/topics.ts';
import { TestLogs } from './open-test-log.ts';

allowKafkaItsTime();
const PARTITIONS = 8;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);
/** Longer than a member that died counts as alive. */
const SHARED_MS_MAX = 40_000;

let broker: SharedBroker;
const logs = new TestLogs(() => broker);
const groups: PartitionGroup[] = [];
beforeAll(async () => {
  broker = await sharedBroker();
});
afterEach(async () => {
  for (const group of groups.splice(0)) await group.stop();
  await logs.closeAll();
});

interface Member {
  readonly group: PartitionGroup;
  readonly shares: (readonly number[])[];
}

function join(prefix: string): Member {
  const shares: (readonly number[])[] = [];
  const group = new PartitionGroup({
    access: { brokers: [broker.address], clientId: 'test' },
    groupId: `${prefix}.scorers`,
    topic: `${prefix}.access.v1`,
    partitions: PARTITIONS,
    clock: systemClock,
    onAssigned: (share) => shares.push(share),
    // The coordinator of a cluster's first group takes a moment to be found: the member joins again.
    onFailed: () => {},
  });
  groups.push(group);
  group.start();
  return { group, shares };
}

/** What each has now, when together they have every partition once. */
async function shared(members: readonly Member[]): Promise<(readonly number[])[]> {
  return vi.waitFor(
    () => {
      const now = members.map(({ shares }) => shares.at(-1) ?? []);
      expect(now.flat().toSorted((a, b) => a - b)).toEqual(ALL);
      expect(now.every((share) => share.length > 0)).toBe(true);
      return now;
    },
    { timeout: SHARED_MS_MAX, interval: 50 },
  );
}

describe('a group of scorers', () => {
  test('shares all partitions, moves few when somebody comes, and gives those of one who leaves to the others', async () => {
    const prefix = logs.newPrefix();
    await logs.open(prefix, { partitions: PARTITIONS });
    const first = join(prefix);
    expect(await shared([first])).toEqual([ALL]);
    const second = join(prefix);
    const [kept] = await shared([first, second]);
    expect(kept).toHaveLength(PARTITIONS / 2);
    const third = join(prefix);
    const three = await shared([first, second, third]);
    expect(three[0]!.filter((partition) => !kept!.includes(partition))).toEqual([]);
    await second.group.stop();
    const two = await shared([first, third]);
    expect(three[0]!.every((partition) => two[0]!.includes(partition))).toBe(true);
  });

  test('reads and commits nothing: its offsets may be whatever they are', async () => {
    const prefix = logs.newPrefix();
    await logs.open(prefix, { partitions: PARTITIONS });
    const member = join(prefix);
    await shared([member]);
    await member.group.stop();
    const offsets = await administrate(broker, (admin) =>
      admin.fetchOffsets({ groupId: `${prefix}.scorers`, topics: [`${prefix}.access.v1`] }),
    );
    expect(offsets.flatMap(({ partitions }) => partitions).every(({ offset }) => offset === '-1')).toBe(true);
  });

  test('of one who cannot reach the brokers is told so, and stopping it does not wait for them', async () => {
    const failures: string[] = [];
    const group = new PartitionGroup({
      access: { brokers: ['127.0.0.1:1'], clientId: 'test' },
      groupId: 'nobody',
      topic: 'nothing',
      partitions: 1,
      clock: systemClock,
      onAssigned: () => {},
      onFailed: (error) => failures.push(error.message),
    });
    group.start();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), { timeout: SHARED_MS_MAX });
    await group.stop();
  });
});
