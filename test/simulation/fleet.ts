/** Scorers and writers, the production ones, each in a simulated process; whoever ends is replaced after a while. */
import { OPEN } from '../../services/domain/authority/authority.ts';
import { type EventLog, LogError } from '../../services/platform/log/event-log.ts';
import { type Warehouse, WarehouseError } from '../../services/platform/warehouse/warehouse.ts';
import { Scorer } from '../../services/scorer/scorer.ts';
import { PartitionRefused } from '../../services/scorer/partition-refused.ts';
import { Writer } from '../../services/writer/writer.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedEventLog } from './simulated-event-log.ts';
import { SimulatedProcess, type World } from './simulated-process.ts';
import { type SimulatedTables, SimulatedWarehouse } from './simulated-warehouse.ts';

export type Role = 'scorer' | 'writer';

/** Puts something between the services and their log or warehouse: a mistake that the simulation has to find. */
export interface Mutation {
  readonly log?: (log: EventLog, cluster: SimulatedCluster, process: SimulatedProcess) => EventLog;
  readonly warehouse?: (warehouse: Warehouse) => Warehouse;
}

export interface Worker {
  readonly role: Role;
  readonly process: SimulatedProcess;
  readonly log: SimulatedEventLog;
  readonly service: Scorer | Writer;
  /** Partitions that it has not lost. */
  readonly partitions: Set<number>;
  isStarted: boolean;
  isStopping: boolean;
}

/** What a deployment configures, drawn for each schedule. */
interface Tuning {
  readonly batchRecordsMax: number;
  readonly checkpointRecords: number;
  readonly checkpointIntervalMs: number;
  readonly handOverMs: number;
  readonly groupRowsMax: number;
  readonly groupWaitMs: number;
}

export class Fleet {
  readonly workers: Worker[] = [];
  /** Errors of workers that nothing explains. */
  readonly violations: string[] = [];
  readonly cluster: SimulatedCluster;
  readonly tables: SimulatedTables;
  readonly #world: World;
  readonly #mutation: Mutation;
  readonly #tuning: Tuning;
  #started = 0;

  constructor(world: World, cluster: SimulatedCluster, tables: SimulatedTables, mutation: Mutation) {
    this.#world = world;
    this.cluster = cluster;
    this.tables = tables;
    this.#mutation = mutation;
    const { random } = world;
    this.#tuning = {
      batchRecordsMax: random.pick([3, 10, 25, 60]),
      checkpointRecords: random.pick([10, 30, 90, 1_000]),
      checkpointIntervalMs: random.pick([500, 3_000, 60_000]),
      handOverMs: random.pick([0, 0, 400]),
      groupRowsMax: random.pick([4, 30, 200]),
      groupWaitMs: random.pick([20, 100, 300]),
    };
  }

  alive(role: Role): Worker[] {
    return this.workers.filter((worker) => worker.role === role && !worker.process.isDead);
  }

  /** Partitions that nobody works on; who is paused may wake up and do so, or not count. */
  orphans(role: Role, countsPaused: boolean): number[] {
    const working = this.alive(role).filter(({ process }) => countsPaused || process.isRunning);
    const covered = new Set(working.flatMap(({ partitions }) => [...partitions]));
    return Array.from({ length: this.cluster.partitions }, (_, partition) => partition).filter((each) => !covered.has(each));
  }

  start(role: Role, partitions: readonly number[]): Worker {
    const process = new SimulatedProcess(`${role}-${++this.#started}`, this.#world);
    const log = new SimulatedEventLog(this.cluster, process);
    const owned = new Set(partitions);
    const seenLog = this.#mutation.log?.(log, this.cluster, process) ?? log;
    const service = role === 'scorer' ? this.#scorer(seenLog, log, process, owned) : this.#writer(seenLog, process, owned);
    const worker: Worker = { role, process, log, service, partitions: owned, isStarted: false, isStopping: false };
    this.workers.push(worker);
    this.#world.trace(`${process.name} begins with ${partitions.join(' ')}`);
    void this.#run(worker);
    return worker;
  }

  #scorer(seenLog: EventLog, log: SimulatedEventLog, process: SimulatedProcess, owned: Set<number>): Scorer {
    const { batchRecordsMax, checkpointRecords, checkpointIntervalMs, handOverMs } = this.#tuning;
    return new Scorer({
      log: seenLog,
      partitions: [...owned],
      clock: process.clock,
      storedUser: (user) => user,
      authority: OPEN,
      batchRecordsMax,
      batchBytesMax: 1024 * 1024,
      checkpointRecords,
      checkpointIntervalMs,
      handOverMs,
      observer: {
        scored: () => {},
        taken: (partition, position, refolded, hasMismatch) => {
          this.#world.trace(`${process.name} took ${partition} at ${position}, refolded ${refolded}`);
          // Who was fenced while it took the partition reads a position that is newer than the block it read.
          if (hasMismatch && log.ownsAll())
            this.violations.push(`${process.name}: the noted position is not the end of the last block`);
        },
        lost: (partition) => this.#lost(process, owned, partition),
        failed: (partition, error) => this.#world.trace(`${process.name} failed at ${partition}: ${error.message}`),
        nearlyFull: () => {},
      },
    });
  }

  #writer(log: EventLog, process: SimulatedProcess, owned: Set<number>): Writer {
    const { groupRowsMax, groupWaitMs } = this.#tuning;
    const warehouse = new SimulatedWarehouse(this.tables, process);
    const writer = new Writer({
      log,
      warehouse: this.#mutation.warehouse?.(warehouse) ?? warehouse,
      partitions: [...owned],
      clock: process.clock,
      limits: { rowsMax: groupRowsMax, bytesMax: 64 * 1024 * 1024 },
      groupWaitMs,
      observer: {
        written: () => {},
        lost: (partition) => this.#lost(process, owned, partition),
        failed: (partition, error) => this.#world.trace(`${process.name} failed at ${partition}: ${error.message}`),
      },
    });
    if (this.#world.random.chance(0.3)) writer.flush();
    return writer;
  }

  /** Gives a running scorer other partitions; it brings those it has to leave to a clean end. */
  assign({ service, partitions, process }: Worker, assigned: readonly number[]): void {
    if (!(service instanceof Scorer)) throw new Error('writers keep what they begin with');
    partitions.clear();
    for (const partition of assigned) partitions.add(partition);
    this.#world.trace(`${process.name} is assigned ${assigned.join(' ')}`);
    service.assign(assigned);
  }

  #lost(process: SimulatedProcess, owned: Set<number>, partition: number): void {
    owned.delete(partition);
    this.#world.trace(`${process.name} lost ${partition}`);
  }

  async #run(worker: Worker): Promise<void> {
    try {
      await worker.service.start();
      worker.isStarted = true;
      await worker.service.ended();
    } catch (error) {
      this.#judge(worker, error);
    }
    if (!worker.isStopping) this.#end(worker);
  }

  #end(worker: Worker): void {
    worker.process.end();
    this.#world.trace(`${worker.process.name} ended`);
  }

  /** As SIGTERM does. Who has not even begun is killed. */
  async stop(worker: Worker): Promise<void> {
    if (worker.isStopping) return;
    if (!worker.isStarted) {
      worker.process.crash();
      return;
    }
    worker.isStopping = true;
    this.#world.trace(`${worker.process.name} is stopped`);
    await worker.service.stop().catch((error: unknown) => this.#judge(worker, error));
    this.#end(worker);
  }

  /** Waiting mends what a network does; whoever lost a partition may find that its log has aged. Anything else is a mistake. */
  #judge({ process, log }: Worker, error: unknown): void {
    this.#world.trace(`${process.name} stops: ${String(error)}`);
    if (error instanceof WarehouseError && error.retryable) return;
    if (error instanceof LogError && error.code === 'log_unreachable') return;
    const isAged =
      (error instanceof LogError && error.code === 'log_offset_out_of_range') ||
      (error instanceof PartitionRefused && error.code === 'log_lost');
    if (isAged && !log.ownsAll()) return;
    this.violations.push(`${process.name} stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
