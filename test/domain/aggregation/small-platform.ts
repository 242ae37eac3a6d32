/** A platform of a few programs in four partitions, folded and aggregated hour by hour in memory. The same seed is the same traffic. */
import { BASELINE_REASONS, ORIGIN, REASONS } from '../../../schemas/codes.ts';
import type { Prior } from '../../../schemas/events/prior.ts';
import { Aggregation, isNews, type Said, type Saying } from '../../../services/domain/aggregation/aggregation.ts';
import { FEATURES } from '../../../services/domain/baselines/features.ts';
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { Chance } from '../../../services/simulator/chance/chance.ts';
import { foldInput, newFold as newFoldOf, type PlacedRecord } from '../fold/partitioned.ts';

export const PARTITIONS = 4;
export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2026, 2, 2);
const LOG_ID = '6f3c0000-0000-4000-8000-000000000001';
const SIBLINGS = FEATURES.indexOf('siblings');
const CATEGORIES = ['location', 'photos', 'clipboard', 'contacts'];

export interface Program {
  readonly id: string;
  readonly developer: string;
  readonly className: string;
  /** Hour of its first access. */
  readonly from: number;
  /** Parts of {@link CATEGORIES}, at an hour. */
  readonly shares: (hour: number) => readonly number[];
  /** Hour from which on it is not used any more. */
  readonly until?: number;
  /** Mean accesses an hour. */
  readonly accesses: number;
  /** Hours by which the clocks of its users' phones are behind. */
  readonly hoursBehind?: number;
}

export interface Alarm {
  readonly program: string;
  readonly hour: number;
  /** Where it stands. */
  readonly partition: number;
  readonly offset: number;
  readonly reasons: readonly string[];
  readonly siblings: number;
}

/** A program's id whose partition is the one asked for. */
export function idIn(partition: number, name: string): string {
  for (let i = 0; ; i++) if (partitionOf(`${name}-${i}`, PARTITIONS) === partition) return `${name}-${i}`;
}

export function newFold(partition: number): PartitionFold {
  return newFoldOf({ logId: LOG_ID, partition, partitions: PARTITIONS });
}

export class SmallPlatform {
  readonly folds = Array.from({ length: PARTITIONS }, (_, partition) => newFold(partition));
  readonly log: PlacedRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly aggregation = new Aggregation();
  readonly alarms: Alarm[] = [];
  /** Of every access that baselines were asked about, in each partition's order; 0 where they had nothing to say. */
  readonly scores: number[] = [];
  readonly said: Prior[] = [];
  /** Priors without an effect, by partition. */
  ignored = 0;
  readonly #programs: readonly Program[];
  readonly #seed: number;
  readonly #isAggregated: boolean;
  readonly #saidOf = new Map<string, Said>();
  #made = 0;

  constructor(programs: readonly Program[], { seed = 1, isAggregated = true } = {}) {
    this.#programs = programs;
    this.#seed = seed;
    this.#isAggregated = isAggregated;
    const policy = { version: 'priors', baselines: { enabled: true, falseAlarmsPerProgramDay: 0.001 } };
    this.#appendToAll('ntk.policy', policy);
    for (const { id, developer, className } of programs)
      this.#append('ntk.declaration', id, START_MS - 1, {
        version: 1,
        developer,
        class: className,
        purposes: [{ id: 'p', categories: CATEGORIES.map((category) => ({ category })) }],
      });
  }

  /** Whatever is in the log and not folded yet is; what there is to say is appended. */
  runHours(from: number, to: number): this {
    for (let hour = from; hour < to; hour++) {
      for (const [number, program] of this.#programs.entries()) this.#accessesOf(program, number, hour);
      this.foldOn();
      if (this.#isAggregated) for (const saying of this.aggregation.changes()) this.#say(saying);
    }
    return this;
  }

  #say(saying: Saying): void {
    if (!isNews(saying, this.#saidOf.get(saying.about) ?? null)) return;
    this.#saidOf.set(saying.about, saying);
    this.tell(saying.prior);
  }

  tell(prior: unknown): void {
    this.#appendToAll('ntk.prior', prior);
    this.said.push(prior as Prior);
  }

  foldOn(): void {
    for (const [partition, fold] of this.folds.entries()) {
      const records = this.log[partition]!;
      const input = foldInput(records, { from: fold.state.position, to: records.length });
      const outcome = fold.fold(input, 0, ({ judgement, attributes, offset }) => {
        const { baselines, findings, subject } = judgement;
        this.scores.push(baselines?.score ?? 0);
        if (baselines?.isAlarm !== true) return;
        const reasons = findings.reasons.map((reason) => REASONS[reason]!);
        this.alarms.push({
          partition,
          offset,
          program: attributes.subject,
          hour: Math.floor((subject.eventTimeUs / 1000 - START_MS) / HOUR_MS),
          reasons: reasons.filter((reason) => (BASELINE_REASONS as readonly string[]).includes(reason)),
          siblings: baselines.contributions[SIBLINGS]!,
        });
      });
      this.ignored += outcome.tally.priorsIgnored;
      const { news } = outcome.header('');
      if (news !== undefined) this.aggregation.take(partition, news);
    }
  }

  #accessesOf(
    { id, from, until = Number.POSITIVE_INFINITY, shares, accesses, hoursBehind = 0 }: Program,
    number: number,
    hour: number,
  ): void {
    if (hour < from || hour >= until) return;
    const chance = new Chance(this.#seed, number, hour);
    const parts = shares(hour);
    // Ordinary days: busy from morning to evening.
    const mean = hour % 24 >= 7 && hour % 24 < 22 ? accesses : accesses / 6;
    const count = chance.poisson(mean);
    const times = Array.from({ length: count }, () => chance.next()).toSorted((a, b) => a - b);
    for (const time of times) {
      const category = CATEGORIES[pick(parts, chance.next())]!;
      const user = `u${Math.floor(chance.next() * 400)}`;
      this.#append('ntk.access', id, START_MS + (hour - hoursBehind + time) * HOUR_MS, {
        user,
        api: 'x',
        category,
        rows: 1,
        bytes: 40,
      });
    }
  }

  #append(type: string, subject: string, timeMs: number, data: unknown): void {
    this.log[partitionOf(subject, PARTITIONS)]!.push(this.#record(type, subject, timeMs, data, ORIGIN.run));
  }

  #appendToAll(type: string, data: unknown): void {
    const record = this.#record(type, '*', START_MS, data, ORIGIN.system);
    for (const records of this.log) records.push(record);
  }

  #record(type: string, subject: string, timeMs: number, data: unknown, origin: number): PlacedRecord {
    const time = new Date(timeMs).toISOString();
    const event = { specversion: '1.0', id: `e${this.#made++}`, source: 'host/test', type, subject, time, data };
    return { value: Buffer.from(JSON.stringify(event)), record: this.#made, origin };
  }
}

function pick(parts: readonly number[], at: number): number {
  let sum = 0;
  for (const [i, part] of parts.entries()) if (at < (sum += part)) return i;
  return parts.length - 1;
}
