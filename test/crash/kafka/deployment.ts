/** Need to Know as it runs on Kafka: gateways, scorers and writers as processes of their own, with a stand-in for a ClickHouse server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../services/platform/clock.ts';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import { openKafkaLog } from '../../../services/platform/log/kafka/open-kafka-log.ts';
import { openServerWarehouse } from '../../../services/platform/warehouse/server/open-server-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { environment } from '../../environment.ts';
import { freePort } from '../../free-ports.ts';
import { NtkProcess, SMALL_STEPS } from '../ntk-process.ts';
import { Service } from './service.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NODE = join(ROOT, 'node_modules/.bin/node');
const LAUNCHER = join(ROOT, 'bin/ntk.mjs');
const CLICKHOUSE = join(import.meta.dirname, 'clickhouse-server.ts');

export type Role = 'gateway' | 'scorer' | 'writer';

type Env = Readonly<Record<string, string>>;

export interface DeploymentOptions {
  readonly address: string;
  readonly partitions: number;
  readonly prefix?: string;
  readonly replication?: number;
  readonly env?: Env;
}

export class Deployment {
  readonly folder = mkdtempSync(join(tmpdir(), 'ntk-crash-kafka-'));
  readonly address: string;
  readonly partitions: number;
  readonly prefix: string;
  readonly services: Service[] = [];
  readonly #env: Env;
  readonly #replication: number;
  readonly #opened: { close(): Promise<void> }[] = [];
  #clickhouse: { readonly service: Service; readonly url: string } | null = null;

  constructor({ address, partitions, prefix = 'crash', replication = 1, env = {} }: DeploymentOptions) {
    this.address = address;
    this.partitions = partitions;
    this.prefix = prefix;
    this.#replication = replication;
    const userKey = join(this.folder, 'user.key');
    writeFileSync(userKey, 'the same key for all scorers of one log');
    this.#env = {
      ...SMALL_STEPS,
      NTK_LOG_LEVEL: 'info',
      NTK_KAFKA_BROKERS: address,
      NTK_KAFKA_REPLICATION: String(replication),
      NTK_KAFKA_TOPIC_PREFIX: prefix,
      NTK_PARTITIONS: String(partitions),
      NTK_USER_KEY_FILE: userKey,
      NTK_AUTHORITY: 'open',
      ...env,
    };
  }

  /** The stand-in for a ClickHouse server; the same each time. */
  async clickhouse(): Promise<{ readonly service: Service; readonly url: string }> {
    if (this.#clickhouse !== null) return this.#clickhouse;
    const port = await freePort();
    const data = join(this.folder, 'clickhouse-server');
    mkdirSync(data);
    const service = this.#service('clickhouse', [NODE, CLICKHOUSE, data, String(port)], {});
    service.start();
    await service.says(/ready/);
    this.#clickhouse = { service, url: `http://127.0.0.1:${port}/clickhouse/` };
    return this.#clickhouse;
  }

  /** A process that is not started yet, with a folder of its own. `launcher` is another release's. */
  service(role: Role | 'up', name: string, args: readonly string[] = [], env: Env = {}, launcher = LAUNCHER): Service {
    const data = join(this.folder, name);
    mkdirSync(data, { recursive: true });
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const command = [NODE, launcher, role, '--data', data, ...port, ...args];
    return this.#service(name, command, env, join(data, 'system.json'));
  }

  #service(name: string, command: readonly string[], env: Env, systemFile?: string): Service {
    const service = new Service({
      name,
      command,
      env: environment({ ...this.#env, ...env }),
      outputFile: join(this.folder, `${name}.log`),
      ...(systemFile === undefined ? {} : { systemFile }),
    });
    this.services.push(service);
    return service;
  }

  /** The log as somebody who only reads sees it. */
  async openLog(): Promise<KafkaEventLog> {
    const log = await openKafkaLog({
      brokers: [this.address],
      clientId: 'test',
      topicPrefix: this.prefix,
      partitions: this.partitions,
      replication: this.#replication,
      create: true,
      clock: systemClock,
    });
    this.#opened.push(log);
    return log;
  }

  openWarehouse(url: string): Warehouse {
    const warehouse = openServerWarehouse({ url });
    this.#opened.push(warehouse);
    return warehouse;
  }

  /** A command to its end. */
  async command(
    args: readonly string[],
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const { code, stdout, stderr } = await new NtkProcess(args, this.#env).ended;
    return { code, stdout: stdout.toString('utf8'), stderr };
  }

  /** Processes that ended though nobody had ended them, in their own words. */
  endedByThemselves(): string[] {
    return this.services.flatMap(({ endedByItself }) => endedByItself);
  }

  /** Ends everything; the folder is kept for whoever wants to know why. Twice is fine. */
  async end({ keepFolder = false } = {}): Promise<void> {
    for (const one of this.#opened.splice(0)) await one.close().catch(() => {});
    await Promise.all(this.services.map((service) => service.kill()));
    if (!keepFolder) rmSync(this.folder, { recursive: true, force: true });
  }
}
