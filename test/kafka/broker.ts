/**
 * A real Kafka broker for tests, and a controller (KRaft) as a process of its own, on the loopback interface only, with their data in
 * a temporary folder. Says what is missing where there is no Java or no jars, and fails.
 *
 * Why two processes: one that is both starts, after SIGKILL, from metadata in which it still leads every partition. Its transaction
 * coordinator then sends the markers of an acknowledged transaction before the broker knows its own address, takes the partitions for
 * deleted ones and notes the transaction as complete ("Couldn't find leader endpoint", Kafka 4.3.1): committed records are lost. With
 * one replica only a controller that has meanwhile taken the leadership away keeps the broker from that.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { checkJava, kafkaJars } from './jars.ts';

const run = promisify(execFile);
const HEAP_MIB = 230;
/** Two seconds on a quiet machine. */
const READY_MS_MAX = 60_000;
const READY_PAUSE_MS = 50;
const OUTPUT_CHARS_SHOWN = 1_500;
/** How long the controller waits for a sign of life of the broker, and when it has surely noticed that there is none. */
const SESSION_MS = 2_000;
const FENCED_AFTER_MS = 3_500;
const CLUSTER_ID = 'bnRrLXRlc3QtYnJva2VyMA';
/** Tests start brokers often and use each for seconds: compiling well does not pay. */
const JAVA_FLAGS = [`-Xmx${HEAP_MIB}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

export interface BrokerOptions {
  /** Lines of server.properties beyond those that every broker of the tests has. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface TestBroker {
  /** `127.0.0.1:port`; stays the same over {@link start}. */
  readonly address: string;
  /** SIGKILL; the data stays. */
  kill(): Promise<void>;
  /** Starts a killed broker again, with what it had on disk. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT: a machine that hangs. */
  freeze(): void;
  thaw(): void;
  /** Ends the broker and removes its data. Twice is fine. */
  stop(): Promise<void>;
}

/** @throws KafkaMissing when Java or the jars cannot be had */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  await checkJava();
  const broker = new Broker(await kafkaJars(), await freePort(), await freePort(), options);
  try {
    await broker.format();
    await broker.start();
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return broker;
}

class Broker implements TestBroker {
  readonly address: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ntk-broker-'));
  readonly #classPath: string;
  readonly #running = new Map<Role, ChildProcess>();
  #killedAtMs = Number.NEGATIVE_INFINITY;

  constructor(jars: string, port: number, controllerPort: number, { properties = {} }: BrokerOptions) {
    this.address = `127.0.0.1:${port}`;
    this.#classPath = join(jars, '*');
    for (const role of ROLES) {
      const lines = {
        ...propertiesOf(role, port, controllerPort, join(this.#folder, role)),
        ...(role === 'broker' ? properties : {}),
      };
      const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(this.#file(`${role}.properties`), text.join(''));
    }
  }

  async format(): Promise<void> {
    await Promise.all(
      ROLES.map((role) => {
        const args = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', this.#file(`${role}.properties`)];
        if (role === 'controller') args.push('--standalone');
        return run('java', [...JAVA_FLAGS, '-cp', this.#classPath, ...args]);
      }),
    );
  }

  async start(): Promise<void> {
    if (!this.#running.has('controller')) this.#spawn('controller');
    // Until the controller has taken the leadership away from the broker that was killed; it tells nobody when.
    await pause(Math.max(0, this.#killedAtMs + FENCED_AFTER_MS - performance.now()));
    const started = this.#spawn('broker');
    const deadline = performance.now() + READY_MS_MAX;
    while (!(await this.#answers())) {
      if (started.exitCode !== null || started.signalCode !== null || performance.now() > deadline) {
        throw new Error(`the broker did not start: ${readFileSync(this.#file('output.txt'), 'utf8').slice(-OUTPUT_CHARS_SHOWN)}`);
      }
      await pause(READY_PAUSE_MS);
    }
  }

  #spawn(role: Role): ChildProcess {
    const output = openSync(this.#file('output.txt'), 'a');
    const args = [...JAVA_FLAGS, '-cp', this.#classPath, 'kafka.Kafka', this.#file(`${role}.properties`)];
    const started = spawn('java', args, { stdio: ['ignore', output, output] });
    closeSync(output);
    this.#running.set(role, started);
    return started;
  }

  /** Whether the broker is registered and lists topics. */
  async #answers(): Promise<boolean> {
    const admin = new Kafka({ brokers: [this.address], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      await admin.listTopics();
      return brokers.length > 0;
    } catch {
      return false;
    } finally {
      await admin.disconnect();
    }
  }

  async kill(): Promise<void> {
    await this.#end('broker');
    this.#killedAtMs = performance.now();
  }

  async #end(role: Role): Promise<void> {
    const running = this.#running.get(role);
    this.#running.delete(role);
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  }

  freeze(): void {
    this.#running.get('broker')?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#running.get('broker')?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await Promise.all(ROLES.map((role) => this.#end(role)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}

const ROLES = ['controller', 'broker'] as const;
type Role = (typeof ROLES)[number];
const NODE_ID = { controller: 2, broker: 1 } as const;

function propertiesOf(role: Role, port: number, controllerPort: number, data: string): Record<string, string> {
  const listener = role === 'broker' ? `PLAINTEXT://127.0.0.1:${port}` : `CONTROLLER://127.0.0.1:${controllerPort}`;
  return {
    'process.roles': role,
    'node.id': String(NODE_ID[role]),
    listeners: listener,
    'advertised.listeners': listener,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register again only when its old session is over.
    'broker.session.timeout.ms': String(SESSION_MS),
    'broker.heartbeat.interval.ms': '300',
    // Retention is moved by hand in tests; a checker that runs meanwhile would only cost time.
    'log.retention.check.interval.ms': '600000',
    // The cleaner takes 128 MiB by default, more than half the heap.
    'log.cleaner.dedupe.buffer.size': '4194304',
    'log.cleaner.threads': '1',
    // A transaction whose owner stands still is ended soon after its time is over, not ten seconds later.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return address.port;
}
