/** Small hostile traffic, made once for many schedules, and the hosts that send it until it is acknowledged. */
import { placesOf } from '../../services/domain/partitioning/route-record.ts';
import { type Append, LogError, ORIGIN, type Origin } from '../../services/platform/log/event-log.ts';
import { Random } from '../reference/random.ts';
import { TrafficMaker } from '../reference/traffic-maker.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedEventLog } from './simulated-event-log.ts';
import { SimulatedProcess, type World } from './simulated-process.ts';

/** Making traffic takes longer than a schedule. */
const POOL_MAX = 48;
const LINES_MIN = 15;
const LINES_MAX = 90;
const HOSTS = 2;
const BATCH_MAX = 16;

const pool = new Map<number, readonly Buffer[]>();

/** Lines, a policy first; the same for seeds that differ by a multiple of the pool's size. */
export function trafficOf(seed: number): readonly Buffer[] {
  const key = seed % POOL_MAX;
  const made = pool.get(key) ?? makeTraffic(key);
  pool.set(key, made);
  return made;
}

function makeTraffic(seed: number): readonly Buffer[] {
  const random = new Random(seed);
  const lines = random.between(LINES_MIN, LINES_MAX);
  const maker = new TrafficMaker(random, { lines, programs: random.between(4, 12), policyLimits: random.below(4), days: 2 });
  const policy = {
    specversion: '1.0',
    id: 'first policy',
    source: 'ntk/policy',
    type: 'ntk.policy',
    subject: '*',
    time: '2020-01-01T00:00:00Z',
    data: shortened(maker.policy('first')),
  };
  return [
    Buffer.from(JSON.stringify(policy)),
    ...Array.from({ length: lines }, () => {
      const line = maker.line();
      return Buffer.isBuffer(line) ? line : line.bytes;
    }),
  ];
}

/** Checking a policy takes as long as folding a hundred accesses, and each fold begins with one. */
function shortened(policy: object): object {
  const { modes, limits } = policy as { modes?: { overrides?: unknown[] }; limits?: unknown[] };
  return { ...policy, modes: { ...modes, overrides: modes?.overrides?.slice(0, 1) ?? [] }, limits: limits?.slice(0, 3) ?? [] };
}

export class Hosts {
  readonly #world: World;
  readonly #cluster: SimulatedCluster;
  readonly #queue: Buffer[];
  readonly #sent: Buffer[] = [];
  #working = HOSTS;

  constructor(world: World, cluster: SimulatedCluster, lines: readonly Buffer[]) {
    this.#world = world;
    this.#cluster = cluster;
    this.#queue = [...lines];
    for (let host = 1; host <= HOSTS; host++) void this.#work(`host-${host}`);
  }

  /** Everything was acknowledged. */
  get areDone(): boolean {
    return this.#working === 0;
  }

  async #work(name: string): Promise<void> {
    const { random, faults } = this.#world;
    const process = new SimulatedProcess(name, this.#world, true);
    const log = new SimulatedEventLog(this.#cluster, process);
    while (this.#queue.length > 0) {
      const lines = this.#queue.splice(0, random.between(1, BATCH_MAX));
      // A host that does not know what it has sent sends it again.
      if (this.#sent.length > 0 && faults.strikes('sent_twice', 0.1)) lines.push(random.pick(this.#sent));
      const origin = random.pick<Origin>([ORIGIN.live, ORIGIN.live, ORIGIN.imported, ORIGIN.run]);
      await this.#send(log, process, routed(lines, this.#cluster.partitions, origin));
      this.#sent.push(...lines);
      await process.clock.sleep(random.next() * 150);
    }
    this.#working--;
  }

  /** Until it is acknowledged: what was done and not answered is then there twice. */
  async #send(log: SimulatedEventLog, process: SimulatedProcess, appends: readonly Append[]): Promise<void> {
    for (;;) {
      try {
        await log.commit({ appends });
        return;
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        await process.clock.sleep(10 + this.#world.random.next() * 90);
      }
    }
  }
}

function routed(lines: readonly Buffer[], partitions: number, origin: Origin): Append[] {
  const values = new Map<number, Buffer[]>();
  for (const line of lines)
    for (const partition of placesOf(line, partitions)) values.set(partition, [...(values.get(partition) ?? []), line]);
  return [...values].map(([partition, each]) => ({ stream: 'access', partition, values: each, origin }));
}
