/** `ntk scorer` and `ntk writer` on Kafka as an operator starts them: processes of their own, in their default settings. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProxiedWarehouse } from '../../../services/platform/warehouse/proxied/open-proxied-warehouse.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { Service } from '../../crash/kafka/service.ts';
import { environment } from '../../environment.ts';
import { MEMORY, NODE_OPTIONS, pinned } from './measured-process.ts';

const LAUNCHER = join(import.meta.dirname, '../../../bin/ntk.mjs');
/** The same in all rounds and processes, since stored users are part of the result. */
export const USER_KEY = Buffer.alloc(32, 7);

/** The key as a file of this folder, for NTK_USER_KEY_FILE: with a key of its own each run would store other users. */
export function writeUserKey(folder: string): string {
  const file = join(folder, 'user-key');
  writeFileSync(file, USER_KEY);
  return file;
}

export interface DeploymentOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly partitions: number;
  /** Data folders are made in it. */
  readonly folder: string;
  /** NTK_* settings beyond the defaults. @default none */
  readonly settings?: Readonly<Record<string, string>>;
}

export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #userKeyFile: string;
  readonly #services: Service[] = [];
  readonly #warehouses: Warehouse[] = [];

  constructor(options: DeploymentOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.#userKeyFile = writeUserKey(options.folder);
  }

  /** Not started yet. */
  service(role: 'scorer' | 'writer', args: readonly string[] = [], cores?: readonly number[]): Service {
    const { broker, prefix, partitions, folder, settings = {} } = this.#options;
    const data = this.dataOf(role);
    mkdirSync(data, { recursive: true });
    const node = [process.execPath, ...NODE_OPTIONS];
    const service = new Service({
      name: role,
      command: pinned(cores, [...node, LAUNCHER, role, '--data', data, '--port', '0', ...args]),
      env: environment({
        ...MEMORY,
        NTK_LOG_LEVEL: 'warn',
        NTK_KAFKA_BROKERS: broker,
        NTK_KAFKA_REPLICATION: '1',
        NTK_KAFKA_TOPIC_PREFIX: prefix,
        NTK_PARTITIONS: String(partitions),
        NTK_USER_KEY_FILE: this.#userKeyFile,
        NTK_AUTHORITY: 'open',
        ...settings,
      }),
      outputFile: join(folder, `${role}.log`),
      systemFile: join(data, 'system.json'),
    });
    this.#services.push(service);
    return service;
  }

  dataOf(role: 'scorer' | 'writer'): string {
    return join(this.#options.folder, role);
  }

  /** ClickHouse inside a writer that runs, asked as `ntk query` does. */
  warehouseOf(writer: Service): Warehouse {
    const warehouse = openProxiedWarehouse(writer.door()!);
    this.#warehouses.push(warehouse);
    return warehouse;
  }

  /** SIGTERM to all. @throws Error when one of them had ended by itself */
  async stop(): Promise<void> {
    for (const warehouse of this.#warehouses.splice(0)) await warehouse.close();
    await Promise.all(this.#services.map((service) => service.stop()));
    const problems = this.#services.flatMap(({ endedByItself }) => endedByItself);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  /** For when something failed. */
  async kill(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.kill()));
  }
}

/** Runs it, and lets nothing of it stay whatever happens. */
export async function deployed<Result>(
  options: DeploymentOptions,
  work: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const deployment = new Deployment(options);
  try {
    const result = await work(deployment);
    await deployment.stop();
    return result;
  } catch (error) {
    await deployment.kill();
    throw error;
  }
}

export async function started(service: Service): Promise<Service> {
  service.start();
  await service.says(/running on/);
  return service;
}
