/**
 * Knowledge across programs: adds up what each partition tells of classes and of developers (schemas/results/news.ts), and says what all
 * partitions should be told. Bounded, without a clock. Only the latest word of each partition counts, so whoever is started again and reads
 * everything says the same.
 */
import { createHash } from 'node:crypto';
import { FLEET_NATS_MAX, type FleetPrior, type Prior } from '../../../schemas/events/prior.ts';
import type { DeveloperExcess, ExcessWindow, News } from '../../../schemas/results/news.ts';
import { aboutDay, isOfEarlierBlock } from '../baselines/news-for-others.ts';
import { classPriorOf, classRowOf } from '../baselines/priors/class-prior.ts';
import { fleetNats } from '../baselines/siblings.ts';
import { CLASS_PRIORS_MAX } from '../baselines/state/class-priors.ts';
import { C_DAYS, type ClassRow, levelOf } from '../baselines/state/class-rows.ts';
import { SIBLINGS_MIN } from '../baselines/tuning.ts';

/** A class is told of once all partitions together have seen so many program-days of it; alone a partition judges by eight of its own. */
const CLASS_SAID_DAYS_MIN = 24;
/** A fleet is told of from so many nats on, and again with every two more: less would change no verdict and is not worth a record. */
const FLEET_NATS_MIN = 4;
const FLEET_NATS_STEP = 2;
/** Developers with a category and a day that are kept; the one that was heard of longest ago gives way. */
const EXCESSES_MAX = 16_384;

/** One record for every partition. */
export interface Saying {
  /** A class, or a developer with a category and a length of blocks. Of several sayings about the same the last counts. */
  readonly about: string;
  /** Which block it is of (0 for a class, which has no time), and how much it says: sayings about the same come in the order of these two. */
  readonly block: number;
  readonly level: number;
  readonly prior: Prior;
}

/** What is kept of a saying about something, to know what would be new about it. */
export type Said = Pick<Saying, 'block' | 'level'>;

/** Whether this is newer than what was said last about the same, or of the same time and stronger; null: nothing was. */
export function isNews({ block, level }: Said, before: Said | null): boolean {
  return before === null || block > before.block || (block === before.block && level > before.level);
}

export class Aggregation {
  /** By class, the latest word of each partition. */
  readonly #classes = new Map<string, Map<number, ClassRow>>();
  /** By developer, category and day of event time, the latest word of each partition. */
  readonly #excesses = new Map<string, Map<number, DeveloperExcess>>();
  readonly #changedClasses = new Set<string>();
  readonly #changedExcesses = new Set<string>();

  /** Takes in the news of a block. Blocks of one partition come in the order of its log. */
  take(partition: number, { classes, excesses }: News): void {
    for (const one of classes) {
      if (!this.#classes.has(one.name)) {
        if (this.#classes.size >= CLASS_PRIORS_MAX) continue;
        this.#classes.set(one.name, new Map());
      }
      this.#classes.get(one.name)!.set(partition, classRowOf(one));
      this.#changedClasses.add(one.name);
    }
    for (const one of excesses) {
      const key = aboutDay(one);
      const told = this.#excesses.get(key) ?? new Map<number, DeveloperExcess>();
      const before = told.get(partition);
      if (before === undefined || !isOfEarlierBlock(one, before)) told.set(partition, one);
      // The newest last.
      this.#excesses.delete(key);
      this.#excesses.set(key, told);
      this.#changedExcesses.add(key);
    }
    forgetOldest(this.#excesses, EXCESSES_MAX);
  }

  /** What there is to say of all that has changed since the last time, classes first. It may have been said already. */
  changes(): Saying[] {
    const sayings = [...this.#ofClasses(), ...this.#ofFleets()];
    this.#changedClasses.clear();
    this.#changedExcesses.clear();
    return sayings;
  }

  *#ofClasses(): Iterable<Saying> {
    for (const name of this.#changedClasses) {
      const sum = [...this.#classes.get(name)!.values()].reduce(added);
      if (sum[C_DAYS]! < CLASS_SAID_DAYS_MIN) continue;
      const prior: Prior = { kind: 'classes', classes: [classPriorOf(name, sum)] };
      yield { about: `classes/${digestOf(name)}`, block: 0, level: levelOf(sum[C_DAYS]!), prior };
    }
  }

  *#ofFleets(): Iterable<Saying> {
    for (const key of this.#changedExcesses) {
      const told = this.#excesses.get(key);
      const fleet = told === undefined ? null : fleetOf([...told.values()]);
      if (fleet === null) continue;
      const { developer, category, scaleHours, block, nats } = fleet;
      const about = `fleets/${digestOf(developer)}/${category}/${scaleHours}`;
      yield { about, block, level: nats, prior: { kind: 'fleets', fleets: [fleet] } };
    }
  }
}

/** The excess of a developer and category over all partitions, in the window where it is largest; null: too small to be worth a record. */
function fleetOf(told: readonly DeveloperExcess[]): FleetPrior | null {
  const { developer, category } = told[0]!;
  const hour = told.reduce((newest, one) => Math.max(newest, one.hour), 0);
  let most: FleetPrior | null = null;
  for (const { scaleHours, blocks } of told.flatMap(({ windows }) => windows)) {
    const block = Math.floor(hour / scaleHours);
    const isSame = (window: ExcessWindow): boolean => window.scaleHours === scaleHours && window.blocks === blocks;
    // Who has not said anything in this block has nothing to say of it.
    const ofBlock = told
      .filter((one) => Math.floor(one.hour / scaleHours) === block)
      .flatMap(({ windows }) => windows.filter(isSame));
    const sum = (of: (window: ExcessWindow) => number): number => ofBlock.reduce((before, window) => before + of(window), 0);
    const inExcess = sum((window) => window.inExcess);
    const reached = Math.floor(fleetNats(sum((window) => window.nats)) / FLEET_NATS_STEP) * FLEET_NATS_STEP;
    if (inExcess < SIBLINGS_MIN || reached < FLEET_NATS_MIN || reached <= (most?.nats ?? 0)) continue;
    const nats = Math.min(FLEET_NATS_MAX, reached);
    most = { developer, category, scaleHours, block, nats, inExcess, members: sum((window) => window.members) };
  }
  return most;
}

function added(one: ClassRow, other: ClassRow): ClassRow {
  return one.map((cell, i) => cell + other[i]!);
}

/** Those that were put in first. */
function forgetOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}

/** Names of others are of any length and hold anything. */
function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
