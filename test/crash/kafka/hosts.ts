/** Hosts under load: they send again until they are told that it is in the log, and remember what they were told. */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { placesOf } from '../../../services/domain/partitioning/route-record.ts';
import { Random } from '../../reference/random.ts';
import { TrafficMaker } from '../../reference/traffic-maker.ts';
import type { Service } from './service.ts';

/** A gateway that stands still gives no answer: the host asks another one. */
const ANSWER_MS_MAX = 8_000;
const PROGRAMS = 40;
/** For a policy or two in a run of any length. */
const TRAFFIC = { lines: 20_000, programs: PROGRAMS, days: 20 };
/** A record one byte over the limit is rejected whatever follows. */
const RECORD_BYTES_KEPT = 4_193_280;
/** Shown of a record that is missing. */
const BEGIN_BYTES = 200;
const MARK = Buffer.from('\ufeff');

/** Records by what they are and where they have to be. */
export class Acknowledged {
  readonly #counts = new Map<string, { count: number; readonly begins: string }>();
  records = 0;

  add(record: Buffer, partitions: number): void {
    const kept = record.subarray(0, RECORD_BYTES_KEPT);
    this.records++;
    for (const partition of placesOf(kept, partitions)) {
      const key = keyOf(kept, partition);
      const known = this.#counts.get(key) ?? { count: 0, begins: JSON.stringify(kept.toString('latin1', 0, BEGIN_BYTES)) };
      known.count++;
      this.#counts.set(key, known);
    }
  }

  /** Those that are not in the log as often as they were acknowledged, each as it begins. */
  missing(found: ReadonlyMap<string, number>): readonly string[] {
    return [...this.#counts].flatMap(([key, { count, begins }]) => {
      const times = count - (found.get(key) ?? 0);
      return times > 0 ? [`${times} times, partition and hash ${key}: ${begins}`] : [];
    });
  }
}

export function keyOf(record: Buffer, partition: number): string {
  return `${partition} ${hash('sha256', record, 'base64').slice(0, 24)}`;
}

export interface HostOptions {
  readonly seed: number;
  readonly partitions: number;
  readonly acknowledged: Acknowledged;
  /** Of one request. */
  readonly recordsMax: number;
  readonly pauseMs: number;
}

/** One after the other: a host that waits for an answer sends nothing else. */
export class GatewayHost {
  readonly #options: HostOptions;
  readonly #random: Random;
  readonly #maker: TrafficMaker;
  readonly #gateways: readonly Service[];
  /** The gateway that has not answered yet. */
  asking: string | null = null;
  requests = 0;
  /** Answers other than 202, by status; 0: none came. */
  readonly refused = new Map<number, number>();

  constructor(options: HostOptions, gateways: readonly Service[]) {
    this.#options = options;
    this.#gateways = gateways;
    this.#random = new Random(options.seed);
    this.#maker = new TrafficMaker(this.#random, TRAFFIC);
    this.#maker.policy('2026-03-01.0');
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sendBatch();
      await pause(this.#options.pauseMs);
    }
  }

  async sendBatch(): Promise<void> {
    const { acknowledged, partitions, recordsMax } = this.#options;
    const records = Array.from({ length: this.#random.between(1, recordsMax) }, () => this.#record());
    await this.#sendUntilAcknowledged(Buffer.concat(records.flatMap((record) => [record, endOf(record)])));
    for (const [i, record] of records.entries()) acknowledged.add(i === 0 ? withoutMark(record) : record, partitions);
  }

  #record(): Buffer {
    const line = this.#random.chance(0.0005) ? this.#maker.rejectAsTooLarge() : this.#maker.line();
    return Buffer.isBuffer(line) ? line : line.bytes;
  }

  async #sendUntilAcknowledged(body: Buffer): Promise<void> {
    for (;;) {
      const gateway = this.#random.pick(this.#gateways);
      const door = gateway.door();
      if (door === null) {
        await pause(20);
        continue;
      }
      this.asking = gateway.name;
      this.requests++;
      const status = await fetch(`${door.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${door.token}`, 'content-type': 'application/x-ndjson' },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      this.asking = null;
      if (status === 202) return;
      this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
      // A killed one gives no answer, or its port went to somebody who does not know the token.
      if (![0, 401, 429, 503].includes(status)) throw new Error(`${gateway.name} answered ${status}`);
      await pause(50);
    }
  }
}

/** A byte-order mark at the beginning of a request is the request's, not the first record's (exact-rules.md section 1). */
function withoutMark(record: Buffer): Buffer {
  return record.subarray(0, MARK.length).equals(MARK) ? record.subarray(MARK.length) : record;
}

/** A carriage return that belongs to the record must not be taken for a line end's. */
function endOf(record: Buffer): Buffer {
  return Buffer.from(record.at(-1) === 0x0d ? '\r\n' : '\n');
}

/** Writes to Kafka itself, with the producer that everybody uses; what fails it sends again with a new one. */
export class KafkaHost {
  readonly #options: HostOptions;
  readonly #random: Random;
  readonly #maker: TrafficMaker;
  readonly #kafka: Kafka;
  readonly #topic: string;
  #producer: Producer | null = null;
  failures = 0;

  constructor(options: HostOptions, address: string, topic: string) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#maker = new TrafficMaker(this.#random, { ...TRAFFIC, lines: 5_000 });
    this.#maker.policy('2026-03-01.0');
    this.#topic = topic;
    this.#kafka = new Kafka({
      brokers: [address],
      clientId: 'host',
      logLevel: logLevel.NOTHING,
      requestTimeout: 5_000,
      retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 500 },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const records = Array.from({ length: this.#random.between(1, this.#options.recordsMax) }, () => this.#access());
      await this.#sendUntilAcknowledged(records);
      for (const { value } of records) this.#options.acknowledged.add(value, this.#options.partitions);
      await pause(this.#options.pauseMs);
    }
    await this.#producer?.disconnect().catch(() => {});
  }

  #access(): { key: string; value: Buffer } {
    const access = this.#maker.access();
    return { key: String(access['subject']), value: Buffer.from(JSON.stringify(access)) };
  }

  async #sendUntilAcknowledged(messages: { key: string; value: Buffer }[]): Promise<void> {
    for (;;) {
      try {
        if (this.#producer === null) {
          const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
          await producer.connect();
          this.#producer = producer;
        }
        await this.#producer.send({ topic: this.#topic, acks: -1, messages });
        return;
      } catch {
        this.failures++;
        await this.#producer?.disconnect().catch(() => {});
        this.#producer = null;
        await pause(200);
      }
    }
  }
}
