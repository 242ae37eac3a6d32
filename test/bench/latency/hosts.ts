/**
 * Hosts that wait for verdicts, a process of their own: `hosts.ts BROKER PREFIX PARTITIONS PROGRAMS RATE SECONDS WARM-UP-SECONDS NAME SYSTEM-FILE`. They
 * write accesses that wait (`pending`) at a fixed rate whatever comes back, with kafkajs's producer, read the verdicts with its consumer,
 * and ask ClickHouse through the writer what is stored. The time of an access counts from when it was due, so that a pause, of theirs too, is not
 * left out (coordinated omission).
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { openProxiedWarehouse } from '../../../services/platform/warehouse/proxied/open-proxied-warehouse.ts';
import { accessLines } from '../../reference/bulk-traffic.ts';
import { Random } from '../../reference/random.ts';
import { begin, report } from '../process/measured.ts';
import { storedOffsets } from '../rows/stored.ts';
import '../scoring/zstd-codec.ts';
import { StoredTimes } from './stored-times.ts';
import { percentile } from './percentile.ts';

export interface Heard {
  readonly accesses: number;
  /** Accesses a second that were sent. */
  readonly offered: number;
  /** Milliseconds from when an access was due until it was handed to the producer. */
  readonly lagP99Ms: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly notStored: number;
  readonly storedP50Ms: number;
  readonly storedP99Ms: number;
}

/** How often accesses that are due are sent. */
const SEND_EVERY_MS = 5;
const ASK_EVERY_MS = 100;
/** How long verdicts and rows are waited for when everything is sent. */
const WAIT_MS_MAX = 60_000;
/** Longest that the broker keeps a host's question: of what was committed meanwhile it may hear only then. All of it is in the figures. */
const HOST_WAIT_MS = 5;

const [broker = '', prefix = '', ...rest] = process.argv.slice(2);
const [partitions, programs, rate, seconds, warmUp] = rest.slice(0, 5).map(Number) as [number, number, number, number, number];
const [name = '', systemFile = ''] = rest.slice(5);
const accesses = Math.round(rate * (warmUp + seconds));
const counted = Math.round(rate * warmUp);
const eventIds = new RegExp(`"eventId":"${name}-(\\d+)"`);

const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `hosts-${prefix}-${name}`, maxWaitTimeInMs: HOST_WAIT_MS });
await consumer.connect();
await consumer.subscribe({ topic: `${prefix}.verdicts.v1`, fromBeginning: false });
const joined = Promise.withResolvers<void>();
consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
/** Monotonic milliseconds at which the verdict of the n-th access was there; NaN: not yet. */
const answeredMs = new Float64Array(accesses).fill(Number.NaN);
let answered = 0;
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    const nowMs = performance.now();
    for (const { value } of batch.messages) {
      const at = eventIds.exec(value!.toString('latin1'))?.[1];
      if (at === undefined || !Number.isNaN(answeredMs[Number(at)])) continue;
      answeredMs[Number(at)] = nowMs;
      answered++;
    }
  },
});
await joined.promise;
const producer = kafka.producer({ allowAutoTopicCreation: false });
await producer.connect();
const { url, token } = JSON.parse(readFileSync(systemFile, 'utf8')) as { url: string; token: string };
const warehouse = openProxiedWarehouse({ url, token });
const stored = new StoredTimes(partitions, accesses);
await begin();

const startMs = performance.now();
const dueMs = (at: number): number => startMs + (at * 1000) / rate;
const asking = askAgainAndAgain();
const { lags, sentMs } = await send(producer);
await until(() => answered >= accesses);
await until(() => stored.known >= accesses);
stored.end();
await asking;
await Promise.all([consumer.disconnect(), producer.disconnect(), warehouse.close()]);
report(heard());

async function send(through: Producer): Promise<{ readonly lags: number[]; readonly sentMs: number }> {
  const lines = accessLines(
    {
      count: accesses,
      programs,
      accessesPerSecond: rate,
      days: null,
      startMs: Math.floor(performance.timeOrigin + startMs),
      idPrefix: `${name}-`,
      outcome: 'pending',
    },
    new Random(1),
  );
  const partitionsOf = new Map<string, number>();
  const sending = new Set<Promise<unknown>>();
  const lagsMs: number[] = [];
  for (let made = 0; made < accesses; ) {
    const due = Math.min(accesses, Math.floor(((performance.now() - startMs) / 1000) * rate));
    const messages: { key: string; value: string; partition: number }[] = [];
    if (due > made && made >= counted) lagsMs.push(performance.now() - dueMs(made));
    const first = made;
    for (; made < due; made++) {
      const value = lines.next().value as string;
      const key = /"subject":"([^"]+)"/.exec(value)![1]!;
      let partition = partitionsOf.get(key);
      if (partition === undefined) partitionsOf.set(key, (partition = partitionOf(key, partitions)));
      messages.push({ key, value: value.trimEnd(), partition });
    }
    if (messages.length > 0) {
      const sent = through.send({ topic: `${prefix}.access.v1`, acks: -1, messages }).then((places) => {
        stored.appended(first, messages, places);
        sending.delete(sent);
      });
      sending.add(sent);
    }
    await pause(SEND_EVERY_MS);
  }
  const lastMs = performance.now();
  await Promise.all(sending);
  return { lags: lagsMs, sentMs: lastMs };
}

/** One question after the other; what an answer covers was stored when it came, at the latest. */
async function askAgainAndAgain(): Promise<void> {
  while (!stored.hasEnded) {
    const offsets = await storedOffsets(warehouse);
    stored.answered(offsets, performance.now());
    await pause(ASK_EVERY_MS);
  }
}

async function until(isDone: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isDone() && waitedMs < WAIT_MS_MAX; waitedMs += SEND_EVERY_MS) await pause(SEND_EVERY_MS);
}

/** What never came counts as having come at the end: too early, and still in no percentile that looks good. */
function heard(): Heard {
  const endMs = performance.now();
  const waits = (times: Float64Array): number[] => {
    const found: number[] = [];
    for (let at = counted; at < accesses; at++) found.push((Number.isNaN(times[at]) ? endMs : times[at]!) - dueMs(at));
    return found.toSorted((a, b) => a - b);
  };
  const [verdicts, rows] = [waits(answeredMs), waits(stored.atMs)];
  return {
    accesses,
    offered: accesses / ((sentMs - startMs) / 1000),
    lagP99Ms: percentile(
      lags.toSorted((a, b) => a - b),
      0.99,
    ),
    unanswered: accesses - answered,
    p50Ms: percentile(verdicts, 0.5),
    p99Ms: percentile(verdicts, 0.99),
    maxMs: verdicts.at(-1)!,
    notStored: accesses - stored.known,
    storedP50Ms: percentile(rows, 0.5),
    storedP99Ms: percentile(rows, 0.99),
  };
}
