/**
 * A real Kafka for tests: brokers and a controller (KRaft), each a process of its own, on the loopback interface only, with their data
 * in temporary folders.
 *
 * Why a controller apart: a process that is both starts, after SIGKILL, from metadata in which it still leads every partition. Its
 * transaction coordinator then sends the markers of an acknowledged transaction before the broker knows its own address, takes the
 * partitions for deleted ones and notes the transaction as complete ("Couldn't find leader endpoint", Kafka 4.3.1): committed
 * records are lost. With one replica only a controller that has meanwhile taken the leadership away keeps the broker from that.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '../../services/platform/log/kafka/kafkajs-internals.ts';
import { freePorts } from '../free-ports.ts';
import type { KafkaProcess, KafkaRuntime } from './kafka-process.ts';
import { kafkaRuntime } from './runtime.ts';

/** Three seconds on a quiet machine; more than a minute was seen on one that does much else. */
const READY_MS_MAX = 240_000;
const READY_PAUSE_MS = 50;
const ANSWER_MS_MAX = 15_000;
/** How long the controller waits for a sign of life of a broker, and when it has surely noticed that there is none. */
const SESSION_MS = 2_000;
const FENCED_AFTER_MS = 3_500;
const CLUSTER_ID = 'bnRrLXRlc3QtYnJva2VyMA';
const CONTROLLER_ID = 100;
const MAIN = 'PLAINTEXT';

export interface ClusterOptions {
  /** @default 1 */
  readonly brokers?: number;
  /** Lines of server.properties of brokers and controller beyond those that the tests need anyway. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Listeners beyond the plain one: name and security protocol. */
  readonly listeners?: Readonly<Record<string, string>>;
  /** Brokers as where they stay, for what measures them. @default false: they start soon */
  readonly isFast?: boolean;
  /** SCRAM-SHA-512 passwords of users that are there from the beginning. */
  readonly passwords?: Readonly<Record<string, string>>;
}

interface Broker {
  readonly process: KafkaProcess;
  readonly ports: Readonly<Record<string, number>>;
  killedAtMs: number;
}

export class TestCluster {
  readonly #controller: KafkaProcess;
  readonly #brokers: readonly Broker[];

  /** @throws KafkaMissing when this machine can have no Kafka */
  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const runtime = await kafkaRuntime();
    const { brokers = 1, listeners = {} } = options;
    const names = [MAIN, ...Object.keys(listeners)];
    const found = await freePorts(1 + brokers * names.length);
    const ports = Array.from({ length: brokers }, (_, i) =>
      Object.fromEntries(names.map((name, n) => [name, found[1 + i * names.length + n]!])),
    );
    const cluster = new TestCluster(runtime, options, found[0]!, ports);
    try {
      await cluster.#controller.start();
      await Promise.all(ports.map((_, i) => cluster.startBroker(i)));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(
    runtime: KafkaRuntime,
    options: ClusterOptions,
    controllerPort: number,
    ports: readonly Readonly<Record<string, number>>[],
  ) {
    const { properties = {}, listeners = {}, passwords = {}, isFast = false } = options;
    const scram = Object.entries(passwords).map(([name, password]) => `SCRAM-SHA-512=[name=${name},password=${password}]`);
    const shared = { ...sharedProperties(controllerPort, Math.min(3, ports.length)), ...properties };
    this.#controller = runtime.process({
      clusterId: CLUSTER_ID,
      nodeId: CONTROLLER_ID,
      format: ['--standalone', ...scram.flatMap((each) => ['--add-scram', each])],
      properties: (folder) => ({
        ...shared,
        'process.roles': 'controller',
        'node.id': String(CONTROLLER_ID),
        listeners: `CONTROLLER://127.0.0.1:${controllerPort}`,
        'log.dirs': `${folder}/data`,
      }),
    });
    const protocols = { CONTROLLER: 'PLAINTEXT', [MAIN]: 'PLAINTEXT', ...listeners };
    this.#brokers = ports.map((own, i) => {
      const addresses = Object.entries(own).map(([name, port]) => `${name}://127.0.0.1:${port}`);
      const process = runtime.process({
        clusterId: CLUSTER_ID,
        nodeId: i + 1,
        format: null,
        isFast,
        properties: (folder) => ({
          ...shared,
          'process.roles': 'broker',
          'node.id': String(i + 1),
          listeners: addresses.join(','),
          'inter.broker.listener.name': MAIN,
          'listener.security.protocol.map': Object.entries(protocols)
            .map(([name, protocol]) => `${name}:${protocol}`)
            .join(','),
          'log.dirs': `${folder}/data`,
        }),
      });
      return { process, ports: own, killedAtMs: Number.NEGATIVE_INFINITY };
    });
  }

  /** `127.0.0.1:port` of each broker; they stay the same over {@link startBroker}. */
  addresses(listener = MAIN): string[] {
    return this.#brokers.map(({ ports }) => `127.0.0.1:${ports[listener]}`);
  }

  /** SIGKILL; the data stays. */
  async killBroker(i: number): Promise<void> {
    const broker = this.#brokers[i]!;
    await broker.process.kill();
    broker.killedAtMs = performance.now();
  }

  /** Starts a broker that was killed again, with what it had on disk. `isAtOnce` only where there are replicas. */
  async startBroker(i: number, { isAtOnce = false } = {}): Promise<void> {
    const { process, killedAtMs } = this.#brokers[i]!;
    // Until the controller has taken the leadership away from the broker that was killed; it tells nobody when.
    if (!isAtOnce) await pause(Math.max(0, killedAtMs + FENCED_AFTER_MS - performance.now()));
    await process.start();
    const deadline = performance.now() + READY_MS_MAX;
    // kafkajs's client for administrators waits for ever when the broker goes away at the wrong moment.
    while (!(await Promise.race([this.#answers(i), pause(ANSWER_MS_MAX, false, { ref: false })]))) {
      const lastWords = await process.lastWords();
      if (lastWords !== null) throw new Error(`the broker did not start: ${lastWords}`);
      if (performance.now() > deadline) throw new Error(`the broker was not ready within ${READY_MS_MAX} ms`);
      await pause(READY_PAUSE_MS);
    }
  }

  /** Whether the broker is registered and lists topics. */
  async #answers(i: number): Promise<boolean> {
    const brokers = [this.addresses()[i]!];
    const admin = createClient({ brokers, clientId: 'tests' }).admin();
    try {
      await admin.connect();
      const registered = (await admin.describeCluster()).brokers;
      await admin.listTopics();
      return registered.some(({ nodeId }) => nodeId === i + 1);
    } catch {
      return false;
    } finally {
      await admin.disconnect();
    }
  }

  /** A broker's machine hangs, and goes on. */
  freezeBroker(i: number): Promise<void> {
    return this.#brokers[i]!.process.freeze();
  }

  thawBroker(i: number): Promise<void> {
    return this.#brokers[i]!.process.thaw();
  }

  /** Ends everything and removes the data. Twice is fine. */
  async stop(): Promise<void> {
    await Promise.all([this.#controller, ...this.#brokers.map(({ process }) => process)].map((each) => each.remove()));
  }
}

function sharedProperties(controllerPort: number, replication: number): Record<string, string> {
  const inSync = String(Math.min(2, replication));
  return {
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': String(replication),
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': String(replication),
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': String(replication),
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register again only when its old session is over.
    'broker.session.timeout.ms': String(SESSION_MS),
    'broker.heartbeat.interval.ms': '300',
    // Retention is moved by hand in tests; a checker that runs meanwhile would only cost time.
    'log.retention.check.interval.ms': '600000',
    // The cleaner takes 128 MiB by default, more than half the heap.
    'log.cleaner.dedupe.buffer.size': '4194304',
    'log.cleaner.threads': '1',
    // Each partition of each test has files of this size.
    'log.index.size.max.bytes': '65536',
    // A transaction whose owner stands still is ended soon after its time is over, not ten seconds later.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  };
}
