import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { ORIGIN } from '../../../../services/platform/log/event-log.ts';
import { KafkaConnection } from '../../../../services/platform/log/kafka/connection.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { TransactionalProducer } from '../../../../services/platform/log/kafka/transactional-producer.ts';
import { VisibleFloor } from '../../../../services/platform/log/kafka/visible-floor.ts';
import { allowKafkaItsTime, sharedBroker, type SharedBroker } from '../../../kafka/shared-broker.ts';
import { block, TestLogs, textsOf, values } from './open-test-log.ts';

const CHILD = join(import.meta.dirname, 'own-and-commit.ts');

allowKafkaItsTime();
let broker: SharedBroker;
const logs = new TestLogs(() => broker);
const children: ChildProcess[] = [];
beforeAll(async () => {
  broker = await sharedBroker();
});

let prefix: string;
let log: KafkaEventLog;
beforeEach(async () => {
  prefix = logs.newPrefix();
  log = await logs.open(prefix);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await logs.closeAll();
});

/** Another process that owns partition 0, and the lines it prints. */
function startOwner() {
  const child = spawn(process.execPath, [CHILD, broker.address, prefix], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async says(): Promise<string> {
      return (await lines.next()).value ?? 'nothing any more';
    },
    tell(line: string): void {
      child.stdin.write(`${line}\n`);
    },
  };
}

/** kafkajs's own producer, on the transactional id of the owner of partition 0. */
async function producerOfOwner() {
  const kafka = new Kafka({
    brokers: [broker.address],
    clientId: 'other',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 5 },
  });
  const producer = kafka.producer({
    transactionalId: `${prefix}.${log.logId}.scorer.0`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  return producer;
}

describe('two processes that both believe they own a partition', () => {
  test('the one that claimed it first writes nothing any more', async () => {
    const old = startOwner();
    expect(await old.says()).toBe('claimed');
    old.tell('first');
    expect(await old.says()).toBe('committed');
    const young = await log.claim('scorer', 0);
    old.tell('late');
    expect(await old.says()).toBe('fenced');
    expect(await young.commit(block('second'))).toMatchObject({ status: 'committed' });
    old.tell('later');
    expect(await old.says()).toBe('fenced');
    expect(await textsOf(log, 'results')).toEqual(['first', 'second']);
  });

  test('one that was stopped since before the other claimed is fenced when it wakes up', async () => {
    const old = startOwner();
    expect(await old.says()).toBe('claimed');
    old.child.kill('SIGSTOP');
    old.tell('zombie');
    const young = await log.claim('scorer', 0);
    expect(await young.commit(block('young'))).toMatchObject({ status: 'committed' });
    old.child.kill('SIGCONT');
    expect(await old.says()).toBe('fenced');
    expect(await textsOf(log, 'results')).toEqual(['young']);
  });

  test('whoever is killed leaves a partition that can be claimed at once', async () => {
    const old = startOwner();
    expect(await old.says()).toBe('claimed');
    old.tell('first');
    expect(await old.says()).toBe('committed');
    old.child.kill('SIGKILL');
    const owner = await log.claim('scorer', 0);
    expect((await log.last('results', 0))?.value.toString()).toBe('first');
    expect(await owner.commit(block('second'))).toMatchObject({ status: 'committed' });
  });
});

describe('claiming a partition', () => {
  test('fences at once, though kafkajs itself does so only with its first transaction', async () => {
    const owner = await log.claim('scorer', 0);
    const producer = await producerOfOwner();
    // connect() alone has fenced nobody:
    expect(await owner.commit(block('a'))).toMatchObject({ status: 'committed' });
    await log.claim('scorer', 0);
    expect(await owner.commit(block('b'))).toEqual({ status: 'fenced' });
    expect(await textsOf(log, 'results')).toEqual(['a']);
    await producer.disconnect();
  });

  test('gives up what the owner before left open, without waiting for its time to be over', async () => {
    const producer = await producerOfOwner();
    const transaction = await producer.transaction();
    await transaction.send({ topic: `${prefix}.results.v1`, messages: [{ partition: 0, value: 'never finished' }] });
    const startedMs = performance.now();
    const owner = await log.claim('scorer', 0);
    // Its producer's transactions may take a minute.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await log.last('results', 0)).toBeNull();
    await expect(transaction.commit()).rejects.toThrow(/./);
    expect(await owner.commit(block('a'))).toMatchObject({ status: 'committed' });
    expect(await textsOf(log, 'results')).toEqual(['a']);
    await producer.disconnect();
  });

  test('an owner whose transaction the broker gave up has an error and not "fenced": nobody else has the partition', async () => {
    const owner = await log.claim('scorer', 0);
    // As the broker does with a transaction that takes too long: another epoch, and no new owner.
    const producer = await producerOfOwner();
    await (await producer.transaction()).abort();
    await expect(owner.commit(block('a'))).rejects.toMatchObject({ code: 'log_unreachable' });
    // It stays useless until the partition is claimed again.
    await expect(owner.commit(block('a'))).rejects.toMatchObject({ code: 'log_unreachable' });
    expect(await log.last('results', 0)).toBeNull();
    expect(await (await log.claim('scorer', 0)).commit(block('b'))).toMatchObject({ status: 'committed' });
    await producer.disconnect();
  });

  test('leaves nothing that a reader sees', async () => {
    for (let i = 0; i < 3; i++) await log.claim('scorer', 0);
    expect(await log.bounds('results', 0)).toEqual({ start: 0, end: 0 });
    expect(await log.getKeyed('checkpoints', 0, 'owner/scorer')).toBeNull();
    expect(await log.position('scorer', 0)).toBeNull();
  });

  test('in one role or partition leaves the others alone', async () => {
    const [scorer, writer, other] = [await log.claim('scorer', 0), await log.claim('writer', 0), await log.claim('scorer', 1)];
    for (const owner of [scorer, writer, other]) {
      const appends = [{ stream: 'results' as const, partition: 0, values: values(`${owner.role} ${owner.partition}`) }];
      expect(await owner.commit({ appends })).toMatchObject({ status: 'committed' });
    }
  });
});

describe('sequence numbers', () => {
  test('that begin again at 0 lose and double nothing, though those of kafkajs do not begin again', async () => {
    const topic = `${prefix}.access.v1`;
    const access = { brokers: [broker.address], clientId: 'test' };
    const connection = new KafkaConnection({ access, topics: [topic], clock: systemClock, tryingMs: 10_000 });
    const producer = new TransactionalProducer({
      connection,
      transactionalId: `${prefix}.sequence`,
      floor: new VisibleFloor(),
      firstSequence: 2 ** 31 - 3,
    });
    try {
      await producer.take();
      const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      for (let i = 0; i < texts.length; i += 2) {
        const chunk = { topic, partition: 0, values: values(...texts.slice(i, i + 2)), keys: null, origin: ORIGIN.live };
        expect(await producer.transact([chunk])).toMatchObject({ status: 'ended' });
      }
      await expect.poll(() => textsOf(log, 'access')).toEqual(texts);
    } finally {
      await connection.close();
    }
  });
});
