/** What happens to the fleet, the log and the warehouse from outside, at moments and in an order that the seed decides. */
import { decodeManifest, type Manifest, MANIFEST_PREFIX } from '../../services/scorer/manifest.ts';
import { decodeBlock } from '../../services/domain/results/block.ts';
import type { Fleet, Role, Worker } from './fleet.ts';
import { endOf, type SimulatedCluster } from './simulated-cluster.ts';
import { PAUSE_MS_MAX, type World } from './simulated-process.ts';

const STEP_MS_MAX = 250;
const AWAY_MS_MAX = 2_500;
const RESTART_MS_MAX = 600;
const WORKERS_MAX = 3;
const ROLES: readonly Role[] = ['scorer', 'writer'];

const ACTIONS = {
  crash: 3,
  pause: 3,
  two_owners: 2,
  hand_over: 2,
  swap: 1,
  assigned: 2,
  log_away: 0.7,
  warehouse_away: 0.7,
  tokens_forgotten: 0.7,
  checkpoint_damaged: 2,
  access_aged: 2,
  results_aged: 3,
} as const;

export class Chaos {
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #cluster: SimulatedCluster;
  /** Whether a checkpoint may be damaged here; where not, what lies before the newest one may age out. Both would be a loss. */
  readonly #isFragile: readonly boolean[];
  readonly #forgetsAlways: boolean;
  #isOver = false;

  constructor(world: World, fleet: Fleet, forgetsAlways: boolean) {
    this.#forgetsAlways = forgetsAlways;
    this.#world = world;
    this.#fleet = fleet;
    this.#cluster = fleet.cluster;
    this.#isFragile = Array.from({ length: fleet.cluster.partitions }, () => world.random.chance(0.5));
    for (const role of ROLES) this.#replace(role);
    this.#plan();
  }

  /** From here on nothing happens any more, and what was away is back. */
  end(): void {
    this.#isOver = true;
    const { faults } = this.#world;
    faults.intensity = 0;
    faults.isLogAway = false;
    faults.isWarehouseAway = false;
  }

  #plan(): void {
    const { time, random, faults } = this.#world;
    time.after(random.next() * STEP_MS_MAX, () => {
      if (this.#isOver) return;
      if (random.chance(Math.min(1, faults.intensity))) this.#act(random.weighted(ACTIONS));
      for (const role of ROLES) this.#replace(role);
      this.#plan();
    });
  }

  /** Somebody takes up what nobody works on. */
  #replace(role: Role): void {
    const { time, random } = this.#world;
    if (this.#fleet.orphans(role, true).length === 0) return;
    time.after(random.next() * RESTART_MS_MAX, () => {
      const orphans = this.#fleet.orphans(role, true);
      if (this.#isOver || orphans.length === 0) return;
      const some = random.chance(0.3) ? orphans.slice(0, 1) : orphans;
      this.#fleet.start(role, some);
    });
  }

  #act(kind: keyof typeof ACTIONS): void {
    const { faults } = this.#world;
    if (!faults.isOff(kind) && this.#actions[kind]()) faults.happened(kind);
  }

  #someone(): Worker | undefined {
    const { random } = this.#world;
    const alive = this.#fleet.alive(random.pick(ROLES)).filter(({ process, isStopping }) => process.isRunning && !isStopping);
    return alive.length === 0 ? undefined : random.pick(alive);
  }

  /** Each answers whether it found something to do. */
  readonly #actions: Readonly<Record<keyof typeof ACTIONS, () => boolean>> = {
    crash: () => {
      const worker = this.#someone();
      worker?.process.crash();
      return worker !== undefined;
    },
    pause: () => {
      const worker = this.#someone();
      worker?.process.pause(this.#world.random.next() * PAUSE_MS_MAX);
      return worker !== undefined;
    },
    two_owners: () => {
      const worker = this.#someone();
      if (worker === undefined || worker.partitions.size === 0 || this.#fleet.alive(worker.role).length >= WORKERS_MAX)
        return false;
      this.#fleet.start(worker.role, this.#some([...worker.partitions]));
      return true;
    },
    hand_over: () => {
      const worker = this.#someone();
      if (worker === undefined || !worker.isStarted) return false;
      const partitions = [...worker.partitions];
      void this.#fleet.stop(worker).then(() => {
        if (!this.#isOver && partitions.length > 0) this.#fleet.start(worker.role, partitions);
      });
      return true;
    },
    swap: () => {
      const { random } = this.#world;
      const [one, other] = this.#fleet
        .alive(random.pick(ROLES))
        .filter(({ process, isStarted }) => process.isRunning && isStarted);
      if (one === undefined || other === undefined) return false;
      const sides = [[...one.partitions], [...other.partitions]].filter((side) => side.length > 0);
      // Nobody waits for anybody: the newcomers may begin before the others have ended.
      for (const worker of [one, other]) void this.#fleet.stop(worker);
      for (const side of sides) this.#fleet.start(one.role, side);
      return true;
    },
    assigned: () => {
      const worker = this.#someone();
      if (worker === undefined || !worker.isStarted || worker.role !== 'scorer') return false;
      this.#fleet.assign(worker, this.#some(Array.from({ length: this.#cluster.partitions }, (_, partition) => partition)));
      return true;
    },
    log_away: () => this.#away('isLogAway'),
    warehouse_away: () => this.#away('isWarehouseAway'),
    tokens_forgotten: () => this.#mayForget() && this.#fleet.tables.forgetTokens(),
    checkpoint_damaged: () => this.#damage(),
    access_aged: () => this.#ageAccess(),
    results_aged: () => this.#ageResults(),
  };

  #some(partitions: readonly number[]): number[] {
    return this.#world.random.some(partitions, this.#world.random.between(1, partitions.length));
  }

  #away(what: 'isLogAway' | 'isWarehouseAway'): boolean {
    const { faults, time, random } = this.#world;
    if (faults[what]) return false;
    faults[what] = true;
    this.#world.trace(what);
    time.after(random.next() * AWAY_MS_MAX, () => {
      faults[what] = false;
    });
    return true;
  }

  /**
   * An insert that arrives after its writer was replaced, and whose token was forgotten meanwhile, would bring back rows of users
   * that were erased in between. Nothing can stop it but the token (docs/simulation.md), so this is left out where it matters.
   */
  #mayForget(): boolean {
    if (this.#forgetsAlways) return true;
    const hasErasures = Array.from({ length: this.#cluster.partitions }, (_, partition) =>
      this.#cluster.partition('results', partition).records.some(({ value }) => decodeBlock(value).header.erasures.length > 0),
    ).some(Boolean);
    return !hasErasures;
  }

  #partition(isFragile: boolean): number | null {
    const those = this.#isFragile.flatMap((each, partition) => (each === isFragile ? [partition] : []));
    return those.length === 0 ? null : this.#world.random.pick(those);
  }

  /** A page of a checkpoint is lost or another one, or its manifest is nonsense. */
  #damage(): boolean {
    const { random } = this.#world;
    const partition = this.#partition(true);
    const stored = partition === null ? null : this.#cluster.keyed('checkpoints', partition);
    if (stored === null || stored.size === 0) return false;
    const key = random.pick([...stored.keys()].sort());
    this.#world.trace(`checkpoint of ${partition}: ${key} is damaged`);
    if (random.chance(0.5)) stored.delete(key);
    else stored.set(key, Buffer.from(random.pick(['not what it was', '{"engine":1}', ''])));
    return true;
  }

  /** The access log begins where the newest checkpoint stands, at the latest. */
  #ageAccess(): boolean {
    const partition = this.#partition(false);
    const newest = partition === null ? null : newestManifest(this.#cluster, partition);
    if (newest === null || partition === null) return false;
    const stored = this.#cluster.partition('access', partition);
    const start = this.#world.random.chance(0.5) ? newest.offset : this.#world.random.between(stored.start, newest.offset);
    if (start <= stored.start) return false;
    stored.start = start;
    this.#world.trace(`access/${partition} begins at ${start}`);
    return true;
  }

  /** Blocks that are stored age out, but for the last one. */
  #ageResults(): boolean {
    const partition = this.#world.random.below(this.#cluster.partitions);
    const stored = this.#cluster.partition('results', partition);
    const written = this.#cluster.position('writer', partition)?.offset ?? 0;
    const start = Math.min(written, stored.records.at(-1)?.offset ?? 0);
    if (start <= stored.start) return false;
    stored.start = start;
    this.#world.trace(`results/${partition} begins at ${start}`);
    return true;
  }
}

function newestManifest(cluster: SimulatedCluster, partition: number): Manifest | null {
  const keys = [...cluster.keyed('checkpoints', partition).keys()].filter((key) => key.startsWith(MANIFEST_PREFIX)).sort();
  const key = keys.at(-1);
  return key === undefined ? null : decodeManifest(cluster.keyed('checkpoints', partition).get(key)!);
}

/** Everything is judged, and everything judged is stored. */
export function isDrained(cluster: SimulatedCluster, role: Role): boolean {
  for (let partition = 0; partition < cluster.partitions; partition++) {
    if (role === 'writer') {
      const written = cluster.position('writer', partition)?.offset ?? 0;
      if (written < endOf(cluster.partition('results', partition))) return false;
    } else {
      const last = cluster.partition('results', partition).records.at(-1);
      const judged = last === undefined ? 0 : decodeBlock(last.value).header.next;
      if (judged < endOf(cluster.partition('access', partition))) return false;
    }
  }
  return true;
}
