/** Records that a broker deleted before they were judged: the refusal names them, and accepting it goes on behind them. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OPEN } from '../../../../services/domain/authority/authority.ts';
import { decodeBlock } from '../../../../services/domain/results/block.ts';
import { systemClock } from '../../../../services/platform/clock.ts';
import { readBatches } from '../../../../services/platform/log/read-batches.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { acceptGap } from '../../../../services/scorer/accept-gap.ts';
import { PartitionScorer, type PartitionScorerOptions } from '../../../../services/scorer/partition-scorer.ts';
import { Scorer } from '../../../../services/scorer/scorer.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { moveStart } from '../../../kafka/topics.ts';
import { PLENTY, TestLogs, values } from './open-test-log.ts';

allowKafkaItsTime();
let broker: SharedBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await sharedBroker();
});

let prefix: string;
let log: KafkaEventLog;
beforeEach(async () => {
  prefix = logs.newPrefix();
  log = await logs.open(prefix, { partitions: 1 });
});
afterEach(async () => {
  await logs.closeAll();
});

function options(): PartitionScorerOptions {
  return {
    log,
    partition: 0,
    storedUser: (user) => user,
    authority: OPEN,
    clock: systemClock,
    batchRecordsMax: 20,
    batchBytesMax: 1024 * 1024,
    checkpointRecords: 1_000_000,
    checkpointIntervalMs: 1_000_000,
  };
}

let made = 0;

/** So many accesses in one transaction, behind which a marker takes an offset. */
async function append(count: number): Promise<void> {
  const records = Array.from({ length: count }, () => {
    const data = { user: 'u1', api: 'wx.getLocation', outcome: 'pending' };
    const common = { specversion: '1.0', source: 'host/test', subject: 'wx1', time: new Date(systemClock.nowMs()).toISOString() };
    return JSON.stringify({ ...common, id: `e${made++}`, type: 'ntk.access', data });
  });
  await log.commit({ appends: [{ stream: 'access', partition: 0, values: values(...records) }] });
}

async function scored(): Promise<PartitionScorer> {
  const scorer = await PartitionScorer.take(options());
  while ((await scorer.step()).status !== 'idle');
  return scorer;
}

async function headers() {
  const found = [];
  for await (const { bytes, starts, count } of readBatches(log, 'results', 0, PLENTY)) {
    for (let i = 0; i < count; i++) found.push(decodeBlock(bytes.subarray(starts[i], starts[i + 1])).header);
  }
  return found;
}

const lost = (from: number, to: number) => ({
  code: 'log_lost',
  message: expect.stringContaining(`ntk accept-gap 0 ${from} ${to};`),
});

describe('records that a broker deleted before they were judged', () => {
  test('are named, accepted once, and the rest is judged behind them', async () => {
    await append(50);
    const first = await scored();
    const from = first.position;
    await first.stop();
    await append(50);
    await append(50);
    const { end } = await log.bounds('access', 0);
    // In the middle of a batch of the third transaction.
    const to = await moveStart(broker, `${prefix}.access.v1`, String(end - 30));
    await expect(PartitionScorer.take(options())).rejects.toMatchObject(lost(from, to));
    const words = { by: 'anna', reason: 'retention was too short' };
    expect(await acceptGap({ ...options(), from, to: to + 1, ...words })).toMatchObject({ status: 'refused' });
    expect(await acceptGap({ ...options(), from, to, ...words })).toMatchObject({ status: 'accepted' });
    expect(await acceptGap({ ...options(), from, to, ...words })).toMatchObject({ status: 'already_accepted' });
    const second = await scored();
    expect(second.position).toBe(end);
    await second.stop();
    const blocks = await headers();
    let next = 0;
    for (const header of blocks) {
      expect(header.first).toBe(next);
      next = header.next;
    }
    expect(blocks.reduce((sum, { accesses }) => sum + accesses, 0)).toBe(50 + 30);
    expect(blocks.filter(({ gap }) => gap !== undefined)).toMatchObject([
      { first: from, next: to, gap: { stateFrom: from, by: 'anna' } },
    ]);
  });

  test('end a scorer at work with the same line, and its state is kept first', async () => {
    await append(50);
    const silent = { scored: () => {}, taken: () => {}, lost: () => {}, failed: () => {}, nearlyFull: () => {} };
    const scorer = new Scorer({ ...options(), clock: systemClock, partitions: [0], observer: silent });
    await scorer.start();
    await expect.poll(() => scorer.isDrained(), { timeout: 20_000 }).toBe(true);
    const from = scorer.owned().get(0)!.position;
    const ended = scorer.ended().then(
      () => null,
      (error: unknown) => error,
    );
    let to = 0;
    // More than a scorer has read when the start moves past all of it. One that was quick enough has lost nothing: then the next ones are.
    await expect
      .poll(
        async () => {
          await append(10_000);
          to = await moveStart(broker, `${prefix}.access.v1`, 'end');
          return Promise.race([ended, Promise.resolve(null)]);
        },
        { timeout: 60_000 },
      )
      .not.toBeNull();
    const error = (await ended) as Error;
    expect(error).toMatchObject({ code: 'log_lost' });
    await scorer.stop();
    const [, lostFrom, lostTo] = /ntk accept-gap 0 (\d+) (\d+);/.exec(error.message)!.map(Number);
    expect(lostFrom).toBeGreaterThanOrEqual(from);
    expect(lostTo).toBeLessThanOrEqual(to);
    const { start } = await log.bounds('access', 0);
    const accepted = await acceptGap({ ...options(), from: lostFrom!, to: start, by: 'anna', reason: '' });
    expect(accepted).toMatchObject({ status: 'accepted', header: { gap: { stateFrom: lostFrom, stateTo: start } } });
  });
});

describe('markers of transactions that a broker deleted, and no record', () => {
  const topic = () => `${prefix}.access.v1`;

  test('are missed by nobody: the partition goes on as if they were there', async () => {
    await append(50);
    const first = await scored();
    const { position } = first;
    await first.stop();
    expect(await moveStart(broker, topic(), 'end')).toBeGreaterThan(position);
    // Whoever comes later, too, and whoever only reads.
    for (const other of [log, await logs.open(prefix, { partitions: 1, create: false })]) {
      expect(await other.bounds('access', 0)).toEqual({ start: position, end: position });
      expect(await other.read('access', 0, position, PLENTY)).toMatchObject({ count: 0, nextOffset: position });
    }
    log = await logs.open(prefix, { partitions: 1, create: false });
    const second = await scored();
    await append(30);
    while ((await second.step()).status !== 'idle');
    await second.stop();
    const blocks = await headers();
    expect(blocks.map(({ first: from }) => from)).toEqual([0, ...blocks.slice(0, -1).map(({ next }) => next)]);
    expect(blocks.reduce((sum, { accesses }) => sum + accesses, 0)).toBe(50 + 30);
  });

  test('are not missed either when what came behind them has to be folded again', async () => {
    await append(50);
    await (await scored()).stop();
    await moveStart(broker, topic(), 'end');
    const killed = await scored();
    await append(10);
    while ((await killed.step()).status !== 'idle');
    log = await logs.open(prefix, { partitions: 1, create: false });
    const next = await scored();
    expect(next.refolded).toBe(10);
    await next.stop();
  });

  test('hide no record that was deleted with them', async () => {
    await append(50);
    const first = await scored();
    const { position } = first;
    await first.stop();
    await append(1);
    const start = await moveStart(broker, topic(), 'end');
    log = await logs.open(prefix, { partitions: 1, create: false });
    await expect(PartitionScorer.take(options())).rejects.toMatchObject(lost(position, start));
  });
});
