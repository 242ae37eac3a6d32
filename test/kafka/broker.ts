/** A cluster of one broker, for tests that do to it what they like. Those that only use one share it: shared-broker.ts. */
import { type ClusterOptions, TestCluster } from './cluster.ts';

export interface TestBroker {
  /** `127.0.0.1:port`; stays the same over {@link start}. */
  readonly address: string;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** Starts a killed broker again, with what it had on disk. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT: a machine that hangs. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends the broker and removes its data. Twice is fine. */
  stop(): Promise<void>;
  /** Of one of the listeners that were asked for. */
  addressOf(listener: string): string;
}

/** @throws KafkaMissing when this machine can have no Kafka */
export async function startBroker(options: Omit<ClusterOptions, 'brokers'> = {}): Promise<TestBroker> {
  const cluster = await TestCluster.start(options);
  return {
    address: cluster.addresses()[0]!,
    kill: () => cluster.killBroker(0),
    start: () => cluster.startBroker(0),
    freeze: () => cluster.freezeBroker(0),
    thaw: () => cluster.thawBroker(0),
    stop: () => cluster.stop(),
    addressOf: (listener) => cluster.addresses(listener)[0]!,
  };
}
