/** Results with a baseline reason, gathered into what a person on call would see as one alarm (exact-rules.md section 10). */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { EPISODE_SECONDS } from '../baselines/tuning.ts';

/** A result with at least one baseline reason; whatever else it has among its reasons plays no part. */
export interface Alarm {
  readonly program: string;
  readonly partition: number;
  readonly offset: number;
  /** Event time, microseconds since 1970. */
  readonly timeUs: number;
  readonly reasons: readonly string[];
  /** Of the access; empty where nobody asks. */
  readonly eventId?: string;
}

export interface Episode {
  /** PARTITION-OFFSET of its row with the smallest offset, which need not be its first by event time. */
  readonly id: string;
  readonly program: string;
  readonly startUs: number;
  /** Event time of its last result. */
  readonly endUs: number;
  readonly results: number;
  /** When each baseline reason first came, in the order in which they came. */
  readonly gainedUs: ReadonlyMap<string, number>;
  /** Of its first result. */
  readonly eventId: string;
}

/** A pause of an hour or more between two results begins a new episode. */
export const EPISODE_GAP_US = EPISODE_SECONDS * 1_000_000;

const BASELINE: ReadonlySet<string> = new Set(BASELINE_REASONS);

/** Episodes of each program, by their start; alarms may come in any order. */
export function episodesOf(alarms: Iterable<Alarm>): Map<string, Episode[]> {
  const found = new Map<string, Episode[]>();
  for (const [program, all] of Map.groupBy(alarms, (alarm) => alarm.program)) {
    const own = all.filter(({ reasons }) => reasons.some((reason) => BASELINE.has(reason)));
    if (own.length === 0) continue;
    own.sort((a, b) => a.timeUs - b.timeUs || a.partition - b.partition || a.offset - b.offset);
    const episodes: Episode[] = [];
    let from = 0;
    for (let to = 1; to <= own.length; to++) {
      if (to < own.length && own[to]!.timeUs - own[to - 1]!.timeUs < EPISODE_GAP_US) continue;
      episodes.push(episodeOf(own.slice(from, to)));
      from = to;
    }
    found.set(program, episodes);
  }
  return found;
}

/** `alarms`: at least one, all of one program, by time. */
function episodeOf(alarms: readonly Alarm[]): Episode {
  const first = alarms[0]!;
  let smallest = first;
  const gainedUs = new Map<string, number>();
  for (const alarm of alarms) {
    if (alarm.offset < smallest.offset) smallest = alarm;
    for (const reason of alarm.reasons) if (BASELINE.has(reason) && !gainedUs.has(reason)) gainedUs.set(reason, alarm.timeUs);
  }
  return {
    id: `${smallest.partition}-${smallest.offset}`,
    program: first.program,
    startUs: first.timeUs,
    endUs: alarms.at(-1)!.timeUs,
    results: alarms.length,
    gainedUs,
    eventId: first.eventId ?? '',
  };
}
