/** Alarm episodes of the baselines, as people speak of them (exact-rules.md section 10). */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';

/** A row's place in its log. */
export interface RowPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface Contribution {
  readonly feature: string;
  /** Part of the score; those of one result sum to it. */
  readonly amount: number;
}

export interface Episode extends RowPlace {
  /** `PARTITION-OFFSET` of its result with the smallest offset. */
  readonly id: string;
  readonly program: string;
  /** In force at its last result. */
  readonly className: string;
  /** Event times of its first and last result, milliseconds since 1970. */
  readonly startMs: number;
  readonly lastMs: number;
  readonly results: number;
  /** Baseline reasons in the order of the contracts. */
  readonly reasons: readonly string[];
  /** Kinds of data that its results are about, by name. */
  readonly categories: readonly string[];
  /** Of its result with the highest score. */
  readonly score: number;
  /** Where that result lies, in the same partition. */
  readonly topOffset: number;
  /** Of that result, largest first. */
  readonly contributions: readonly Contribution[];
}

const PLACE = /^(0|[1-9]\d{0,4})-(0|[1-9]\d{0,15})$/;

/** The place that `PARTITION-OFFSET` names; null when it names none. */
export function placeNamed(text: string): RowPlace | null {
  const [, partition, offset] = PLACE.exec(text) ?? [];
  const place = { partition: Number(partition), offset: Number(offset) };
  return Number.isSafeInteger(place.partition) && Number.isSafeInteger(place.offset) ? place : null;
}

export function nameOf({ partition, offset }: RowPlace): string {
  return `${partition}-${offset}`;
}

/** Where its result with the highest score lies. */
export function topOf({ partition, topOffset }: Pick<Episode, 'partition' | 'topOffset'>): RowPlace {
  return { partition, offset: topOffset };
}

/** A row of EPISODES_SQL. */
export interface EpisodeRow {
  readonly partition: number;
  readonly first_offset: string;
  readonly program: string;
  readonly class_name: string;
  readonly start_ms: string;
  readonly last_ms: string;
  readonly results: string;
  readonly found: readonly string[];
  readonly categories: readonly string[];
  readonly top_score: number;
  readonly top_contributions: Readonly<Record<string, number>>;
  readonly top_offset: string;
}

const ORDER = new Map<string, number>(BASELINE_REASONS.map((reason, i) => [reason, i]));

export function episodeOf(row: EpisodeRow): Episode {
  const place = { partition: row.partition, offset: Number(row.first_offset) };
  return {
    ...place,
    id: nameOf(place),
    program: row.program,
    className: row.class_name,
    startMs: Number(row.start_ms),
    lastMs: Number(row.last_ms),
    results: Number(row.results),
    reasons: row.found.toSorted((a, b) => ORDER.get(a)! - ORDER.get(b)!),
    categories: row.categories,
    score: row.top_score,
    topOffset: Number(row.top_offset),
    contributions: Object.entries(row.top_contributions)
      .map(([feature, amount]) => ({ feature, amount }))
      .toSorted((a, b) => b.amount - a.amount),
  };
}
