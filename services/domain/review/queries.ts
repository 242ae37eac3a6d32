/**
 * SQL of alarm episodes. Parameters as in ../report/queries.ts: `logId`, `partitions` and `positions` (parallel), `fromUs` and `toUs`
 * (microseconds since 1970). What is read may be everything; what is held in memory is bounded, and spills to disk beyond.
 */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { EPISODE_SECONDS } from '../baselines/tuning.ts';
import { AS_OF, IN_RANGE } from '../report/queries.ts';
import type { RowPlace } from './episode.ts';

/** Two results of one program that are so far apart belong to two episodes. */
const GAP_MS = EPISODE_SECONDS * 1000;
/** A sort or an aggregation that needs more goes on on disk. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;
export const SPILLING = `SETTINGS max_bytes_before_external_group_by = ${MEMORY_BYTES_MAX}, max_bytes_before_external_sort = ${MEMORY_BYTES_MAX}`;

/** Reasons of the baselines, as an array of SQL. */
export const BASELINE_REASON_LIST = `[${BASELINE_REASONS.map((reason) => `'${reason}'`).join(', ')}]`;
const EVENT_MS = 'toUnixTimestamp64Milli(event_time)';

/** Earlier than every time by more than a gap. */
const LONG_AGO_MS = -GAP_MS;

/** Parameters `placePartitions` and `placeOffsets`, parallel: numbers alone, because what is bound travels in an address. */
export const IS_AMONG_PLACES = `(partition, offset) IN (
  SELECT tupleElement(place, 1), tupleElement(place, 2)
  FROM (SELECT arrayJoin(arrayZip({placePartitions:Array(UInt16)}, {placeOffsets:Array(UInt64)})) AS place)
)`;

/** What {@link IS_AMONG_PLACES} asks for. */
export function placeParams(places: readonly RowPlace[]): {
  readonly placePartitions: number[];
  readonly placeOffsets: number[];
} {
  return {
    placePartitions: places.map(({ partition }) => partition),
    placeOffsets: places.map(({ offset }) => offset),
  };
}

/**
 * Results of one program in one hour of the clock are less than an hour apart, so they are one episode whatever lies between: each hour
 * becomes one line, and only lines are compared with the one before. That is exact, and an incident of a million results costs as much as
 * one of two.
 */
const EPISODES = `
WITH hours AS (
  SELECT partition, program, intDiv(${EVENT_MS}, ${GAP_MS}) AS hour, min(${EVENT_MS}) AS from_ms, max(${EVENT_MS}) AS until_ms,
    count() AS n, min(offset) AS lowest, max(offset) AS highest, argMax(class, offset) AS latest_class,
    groupUniqArrayArray(arrayIntersect(reasons, ${BASELINE_REASON_LIST})) AS hour_reasons,
    groupUniqArray(category) AS hour_categories, max(score) AS hour_score, argMax(contributions, (score, -toInt64(offset))) AS hour_contributions,
    argMax(offset, (score, -toInt64(offset))) AS hour_top_offset
  FROM ntk.access_results FINAL
  WHERE ${AS_OF} AND hasAny(reasons, ${BASELINE_REASON_LIST}) AND ({program:String} = '' OR program = {program:String})
    AND (empty({placeOffsets:Array(UInt64)}) OR program IN (
      SELECT program FROM ntk.access_results WHERE log_id = {logId:UUID} AND ${IS_AMONG_PLACES}
    ))
  GROUP BY partition, program, hour
), marked AS (
  SELECT *, from_ms - lagInFrame(until_ms, 1, toInt64(${LONG_AGO_MS})) OVER before_it >= ${GAP_MS} AS begins
  FROM hours
  WINDOW before_it AS (PARTITION BY partition, program ORDER BY hour ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
), numbered AS (
  SELECT *, sum(begins) OVER so_far AS number
  FROM marked
  WINDOW so_far AS (PARTITION BY partition, program ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), episodes AS (
  SELECT partition, program, min(lowest) AS first_offset, argMax(latest_class, highest) AS class_name,
    min(from_ms) AS start_ms, max(until_ms) AS last_ms, sum(n) AS results, groupUniqArrayArray(hour_reasons) AS found,
    arraySort(groupUniqArrayArray(hour_categories)) AS categories, max(hour_score) AS top_score, argMax(hour_contributions, (hour_score, -hour)) AS top_contributions,
    argMax(hour_top_offset, (hour_score, -hour)) AS top_offset
  FROM numbered
  GROUP BY partition, program, number
  HAVING start_ms * 1000 >= {fromUs:Int64} AND start_ms * 1000 < {toUs:Int64}
    AND ({atMs:Int64} < 0 OR (start_ms <= {atMs:Int64} AND last_ms >= {atMs:Int64}))
)`;

/**
 * Episodes that begin in the range, newest first. Further parameters: `program`, empty for all; `placePartitions` and `placeOffsets`, whose
 * programs alone are looked at unless they are empty; `atMs`, a moment that the episode has to cover, negative for any; `max` and `skip`:
 * how many are told, behind how many that are not.
 */
export const EPISODES_SQL = `${EPISODES}
SELECT * FROM episodes ORDER BY start_ms DESC, partition, first_offset LIMIT {max:UInt32} OFFSET {skip:UInt64}
${SPILLING}`;

/** How many there are; the same parameters without `max` and `skip`. */
export const EPISODE_COUNT_SQL = `${EPISODES}
SELECT count() AS episodes FROM episodes
${SPILLING}`;

export interface PlacedRow {
  readonly partition: number;
  readonly offset: string;
  readonly program: string;
  readonly at_ms: string;
}

/** Which of some places have a result with a baseline reason. Parameters: `logId`, `placePartitions` and `placeOffsets`. */
export const PLACES_SQL = `
SELECT partition, offset, program, ${EVENT_MS} AS at_ms
FROM ntk.access_results FINAL
WHERE log_id = {logId:UUID} AND hasAny(reasons, ${BASELINE_REASON_LIST}) AND ${IS_AMONG_PLACES}`;

/** Programs times days (UTC) on which they had an access. A row that lies there twice makes no second day, so FINAL is not asked for. */
export const PROGRAM_DAYS_SQL = `
SELECT count() AS program_days
FROM (SELECT program FROM ntk.access_results WHERE ${IN_RANGE} GROUP BY program, toDate32(event_time))
${SPILLING}`;

export interface ReviewedBlockRow {
  readonly partition: number;
  readonly first: string;
  readonly next: string;
  readonly reviews: string;
}

/** Stretches of the log that hold reviews, by the ledger: the rest of the log need not be read. Parameters: `logId`. */
export const REVIEWED_BLOCKS_SQL = `
SELECT partition, first, next, facts['ntk.review'] AS reviews
FROM ntk.blocks FINAL
WHERE log_id = {logId:UUID} AND kind = 'block' AND facts['ntk.review'] > 0
ORDER BY partition, first`;
