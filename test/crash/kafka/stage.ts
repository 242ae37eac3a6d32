/** A deployment for one test of the failure table, with one gateway, and what such tests ask of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaEventLog } from '../../../services/platform/log/kafka/kafka-event-log.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import type { TestBroker } from '../../kafka/broker.ts';
import { Deployment } from './deployment.ts';
import { drained } from './drained.ts';
import { type FinalState, finalState } from './final-state.ts';
import { Acknowledged } from './hosts.ts';
import type { Service } from './service.ts';

const POLL_MS = 25;
const HAPPENS_MS_MAX = 180_000;
let stages = 0;

export interface StageOptions {
  readonly partitions?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export class Stage {
  readonly deployment: Deployment;
  readonly log: KafkaEventLog;
  readonly warehouse: Warehouse;
  readonly clickhouse: Service;
  readonly clickhouseUrl: string;
  readonly gateway: Service;
  readonly acknowledged = new Acknowledged();
  #made = 0;

  /** ClickHouse and a gateway run; scorers and writers are for the test to start. */
  static async open(broker: Pick<TestBroker, 'address'>, { partitions = 2, env = {} }: StageOptions = {}): Promise<Stage> {
    const deployment = new Deployment({ address: broker.address, partitions, prefix: `row-${stages++}`, env });
    try {
      const log = await deployment.openLog();
      const { service, url } = await deployment.clickhouse();
      const stage = new Stage(deployment, log, service, url);
      stage.gateway.start();
      await stage.gateway.url();
      return stage;
    } catch (error) {
      await deployment.end();
      throw error;
    }
  }

  private constructor(deployment: Deployment, log: KafkaEventLog, clickhouse: Service, clickhouseUrl: string) {
    this.deployment = deployment;
    this.log = log;
    this.clickhouse = clickhouse;
    this.clickhouseUrl = clickhouseUrl;
    this.warehouse = deployment.openWarehouse(clickhouseUrl);
    this.gateway = deployment.service('gateway', 'gateway');
  }

  scorer(name = 'scorer', ...args: string[]): Service {
    return this.deployment.service('scorer', name, args);
  }

  writer(name = 'writer', ...args: string[]): Service {
    return this.deployment.service('writer', name, ['--clickhouse', this.clickhouseUrl, ...args]);
  }

  /** Started and heard of. */
  async running(...services: readonly Service[]): Promise<void> {
    for (const service of services) service.start();
    for (const service of services) await service.url();
  }

  /** Accesses that each get a verdict, by programs that go to `partition` if that is given. */
  accesses(count: number, partition?: number): string[] {
    return Array.from({ length: count }, () => {
      const i = this.#made++;
      const subject = partition === undefined ? `program-${i % 40}` : programOf(partition, this.log.partitions, i);
      return JSON.stringify({
        specversion: '1.0',
        id: `a${i}`,
        source: 'host/test',
        type: 'ntk.access',
        subject,
        time: new Date(1_790_000_000_000 + i).toISOString(),
        data: { user: `u${i % 50}`, api: 'wx.getLocation', outcome: 'pending' },
      });
    });
  }

  async post(lines: readonly string[], gateway = this.gateway): Promise<Response> {
    const door = gateway.door();
    if (door === null) throw new Error(`${gateway.name} is not there`);
    const response = await fetch(`${door.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${door.token}`, 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    if (response.status === 202) for (const line of lines) this.acknowledged.add(Buffer.from(line), this.log.partitions);
    return response;
  }

  /** Until it is acknowledged. */
  async send(lines: readonly string[]): Promise<void> {
    await this.happens('a batch is acknowledged', async () => {
      const response = await this.post(lines);
      await response.arrayBuffer();
      return response.status === 202;
    });
  }

  /** Waits for it; what cannot be asked yet counts as no. */
  async happens(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
    const deadline = performance.now() + HAPPENS_MS_MAX;
    for (;;) {
      const isSo = await Promise.try(ask).catch(() => false);
      if (isSo) return;
      if (performance.now() > deadline) throw new Error(`it did not happen that ${what}; see ${this.deployment.folder}`);
      await pause(POLL_MS);
    }
  }

  async health(service: Service): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${await service.url()}/health`);
    return { status: response.status, text: await response.text() };
  }

  /** Everything that was acknowledged is judged and stored. */
  async drained(partitions?: readonly number[]): Promise<void> {
    await drained(this.log, this.deployment, partitions);
  }

  /** Drains, and holds what is stored and told against the same records folded by somebody undisturbed. */
  async outcome(): Promise<{ readonly state: FinalState; readonly wrong: typeof NOTHING_WRONG }> {
    await this.drained();
    const state = await finalState(this.log, this.warehouse);
    return { state, wrong: wrongIn(state, this.acknowledged) };
  }

  async end(): Promise<void> {
    await this.deployment.end();
  }
}

/** A program of this number whose records go to `partition`. */
function programOf(partition: number, partitions: number, number: number): string {
  for (let i = 0; ; i++) {
    const name = `program-${number % 10}-${i}`;
    if (partitionOf(name, partitions) === partition) return name;
  }
}

export const NOTHING_WRONG = {
  missing: 0,
  doubled: 0,
  different: 0,
  unexpected: 0,
  verdictsMissing: 0,
  verdictsChanged: 0,
  toldTwice: 0,
  rejectsWrong: 0,
  /** Records that were acknowledged and are not in the log. */
  lost: [] as readonly string[],
};

export function wrongIn(state: FinalState, acknowledged: Acknowledged): typeof NOTHING_WRONG {
  const { missing, doubled, different, unexpected, verdictsMissing, verdictsChanged, toldTwice, rejectsWrong, found } = state;
  const rows = { missing, doubled, different, unexpected };
  const told = { verdictsMissing, verdictsChanged, toldTwice, rejectsWrong };
  return { ...rows, ...told, lost: acknowledged.missing(found) };
}
