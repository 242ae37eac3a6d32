/** Rows of the failure table (architecture.md) about who owns a partition, with real processes on a real Kafka. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { administrate } from '../../kafka/topics.ts';
import { Random } from '../../reference/random.ts';
import { LogWatch } from './log-watch.ts';
import { NOTHING_WRONG, Stage } from './stage.ts';

const MS_MAX = 600_000;
/** As `npm run test:crash` runs it. */
const IS_LONG = process.env['NTK_CRASH_KILLS'] !== undefined;
const SEED = Number(process.env['NTK_CRASH_SEED'] ?? 20_260_304);
/** Kills at each side of a transaction's begin and end. */
const KILLS_EACH = IS_LONG ? 2 : 1;
const LOOKS_MAX = 200;

let broker: TestBroker;
let stage: Stage;
beforeAll(async () => {
  broker = await startBroker();
}, MS_MAX);
afterAll(async () => {
  await broker.stop();
}, MS_MAX);
afterEach(async () => {
  await stage.end();
}, MS_MAX);

/** Sends until it is told to stop; resolves when all is acknowledged. */
async function load(signal: AbortSignal, records = 40): Promise<void> {
  while (!signal.aborted) await stage.send(stage.accesses(records));
}

describe('a scorer that is killed at any instant', () => {
  test('before, inside and after a transaction: totals exact, verdicts identical, nobody told twice', {
    timeout: MS_MAX,
  }, async () => {
    stage = await Stage.open(broker);
    const random = new Random(SEED);
    const watch = new LogWatch(stage.log, broker, `${stage.deployment.prefix}.results.v1`);
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    const over = new AbortController();
    const loading = load(over.signal);
    const killed = { inside: 0, between: 0 };
    for (let looks = 0; looks < LOOKS_MAX && Math.min(killed.inside, killed.between) < KILLS_EACH; looks++) {
      await new Promise((resolve) => setTimeout(resolve, random.below(60)));
      // It stands still while it is looked at, so that what is seen is what the kill meets.
      scorer.freeze();
      const moment = (await watch.scoring()) === 'inside a transaction' ? 'inside' : 'between';
      if (killed[moment] >= KILLS_EACH) {
        scorer.thaw();
        continue;
      }
      killed[moment]++;
      await scorer.kill();
      scorer.start();
      await scorer.says(/partition taken/);
    }
    over.abort();
    await loading;
    expect(killed).toEqual({ inside: KILLS_EACH, between: KILLS_EACH });
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    await watch.close();
  });

  test('while a commit is unanswered: no verdict twice', { timeout: MS_MAX }, async () => {
    stage = await Stage.open(broker);
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    await stage.running(scorer, writer);
    await stage.send(stage.accesses(50));
    await stage.drained();
    for (let i = 0; i < (IS_LONG ? 3 : 1); i++) {
      const over = new AbortController();
      const loading = load(over.signal);
      const told = (await stage.log.bounds('verdicts', 0)).end;
      await stage.happens(
        'the scorer is in the middle of its work',
        async () => (await stage.log.bounds('verdicts', 0)).end > told,
      );
      // From here on no request of the scorer's is answered, and it has always one under way.
      await broker.freeze();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await scorer.kill();
      await broker.thaw();
      scorer.start();
      over.abort();
      await loading;
    }
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
  });
});

describe('two scorers that believe they own a partition', () => {
  test('the older one is fenced and its output is not visible; it goes on when the newer one is gone', {
    timeout: MS_MAX,
  }, async () => {
    stage = await Stage.open(broker);
    const [older, newer, writer] = [stage.scorer('older'), stage.scorer('newer'), stage.writer()];
    await stage.running(older, writer);
    await stage.send(stage.accesses(100));
    await stage.drained();
    older.freeze();
    await stage.send(stage.accesses(100));
    await stage.running(newer);
    await stage.drained();
    older.thaw();
    await stage.send(stage.accesses(100));
    await older.says(/another scorer has taken the partition/);
    const { status, text } = await stage.health(older);
    expect([status, text]).toEqual([
      503,
      expect.stringMatching(/partition \d+: another scorer has taken it; .* taken back within \d+ ms/),
    ]);
    await newer.kill();
    // Both partitions are its own again, by itself.
    await stage.send(stage.accesses(100));
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
    await stage.happens('it is well again', async () => (await stage.health(older)).status === 200);
  });

  test('one stood still between reading the position and its first transaction: fenced, no verdict twice', {
    timeout: MS_MAX,
  }, async () => {
    // One batch of all there is takes long enough to judge to be caught in it.
    stage = await Stage.open(broker, {
      partitions: 1,
      env: { NTK_BATCH_RECORDS_MAX: '100000', NTK_BATCH_BYTES_MAX: '67108864' },
    });
    for (let i = 0; i < 15; i++) await stage.send(stage.accesses(2_000));
    const [older, newer, writer] = [stage.scorer('older'), stage.scorer('newer'), stage.writer()];
    await stage.running(writer);
    older.start();
    await older.says(/partition taken/);
    older.freeze();
    expect(await stage.log.last('results', 0)).toBeNull();
    await stage.running(newer);
    await stage.drained();
    const told = (await stage.log.bounds('verdicts', 0)).end;
    older.thaw();
    await older.says(/another scorer has taken the partition|scoring failed/);
    expect((await stage.log.bounds('verdicts', 0)).end).toBe(told);
    await newer.kill();
    await stage.send(stage.accesses(100));
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
  });
});

describe('a consumer group', () => {
  test('rebalances while batches are in flight: each is finished or dropped whole', { timeout: MS_MAX }, async () => {
    stage = await Stage.open(broker, { partitions: 4 });
    const scorers = [0, 1, 2].map((i) => stage.scorer(`scorer-${i}`, '--assignment', 'group'));
    await stage.running(scorers[0]!, stage.writer());
    const over = new AbortController();
    const loading = load(over.signal);
    await scorers[0]!.says(/partition taken/);
    for (const [i, joins] of [1, 2, 1].entries()) {
      const scorer = scorers[joins]!;
      if (i === 2) await scorer.stop();
      scorer.start();
      await scorer.says(/partition taken/);
    }
    // The first one goes without a word, the second one as it should.
    await scorers[0]!.kill();
    await scorers[1]!.stop();
    over.abort();
    await loading;
    expect((await stage.outcome()).wrong).toEqual(NOTHING_WRONG);
  });

  test('that does not let a scorer in is named by its health, until it is in', { timeout: MS_MAX }, async () => {
    stage = await Stage.open(broker);
    const { address, prefix } = stage.deployment;
    const kafka = new Kafka({ brokers: [address], clientId: 'somebody', logLevel: logLevel.NOTHING });
    // Shares topics in another way than scorers do, under the same name.
    const stranger = kafka.consumer({ groupId: `${prefix}.scorers` });
    await stranger.connect();
    await stranger.subscribe({ topic: `${prefix}.access.v1` });
    const { promise: joined, resolve } = Promise.withResolvers<unknown>();
    stranger.on(stranger.events.GROUP_JOIN, resolve);
    await stranger.run({ eachMessage: async () => {} });
    await joined;
    const scorer = stage.scorer('scorer', '--assignment', 'group');
    await stage.running(scorer);
    await stage.happens('it is named', async () => (await stage.health(scorer)).text.includes('the group'));
    expect(await stage.health(scorer)).toMatchObject({ status: 503, text: expect.stringContaining('incompatible') });
    await stranger.disconnect();
    await stage.happens('it is in', async () => (await stage.health(scorer)).status === 200);
    await scorer.says(/partition taken[^]*partition taken/);
  });

  test('whose offsets are deleted or set anywhere changes nothing', { timeout: MS_MAX }, async () => {
    stage = await Stage.open(broker);
    const { prefix } = stage.deployment;
    const [scorer, writer] = [stage.scorer(), stage.writer()];
    const set = (offset: (end: number) => number) => async (): Promise<void> =>
      administrate(broker, async (admin) => {
        for (const [consumer, stream] of [
          ['scorer', 'access'],
          ['writer', 'results'],
        ] as const) {
          const topic = `${prefix}.${stream}.v1`;
          const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
            partition,
            offset: String(offset(Number(high))),
          }));
          await admin.setOffsets({ groupId: `${prefix}.${consumer}`, topic, partitions });
        }
      });
    const tampering = [
      async () =>
        administrate(broker, async (admin) => {
          // One that is not there is deleted already.
          for (const consumer of ['scorer', 'writer']) await admin.deleteGroups([`${prefix}.${consumer}`]).catch(() => {});
        }),
      set((end) => end),
      set(() => 0),
      set((end) => end + 1_000_000),
    ];
    const judged = (): Promise<number[]> =>
      Promise.all([0, 1].map(async (partition) => (await stage.log.bounds('results', partition)).end));
    await stage.running(scorer, writer);
    await stage.send(stage.accesses(100));
    await stage.drained();
    for (const [i, tamper] of tampering.entries()) {
      // While they run, and while they do not.
      const isStopped = i % 2 === 1;
      if (isStopped) await Promise.all([scorer.stop(), writer.stop()]);
      const before = await judged();
      await stage.happens('the offsets are set', async () => tamper().then(() => true));
      if (isStopped) {
        await stage.running(scorer, writer);
        await scorer.says(/partition taken[^]*partition taken/);
        expect(await judged()).toEqual(before);
      }
      await stage.send(stage.accesses(100));
      await stage.drained();
    }
    const { state, wrong } = await stage.outcome();
    expect(wrong).toEqual(NOTHING_WRONG);
    expect(state.physicalDoubles).toBe(0);
  });
});
