/** One schedule: a fleet under chaos, then everything healed and drained, then the invariants. The seed decides all of it. */
import { createHash } from 'node:crypto';
import { Random } from '../reference/random.ts';
import { Chaos, isDrained } from './chaos.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Fleet, type Mutation, type Role } from './fleet.ts';
import { violationsOf } from './invariants.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import type { World } from './simulated-process.ts';
import { SimulatedTables } from './simulated-warehouse.ts';
import { Hosts, trafficOf } from './traffic-pool.ts';
import { VirtualTime } from './virtual-time.ts';

export interface ScheduleOptions {
  readonly without?: ReadonlySet<FaultKind>;
  readonly mutation?: Mutation;
  /** Of the traffic, from its beginning. @default all */
  readonly linesMax?: number | undefined;
  /** Tokens may be forgotten while an insert is under way that an erasure overtakes (docs/simulation.md). @default false */
  readonly forgetsAlways?: boolean;
}

export interface ScheduleResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** What happened, a line each. */
  readonly history: readonly string[];
  readonly fenced: number;
  readonly records: number;
}

/** SHA-256 of a history: two runs of a seed have the same. */
export function traceHash({ history }: ScheduleResult): string {
  return createHash('sha256').update(history.join('\n')).digest('hex');
}

const LOG_ID = '51d7c0de-0000-4000-8000-000000000001';
/** The month ends while a schedule runs. */
const START_MS = Date.UTC(2026, 2, 31, 23, 59, 58);
const CHAOS_MS_MIN = 2_000;
const POLL_MS = 40;
/** For those who were woken to find out how things stand. */
const SETTLING_MS = 700;
/** More than that, and a schedule does not come to an end. */
const EVENTS_MAX = 60_000;
const HEAL_MS_MAX = 120_000;

export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<ScheduleResult> {
  const random = new Random(seed);
  const time = new VirtualTime(START_MS + random.below(4_000));
  const history: string[] = [];
  const faults = new Faults(random, options.without ?? new Set());
  const world: World = {
    time,
    random,
    faults,
    late: 0,
    trace: (what) => history.push(`${(time.nowMs - START_MS).toFixed(2)} ${what}`),
  };
  const cluster = new SimulatedCluster({
    logId: LOG_ID,
    partitions: random.between(2, 4),
    nowMs: () => time.nowMs,
    gap: () => (random.chance(0.8) ? 1 : random.below(4)),
  });
  const tables = new SimulatedTables(LOG_ID);
  const fleet = new Fleet(world, cluster, tables, options.mutation ?? {});
  const chaos = new Chaos(world, fleet, options.forgetsAlways ?? false);
  const run = new Run(world, fleet, chaos, new Hosts(world, cluster, trafficOf(seed).slice(0, options.linesMax)));
  const problem = await run.toItsEnd();
  for (let i = 0; i < cluster.checkpointPieces; i++) faults.happened('checkpoint_in_pieces');
  const violations = [...fleet.violations, ...cluster.violations, ...tables.violations];
  if (problem !== null) violations.push(problem);
  // Where a worker stopped for good, records wait as they should: one violation, not all that follow from it.
  else violations.push(...(await violationsOf(cluster, tables, faults.counts.has('tokens_forgotten'))));
  const records = Array.from({ length: cluster.partitions }, (_, i) => cluster.partition('access', i).records.length);
  return {
    seed,
    violations,
    faults: faults.counts,
    history,
    fenced: cluster.fenced,
    records: records.reduce((a, b) => a + b, 0),
  };
}

class Run {
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #chaos: Chaos;
  readonly #hosts: Hosts;
  #events = 0;

  constructor(world: World, fleet: Fleet, chaos: Chaos, hosts: Hosts) {
    this.#chaos = chaos;
    this.#world = world;
    this.#fleet = fleet;
    this.#hosts = hosts;
  }

  /** Null, or why there was no end. */
  async toItsEnd(): Promise<string | null> {
    const { time } = this.#world;
    const chaosUntilMs = time.nowMs + CHAOS_MS_MIN;
    if (!(await this.#until(() => time.nowMs >= chaosUntilMs && this.#hosts.areDone))) return this.#stuck('hosts');
    this.#chaos.end();
    this.#world.trace('healed');
    this.#leave();
    if (!(await this.#drained())) return this.#stuck('draining');
    // Whoever was paused wakes up in a world that has gone on, and what was late arrives.
    for (const { process } of this.#fleet.workers) process.wake();
    const settledAtMs = time.nowMs + SETTLING_MS;
    if (!(await this.#until(() => time.nowMs >= settledAtMs && this.#world.late === 0))) return this.#stuck('settling');
    if (!(await this.#drained())) return this.#stuck('draining again');
    return (await this.#stopAll()) ? null : this.#stuck('stopping');
  }

  /** Those who are there when it is healed: some are killed, some stopped, some sleep for long, some go on. */
  #leave(): void {
    const { random } = this.#world;
    for (const worker of [...this.#fleet.alive('scorer'), ...this.#fleet.alive('writer')]) {
      const what = random.pick(['kill', 'stop', 'pause', 'go on']);
      if (what === 'kill') worker.process.crash();
      else if (what === 'pause') worker.process.pause(HEAL_MS_MAX);
      else if (what === 'stop' && worker.process.isRunning) void this.#fleet.stop(worker);
    }
  }

  /** Somebody always works on everything, until nothing is left. */
  async #drained(): Promise<boolean> {
    for (const role of ['scorer', 'writer'] as const) {
      const all = Array.from({ length: this.#fleet.cluster.partitions }, (_, partition) => partition);
      this.#fleet.start(role, all);
      if (!(await this.#until(() => this.#isThrough(role)))) return false;
    }
    return this.#until(() => this.#isThrough('scorer') && this.#isThrough('writer'));
  }

  #isThrough(role: Role): boolean {
    if (isDrained(this.#fleet.cluster, role)) return true;
    const orphans = this.#fleet.orphans(role, false);
    if (orphans.length > 0 && this.#fleet.violations.length === 0) this.#fleet.start(role, orphans);
    return false;
  }

  async #stopAll(): Promise<boolean> {
    let left = 0;
    for (const worker of [...this.#fleet.alive('scorer'), ...this.#fleet.alive('writer')]) {
      if (worker.isStopping) continue;
      left++;
      void this.#fleet.stop(worker).then(() => left--);
    }
    return this.#until(() => left === 0);
  }

  /** Lets things happen until `isReached`, which is asked every now and then. */
  async #until(isReached: () => boolean): Promise<boolean> {
    const { time } = this.#world;
    const untilMs = time.nowMs + HEAL_MS_MAX;
    for (let askAtMs = time.nowMs; time.nowMs < untilMs && this.#events < EVENTS_MAX; this.#events++) {
      if (time.nowMs >= askAtMs) {
        if (isReached()) return true;
        if (this.#fleet.violations.length > 0) return false;
        askAtMs = time.nowMs + POLL_MS;
      }
      // Without an event left nothing would ever be reached.
      if (!(await time.next())) return isReached();
    }
    return false;
  }

  #stuck(where: string): string {
    return `${where}: no end after ${this.#events} events`;
  }
}
