import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LogError, type Owner } from '../../../../services/platform/log/event-log.ts';
import type { KafkaEventLog } from '../../../../services/platform/log/kafka/kafka-event-log.ts';
import { startBroker, type TestBroker } from '../../../kafka/broker.ts';
import { allowKafkaItsTime } from '../../../kafka/shared-broker.ts';
import { PLENTY, TestLogs, textsOf, values } from './open-test-log.ts';

/** Turns of the event loop between the start of a commit and the broker's end: before, inside and after each of its requests. */
const TURNS_BEFORE_KILL = process.env.NTK_KAFKA_KILLS === undefined ? [3, 40, 150] : [0, 3, 10, 40, 150, 600];
const SOURCE_RECORDS = 1_000;
const BATCH_RECORDS = 5;

allowKafkaItsTime();
let broker: TestBroker;
const logs = new TestLogs(() => broker);
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker.stop();
});

let prefix: string;
let log: KafkaEventLog;
beforeEach(async () => {
  prefix = logs.newPrefix();
  log = await logs.open(prefix, { tryingMs: 1_000 });
});
afterEach(async () => {
  await logs.closeAll();
});

/** As a scorer works: the position is what the last block says, and whatever fails throws away the owner, the state and the process. */
class Copier {
  readonly #open: () => Promise<KafkaEventLog>;
  #log: KafkaEventLog | null = null;
  #owner: Owner | null = null;
  #position = 0;
  readonly acknowledged: string[] = [];

  constructor(open: () => Promise<KafkaEventLog>) {
    this.#open = open;
  }

  /** One batch after the other, so that a kill falls into one of them. Answers the error, null at the end. */
  async untilError(): Promise<unknown> {
    try {
      while (await this.step());
      return null;
    } catch (error) {
      return error;
    }
  }

  /** One batch, or false at the end. Whatever fails throws owner and position away. */
  async step(): Promise<boolean> {
    try {
      this.#log ??= await this.#open();
      if (this.#owner === null) {
        const owner = await this.#log.claim('scorer', 0);
        const last = await this.#log.last('results', 0);
        this.#position = last === null ? 0 : (JSON.parse(last.value.toString()) as { next: number }).next;
        this.#owner = owner;
      }
      const batch = await this.#log.read('access', 0, this.#position, { maxRecords: BATCH_RECORDS, maxBytes: PLENTY.maxBytes });
      if (batch.count === 0) return false;
      const texts = Array.from({ length: batch.count }, (_, i) =>
        batch.bytes.toString('latin1', batch.starts[i], batch.starts[i + 1]),
      );
      const { status } = await this.#owner.commit({
        appends: [
          { stream: 'results', partition: 0, values: values(JSON.stringify({ next: batch.nextOffset, texts })) },
          { stream: 'verdicts', partition: 0, values: values(...texts) },
        ],
        puts: [{ stream: 'checkpoints', partition: 0, key: 'next', value: Buffer.from(String(batch.nextOffset)) }],
        position: { consumer: 'scorer', partition: 0, offset: batch.nextOffset, note: '' },
      });
      if (status === 'fenced') throw new Error('nobody else has the partition');
      this.#position = batch.nextOffset;
      this.acknowledged.push(...texts);
      return true;
    } catch (error) {
      this.#owner = null;
      // What the next one knows of the log, it knows from Kafka alone.
      this.#log = null;
      throw error;
    }
  }
}

describe('a broker that is killed while a transaction is committed', () => {
  test('loses and doubles nothing, whenever that is', { timeout: 240_000 }, async () => {
    const source = Array.from({ length: SOURCE_RECORDS }, (_, i) => `record ${i}`);
    await log.commit({ appends: [{ stream: 'access', partition: 0, values: values(...source) }] });
    const copier = new Copier(() => logs.open(prefix, { tryingMs: 1_000, create: false }));
    for (const turns of TURNS_BEFORE_KILL) {
      for (let i = 0; i < 3; i++) expect(await copier.step()).toBe(true);
      const step = copier.untilError();
      for (let i = 0; i < turns; i++) await nextTurn();
      await broker.kill();
      // Away for longer than the log tries by itself.
      const error = await step;
      expect(error).toBeInstanceOf(LogError);
      expect(error).toMatchObject({ code: 'log_unreachable' });
      await broker.start();
      await expect.poll(() => copier.step().catch(() => false), { timeout: 30_000 }).toBe(true);
      // What was acknowledged is there; what failed may be, as a whole.
      const fresh = await logs.open(prefix, { create: false });
      await expect
        .poll(async () => new Set(await textsOf(fresh, 'verdicts')).isSupersetOf(new Set(copier.acknowledged)))
        .toBe(true);
      const seen = await textsOf(fresh, 'verdicts');
      expect(seen).toEqual(source.slice(0, seen.length));
    }
    while (await copier.step());
    expect(await textsOf(log, 'verdicts')).toEqual(source);
    const blocks = (await textsOf(log, 'results')).map((text) => JSON.parse(text) as { next: number; texts: string[] });
    expect(blocks.flatMap(({ texts }) => texts)).toEqual(source);
    const end = blocks.at(-1)!.next;
    expect(await log.position('scorer', 0)).toMatchObject({ offset: end });
    expect((await log.getKeyed('checkpoints', 0, 'next'))?.toString()).toBe(String(end));
  });
});

describe('a broker that is away', () => {
  test('is an error of code log_unreachable for whoever reads, writes or claims, and none for those who wait', {
    timeout: 120_000,
  }, async () => {
    await log.commit({ appends: [{ stream: 'access', partition: 0, values: values('a') }] });
    const owner = await log.claim('scorer', 0);
    await broker.kill();
    const unreachable = { code: 'log_unreachable' };
    const results = await Promise.allSettled([
      log.read('access', 0, 0, PLENTY),
      log.last('access', 0),
      log.position('scorer', 0),
      log.getKeyed('checkpoints', 0, 'k'),
      owner.commit({ appends: [{ stream: 'results', partition: 0, values: values('r') }] }),
      log.commit({ appends: [{ stream: 'access', partition: 0, values: values('b') }] }),
      log.claim('scorer', 0),
    ]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: unreachable });
    expect(await log.shownOffset('scorer', 0)).toBeNull();
    await log.waitForAppend('access', 200);
    await log.waitForAppend('access', 200);
    await broker.start();
    await expect.poll(() => textsOf(log, 'access').catch(() => null), { timeout: 30_000 }).toEqual(['a']);
    await log.commit({ appends: [{ stream: 'access', partition: 0, values: values('c') }] });
    expect(await textsOf(log, 'access')).toEqual(['a', 'c']);
    expect(await textsOf(log, 'results')).toEqual([]);
  });
});
