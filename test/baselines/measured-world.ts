/** A labelled world through the fold, in the process: no log, no database, the alarms as `ntk evaluate` would read them. */
import { BASELINE_REASONS, ORIGIN, REASONS } from '../../schemas/codes.ts';
import { labelsSchema } from '../../schemas/simulation/labels.ts';
import type { Alarm } from '../../services/domain/evaluation/episodes.ts';
import { type LabelledIncident, type LabelledWorld, readLabels } from '../../services/domain/evaluation/labels-file.ts';
import { isInside } from '../../services/domain/evaluation/score-episodes.ts';
import { Aggregation } from '../../services/domain/aggregation/aggregation.ts';
import type { News } from '../../schemas/results/news.ts';
import type { BatchOutcome } from '../../services/domain/fold/batch-outcome.ts';
import { aggregatedChunkRecords } from '../../services/system/running/aggregate-batch.ts';
import type { PartitionFold } from '../../services/domain/fold/fold.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import type { ResultRow } from '../../services/domain/results/row.ts';
import { labelsOf, simulate } from '../../services/simulator/write-files.ts';
import { foldAll, newFold } from '../domain/fold/partitioned.ts';
import { eventLines, labels } from './other-world/records.ts';
import { makeWorld } from './other-world/world.ts';

export interface WorldToMeasure {
  readonly maker: 'simulator' | 'other';
  readonly seed: number;
  readonly programs: number;
  readonly days: number;
  readonly dispersion: number;
  /** False episodes a program-day. */
  readonly budget: number;
  /** Partitions are told of each other between chunks, as `ntk run` does. */
  readonly isAggregated: boolean;
}

export interface MeasuredWorld {
  readonly labels: LabelledWorld;
  readonly alarms: readonly Alarm[];
  readonly accesses: number;
  /** Program-days with at least one access. */
  readonly activeProgramDays: number;
}

const PARTITIONS = 4;
const BATCH_RECORDS = 2_000;
const BASELINE: ReadonlySet<string> = new Set(BASELINE_REASONS);

/** Lines of a world and its labels as JSON. */
function linesOf({ maker, seed, programs, days, dispersion }: WorldToMeasure): { lines: Iterable<string>; json: () => string } {
  if (maker === 'simulator') {
    const options = { seed, programs, days, daily: 100 };
    const { story, slices } = simulate(options);
    return { lines: flat(slices), json: () => JSON.stringify(labelsOf(options, story)) };
  }
  const options = { seed, programs, days, dispersion, incidents: true };
  const world = makeWorld(options);
  return { lines: eventLines(world), json: () => JSON.stringify(labels(options, world.incidents)) };
}

function* flat(slices: Iterable<string[]>): Generator<string> {
  for (const slice of slices) yield* slice;
}

/** One partition as it is filled: folded whenever there is a batch. */
class Filling {
  readonly #fold: PartitionFold;
  readonly #onAccess: (row: ResultRow) => void;
  readonly #onNews: (news: News) => void;
  #records: Buffer[] = [];
  #origins: number[] = [];
  #next = 0;

  constructor(partition: number, onAccess: (row: ResultRow) => void, onNews: (news: News) => void) {
    this.#onNews = onNews;
    this.#fold = newFold({ partition, partitions: PARTITIONS });
    this.#onAccess = onAccess;
  }

  add(record: Buffer, origin: number = ORIGIN.run): void {
    this.#records.push(record);
    this.#origins.push(origin);
    if (this.#records.length === BATCH_RECORDS) this.flush();
  }

  flush(): void {
    const records = this.#records;
    const starts = new Uint32Array(records.length + 1);
    records.forEach(({ length }, i) => {
      starts[i + 1] = starts[i]! + length;
    });
    const input = {
      count: records.length,
      bytes: Buffer.concat(records),
      starts,
      offsets: Float64Array.from(records, (_, i) => this.#next + i),
      appendedAtMs: new Float64Array(records.length),
      origins: Uint8Array.from(this.#origins),
      nextOffset: this.#next + records.length,
    };
    const onPiece = (piece: BatchOutcome): void => {
      const { news } = piece.header('');
      if (news !== undefined) this.#onNews(news);
    };
    foldAll(this.#fold, input, onPiece, this.#onAccess);
    this.#next = input.nextOffset;
    this.#records = [];
    this.#origins = [];
  }
}

/** An incident with fewer accesses of its own is nothing that anybody could find. */
const EVIDENCE_MIN = 12;
/** Kinds that add to what a program does of the category anyway: of `factor` times as much, all but one part is theirs. */
const ADDING: ReadonlySet<string> = new Set(['rate_burst', 'slow_ramp', 'sibling_fleet']);

interface SeenIncident {
  readonly incident: LabelledIncident;
  accesses: number;
}

/** Accesses of each incident's program and category in its time. */
class Evidence {
  readonly #seen: readonly SeenIncident[];
  readonly #byProgram: ReadonlyMap<string, readonly SeenIncident[]>;
  readonly #factors: ReadonlyMap<string, number>;

  constructor(incidents: readonly LabelledIncident[], factors: ReadonlyMap<string, number>) {
    this.#factors = factors;
    this.#seen = incidents.map((incident) => ({ incident, accesses: 0 }));
    this.#byProgram = Map.groupBy(this.#seen, ({ incident }) => incident.program);
  }

  see(program: string, category: string, timeUs: number): void {
    for (const one of this.#byProgram.get(program) ?? []) {
      const { incident } = one;
      if (incident.category === category && timeUs >= incident.startUs && timeUs < incident.endUs) one.accesses++;
    }
  }

  /** The world without the incidents that left too little, and without what was said of them. */
  of(labels: LabelledWorld, alarms: readonly Alarm[]): { readonly labels: LabelledWorld; readonly alarms: readonly Alarm[] } {
    const isEvident = ({ incident, accesses }: SeenIncident): boolean => {
      const added = ADDING.has(incident.kind) ? 1 - 1 / (this.#factors.get(incident.id) ?? Number.POSITIVE_INFINITY) : 1;
      return accesses * added >= EVIDENCE_MIN;
    };
    const incidents = this.#seen.filter(isEvident).map(({ incident }) => incident);
    const kept = alarms.filter(({ program, timeUs }) => {
      const around = (this.#byProgram.get(program) ?? []).filter(({ incident }) => isInside(timeUs, incident));
      return around.length === 0 || around.some(isEvident);
    });
    return { labels: { ...labels, incidents }, alarms: kept };
  }
}

export function measureWorld(world: WorldToMeasure): MeasuredWorld {
  const { lines, json } = linesOf(world);
  const text = json();
  const read = readLabels(text);
  if (!read.ok) throw new Error(read.problem.message);
  const { incidents } = labelsSchema.parse(JSON.parse(text));
  const factors = new Map(incidents.flatMap(({ id, factor }) => (factor === undefined ? [] : [[id, factor] as const])));
  const evidence = new Evidence(read.world.incidents, factors);
  const alarms: Alarm[] = [];
  const active = new Set<string>();
  let accesses = 0;
  const aggregation = new Aggregation();
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => {
    const onAccess = ({ offset, attributes, judgement }: ResultRow): void => {
      accesses++;
      const { eventTimeUs, category } = judgement.subject;
      evidence.see(attributes.subject, category, eventTimeUs);
      active.add(`${attributes.subject} ${Math.floor(eventTimeUs / 86_400_000_000)}`);
      const reasons = judgement.findings.reasons.map((reason) => REASONS[reason]!).filter((reason) => BASELINE.has(reason));
      if (reasons.length > 0) alarms.push({ program: attributes.subject, partition, offset, timeUs: eventTimeUs, reasons });
    };
    return new Filling(partition, onAccess, (news) => aggregation.take(partition, news));
  });
  const policy = { version: 'measured', baselines: { falseAlarmsPerProgramDay: world.budget } };
  const fact = { specversion: '1.0', source: 'ntk', subject: '*', time: '2020-01-01T00:00:00Z' };
  const tellAll = (id: string, type: string, data: unknown): void => {
    const record = Buffer.from(JSON.stringify({ ...fact, id, type, data }));
    for (const partition of partitions) partition.add(record, ORIGIN.system);
  };
  tellAll('p', 'ntk.policy', policy);
  let records = 0;
  let chunkEnd = aggregatedChunkRecords(0);
  for (const line of lines) {
    if (records++ === chunkEnd) {
      for (const partition of partitions) partition.flush();
      if (world.isAggregated)
        for (const { about, block, level, prior } of aggregation.changes())
          tellAll(`${about}/${block}/${level}`, 'ntk.prior', prior);
      chunkEnd += aggregatedChunkRecords(chunkEnd);
    }
    const subject = /"subject":"([^"]+)"/.exec(line)?.[1] ?? '';
    partitions[partitionOf(subject, PARTITIONS)]!.add(Buffer.from(line.trimEnd()));
  }
  for (const partition of partitions) partition.flush();
  return { ...evidence.of(read.world, alarms), accesses, activeProgramDays: active.size };
}
